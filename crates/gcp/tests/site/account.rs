//! Ways to be configured for the project that tests use.

use super::variable;
use std::{collections::BTreeMap, sync::Arc};
use strongroom_core::{
    Backend, NamespaceId, OpenContext, Opened, Result, Settings,
    settings::{Setting, Vars},
};
use strongroom_gcp::PLUGIN;

/// A project, with credentials that have the role of the README and no more.
#[derive(Clone)]
pub(crate) struct Account {
    keys: BTreeMap<&'static str, Setting>,
}

impl Account {
    /// Whoever may write.
    pub(crate) fn new() -> Self {
        Self::without_credentials().text("access_token", &variable("ACCESS_TOKEN"))
    }

    /// The same with no credentials.
    pub(crate) fn without_credentials() -> Self {
        Self::bare().text("project", &variable("PROJECT")).text("endpoint", &variable("ENDPOINT"))
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

    pub(crate) async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        let table = self.keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let settings = Settings::new("store", "STRONGROOM_STORE", table, Vars::empty());
        match PLUGIN.open(settings, OpenContext::new(namespace)).await? {
            Opened::Backend(backend) => Ok(backend),
            _ => panic!("no back-end"),
        }
    }
}
