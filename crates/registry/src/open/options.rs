//! How a program opens.

use super::Places;
use std::{fmt, sync::Arc};
use strongroom_engine::RootKeys;

/// What is the program's to say, and not its configuration's.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct OpenOptions {
    /// Where keys and data lie unless the configuration says otherwise; by default the platform's directories of the user.
    pub places: Option<Places>,
    /// The audit chain that this process extends. By default the one that all short-lived processes share; a server has
    /// its own, so that replicas do not wait for each other.
    pub chain: Option<String>,
    /// The name of a store that has another address than the database knows: the new one is recorded if values of ours are
    /// found there.
    pub new_address: Option<String>,
    /// What wraps the data keys, in place of the root key that the configuration names, which is not read then, and of the
    /// files in the user's directory, where none is made.
    pub root_keys: Option<Arc<dyn RootKeys>>,
    /// Whether an SQLite database has to be there already; else one is made.
    pub existing: bool,
}

impl OpenOptions {
    /// Sets where keys and data lie.
    #[must_use]
    pub fn places(mut self, places: Places) -> Self {
        self.places = Some(places);
        self
    }

    /// Sets the audit chain that this process extends.
    #[must_use]
    pub fn chain(mut self, chain: impl Into<String>) -> Self {
        self.chain = Some(chain.into());
        self
    }

    /// Names the store that has another address than the database knows.
    #[must_use]
    pub fn new_address(mut self, store: impl Into<String>) -> Self {
        self.new_address = Some(store.into());
        self
    }

    /// Sets what wraps the data keys: root keys of a KMS, say.
    #[must_use]
    pub fn root_keys(mut self, roots: Arc<dyn RootKeys>) -> Self {
        self.root_keys = Some(roots);
        self
    }

    /// Sets whether an SQLite database has to be there already.
    #[must_use]
    pub fn existing(mut self, existing: bool) -> Self {
        self.existing = existing;
        self
    }
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("places", &self.places)
            .field("chain", &self.chain)
            .field("new_address", &self.new_address)
            .field("root_keys", &self.root_keys.as_ref().map(|roots| roots.id()))
            .field("existing", &self.existing)
            .finish()
    }
}
