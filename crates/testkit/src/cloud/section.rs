//! What a configuration says of a store.

use std::{collections::BTreeMap, sync::Arc};
use strongroom_core::{Backend, NamespaceId, Plugin, Result, Settings, settings::Setting};

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
        self.with(key, value.into())
    }

    /// The same for a list of texts.
    #[must_use]
    pub fn list(self, key: &'static str, values: &[&str]) -> Self {
        self.with(key, values.to_vec().into())
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
    /// As [`Plugin::open_backend`].
    pub async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        self.plugin.open_backend(Settings::of("store", self.keys.clone()), namespace).await
    }
}
