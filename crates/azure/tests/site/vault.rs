//! Ways to be configured for the vault that tests use.

use super::variable;
use std::{collections::BTreeMap, sync::Arc};
use strongroom_azure::PLUGIN;
use strongroom_core::{
    Backend, NamespaceId, OpenContext, Opened, Result, Settings,
    settings::{Setting, Vars},
};
use strongroom_testkit::wire::Wire;

/// A vault, and an application of its tenant.
#[derive(Clone)]
pub(crate) struct Vault {
    keys: BTreeMap<&'static str, Setting>,
}

impl Vault {
    /// Of whoever has the role of the README.
    pub(crate) fn new() -> Self {
        let endpoint = variable("ENDPOINT");
        let vault = Self::bare().at(&endpoint).text("tenant_id", &variable("TENANT_ID"));
        let vault =
            vault.text("authority_host", &variable("AUTHORITY")).text("client_id", &variable("CLIENT_ID"));
        vault.text("client_secret", &variable("CLIENT_SECRET"))
    }

    /// Which purges what it deletes, as whoever may do that besides.
    pub(crate) fn purging(self) -> Self {
        self.text("client_id", &variable("PURGER_CLIENT_ID")).with("purge", Setting::Bool(true))
    }

    /// One that takes its time to delete and to purge.
    pub(crate) fn slow() -> Self {
        Self::new().at(&variable("ENDPOINT").replace("127.0.0.1", "localhost"))
    }

    /// Of which nothing is said yet.
    pub(crate) fn bare() -> Self {
        Self { keys: BTreeMap::new() }
    }

    /// The same through a proxy.
    pub(crate) fn at(self, endpoint: &str) -> Self {
        self.text("endpoint", endpoint)
    }

    /// With another key of the configuration.
    pub(crate) fn with(mut self, key: &'static str, value: Setting) -> Self {
        self.keys.insert(key, value);
        self
    }

    /// The same for a text.
    pub(crate) fn text(self, key: &'static str, value: &str) -> Self {
        self.with(key, Setting::Text(value.into()))
    }

    /// The same for a list of texts.
    pub(crate) fn list(self, key: &'static str, values: &[&str]) -> Self {
        self.with(key, Setting::List(values.iter().map(|value| Setting::Text((*value).into())).collect()))
    }

    /// Without one.
    pub(crate) fn without(mut self, key: &'static str) -> Self {
        self.keys.remove(key);
        self
    }

    pub(crate) async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        let table = self.keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let settings = Settings::new("store", "STRONGROOM_STORE", table, Vars::empty());
        match PLUGIN.open(settings, OpenContext::new(namespace)).await? {
            Opened::Backend(backend) => Ok(backend),
            _ => panic!("no back-end"),
        }
    }

    /// Through a proxy, with the token and the challenge behind it.
    pub(crate) async fn warm(&self, wire: &Wire, namespace: NamespaceId) -> Arc<dyn Backend> {
        let backend = self.clone().at(&wire.url()).open(namespace).await.unwrap();
        backend.check().await.unwrap();
        wire.forget();
        backend
    }
}
