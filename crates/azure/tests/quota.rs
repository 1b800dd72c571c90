//! A vault that throttles, and one that nobody may purge.

mod site;

use site::{Section, Service, Site, bare, emulator, options, quick, text, uncached};
use std::time::Duration;
use strongroom_core::{ErrorKind, settings::Setting};
use strongroom_emulator_azure::{Application, Emulator, Quotas, TENANT};

/// The vault of an emulator of one's own.
fn own(emulator: &Emulator, who: Application) -> Section {
    let url = emulator.url();
    let vault = bare().at(&url).text("authority_host", &url).text("tenant_id", TENANT);
    vault.text("client_id", who.id()).text("client_secret", emulator.client_secret())
}

mod azure {
    use super::*;

    #[tokio::test]
    async fn a_vault_that_is_asked_too_often_says_so_and_is_waited_for() {
        let emulator = emulator(options().quotas(Quotas { creates: Some(2), others: Some(50) }));
        let site = Site::of(&Service::new()).await;
        let backend = own(&emulator, Application::Writer).open(site.identity.namespace).await.unwrap();
        let engine = site.engine(backend.clone(), uncached()).await;
        let secrets = site.secrets(&engine);
        secrets.create("db", [("a", "1")]).await.unwrap();
        secrets.create("other", [("a", "1")]).await.unwrap();
        let cx = strongroom_core::Context::full(site.identity.owner.id, "test");
        let hurried = secrets.on_behalf_of(cx.with_timeout(Duration::from_secs(1)));
        let error = hurried.create("third", [("a", "1")]).await.unwrap_err();
        assert!([ErrorKind::RateLimited, ErrorKind::Timeout].contains(&error.kind()), "{error:?}");
        // Reads count for themselves.
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "1");
        let mut refused = None;
        for _ in 0..=50 {
            refused = backend.check().await.err();
        }
        assert_eq!(refused.unwrap().kind(), ErrorKind::RateLimited);
        emulator.skip(Duration::from_secs(10));
        backend.check().await.unwrap();
        secrets.create("third", [("a", "1")]).await.unwrap();
    }

    /// Who asks for purging gets what the vault allows: its own time ends what is deleted.
    #[tokio::test]
    async fn a_protected_vault_keeps_what_is_deleted() {
        let mut options = options();
        options.purge_protection = true;
        let emulator = emulator(options);
        let site = Site::of(&Service::new()).await;
        let vault = own(&emulator, Application::Purger).with("purge", Setting::Bool(true));
        let backend = vault.open(site.identity.namespace).await.unwrap();
        let engine = site.engine(backend.clone(), quick()).await;
        let secrets = site.secrets(&engine);
        secrets.create("db", [("a", "1")]).await.unwrap();
        secrets.delete("db").await.unwrap();
        site.settle(&engine).await;
        assert_eq!(site::everything(&*backend).await, []);
        backend.check().await.unwrap();
    }
}
