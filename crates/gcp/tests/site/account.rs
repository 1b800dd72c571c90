//! The project that tests use, from the variables that `cargo xtask` sets.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};
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
    /// As the variables say.
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

/// A variable of those that tell about the project.
pub(crate) fn variable(name: &str) -> String {
    let name = format!("STRONGROOM_TEST_GCP_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: `cargo xtask servers` sets it"))
}

/// A credentials file.
pub(crate) fn credentials(name: &str) -> PathBuf {
    PathBuf::from(variable("CREDENTIALS")).join(format!("{name}.json"))
}
