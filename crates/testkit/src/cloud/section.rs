//! What a configuration says of a store.

use std::{collections::BTreeMap, sync::Arc};
use strongroom_core::{
    Backend, NamespaceId, OpenContext, Opened, Plugin, Result, Settings,
    settings::{Setting, Vars},
};

/// The section `[store]` of a configuration, for back-ends of one `type`.
#[derive(Clone, Debug)]
pub struct Section {
    plugin: Plugin,
    keys: BTreeMap<&'static str, Setting>,
}

impl Section {
    /// Of which nothing is said yet.
    #[must_use]
    pub fn of(plugin: Plugin) -> Self {
        Self { plugin, keys: BTreeMap::new() }
    }

    /// With another key.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: Setting) -> Self {
        self.keys.insert(key, value);
        self
    }

    /// The same for a text.
    #[must_use]
    pub fn text(self, key: &'static str, value: &str) -> Self {
        self.with(key, Setting::Text(value.into()))
    }

    /// The same for a list of texts.
    #[must_use]
    pub fn list(self, key: &'static str, values: &[&str]) -> Self {
        self.with(key, Setting::List(values.iter().map(|value| Setting::Text((*value).into())).collect()))
    }

    /// At another `endpoint`, such as a proxy.
    #[must_use]
    pub fn at(self, endpoint: &str) -> Self {
        self.text("endpoint", endpoint)
    }

    /// Without a key.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.keys.remove(key);
        self
    }

    /// Opens it as the registry does, without a variable.
    ///
    /// # Errors
    /// Those of the back-end.
    ///
    /// # Panics
    /// If it opens to something else than a back-end.
    pub async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        let table = self.keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let settings = Settings::new("store", "STRONGROOM_STORE", table, Vars::empty());
        match self.plugin.open(settings, OpenContext::new(namespace)).await? {
            Opened::Backend(backend) => Ok(backend),
            _ => panic!("no back-end"),
        }
    }
}
