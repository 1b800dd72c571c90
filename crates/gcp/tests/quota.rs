//! A project's quotas, as Google Cloud has them.

mod site;

use site::{Service, Site, bare, emulator, text, uncached};
use std::time::Duration;
use strongroom_core::{Context, ErrorKind, GetOptions, SecretRef, SecretsStore as _};
use strongroom_emulator_gcp::{Account as Who, Quotas};

mod gcp {
    use super::*;

    /// 600 reads of metadata a minute are not enough for one of them with each value.
    #[tokio::test(flavor = "multi_thread")]
    async fn ten_thousand_values_are_read_though_metadata_is_not() {
        let emulator = emulator(Quotas::documented());
        let site = Site::of(&Service).await;
        let account = bare().text("project", strongroom_emulator_gcp::PROJECT).at(&emulator.url());
        let account = account.text("access_token", &emulator.access_token(Who::Writer));
        let backend = account.open(site.identity.namespace).await.unwrap();
        let engine = site.engine(backend.clone(), uncached()).await;
        let secrets = site.secrets(&engine);
        let mut which: Vec<SecretRef> = Vec::new();
        for n in 0..100 {
            which
                .push(secrets.create(&format!("s{n}"), [("n", n.to_string())]).await.unwrap().meta.id.into());
        }

        // Nothing else may be read any more.
        let mut refused = None;
        for _ in 0..=600 {
            refused = backend.check().await.err();
        }
        assert_eq!(refused.unwrap().kind(), ErrorKind::RateLimited);
        let cx = Context::full(site.identity.owner.id, "test");
        for _ in 0..100 {
            for (n, answer) in engine.get(&cx, &which, &GetOptions::new()).await.into_iter().enumerate() {
                assert_eq!(text(&answer.unwrap(), "n"), n.to_string());
            }
        }
        // A minute later all is well.
        emulator.skip(Duration::from_secs(60));
        backend.check().await.unwrap();
    }
}
