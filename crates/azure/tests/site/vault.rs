//! Ways to be configured for the vault that tests use.

use super::variable;
use std::sync::Arc;
use strongroom_azure::PLUGIN;
use strongroom_core::{Backend, NamespaceId, settings::Setting};
use strongroom_testkit::{cloud::Section, wire::Wire};

/// The vault, as whoever has the role of the README and no more.
pub(crate) fn vault() -> Section {
    let keys = [
        ("endpoint", "ENDPOINT"),
        ("tenant_id", "TENANT_ID"),
        ("authority_host", "AUTHORITY"),
        ("client_id", "CLIENT_ID"),
        ("client_secret", "CLIENT_SECRET"),
    ];
    keys.into_iter().fold(bare(), |section, (key, name)| section.text(key, &variable(name)))
}

/// One of which nothing is said yet.
pub(crate) fn bare() -> Section {
    Section::of(PLUGIN)
}

/// One that takes its time to delete and to purge.
pub(crate) fn slow() -> Section {
    vault().at(&variable("ENDPOINT").replace("127.0.0.1", "localhost"))
}

/// Purges what it deletes, as whoever may do that besides.
pub(crate) fn purging(vault: Section) -> Section {
    vault.text("client_id", &variable("PURGER_CLIENT_ID")).with("purge", Setting::Bool(true))
}

/// Through a proxy, with the token and the challenge behind it.
pub(crate) async fn warm(vault: &Section, wire: &Wire, namespace: NamespaceId) -> Arc<dyn Backend> {
    let backend = vault.clone().at(&wire.url()).open(namespace).await.unwrap();
    backend.check().await.unwrap();
    wire.forget();
    backend
}
