//! The account that tests use, from the variables that `cargo xtask` sets, and its operator.

use std::{collections::BTreeMap, sync::Arc};
use strongroom_aws::PLUGIN;
use strongroom_core::{
    Backend, NamespaceId, OpenContext, Opened, Result, Settings,
    settings::{Setting, Vars},
};

/// An account whose credentials have the policy of the README and no more.
#[derive(Clone)]
pub(crate) struct Account {
    keys: BTreeMap<&'static str, Setting>,
}

impl Account {
    /// As the variables say.
    pub(crate) fn new() -> Self {
        let keys = [
            ("region", "REGION"),
            ("endpoint", "ENDPOINT"),
            ("access_key_id", "ACCESS_KEY_ID"),
            ("secret_access_key", "SECRET_ACCESS_KEY"),
        ];
        let given = keys.map(|(key, name)| (key, Setting::Text(variable(name).into())));
        // Nothing is left behind in a true account.
        Self { keys: given.into() }.with("recovery_days", Setting::Int(0))
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

/// A variable of those that tell about the account.
pub(crate) fn variable(name: &str) -> String {
    let name = format!("STRONGROOM_TEST_AWS_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: `cargo xtask servers` sets it"))
}
