//! How a program opens.

use super::Places;

/// What is the program's to say, and not its configuration's.
#[derive(Clone, Debug, Default)]
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
}
