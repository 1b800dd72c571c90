//! The values of a secret.

use crate::{Error, ErrorKind, Reason, Result};
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// The default limit on a secret's keys and values together, in bytes of UTF-8.
pub const DEFAULT_SIZE_LIMIT: usize = 65_536;

/// The key-value pairs of a secret, sorted by key.
///
/// Cloning shares the pairs until one side changes them. Values are wiped from memory when the last clone is dropped,
/// `Debug` shows the keys alone, and the one way to a value is [`get`](Self::get) or [`iter`](Self::iter) followed by
/// an explicit `expose_secret`.
#[derive(Clone, Default)]
pub struct SecretValues {
    pairs: Arc<BTreeMap<String, SecretString>>,
    hidden: bool,
}

impl SecretValues {
    /// No pairs at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The keys of a secret whose values the caller may not see: every [`get`](Self::get) answers `None`.
    pub fn hidden(keys: impl IntoIterator<Item = String>) -> Self {
        let pairs: BTreeMap<_, _> = keys.into_iter().map(|key| (key, SecretString::default())).collect();
        Self { pairs: Arc::new(pairs), hidden: true }
    }

    /// Whether the values are withheld, so that only the keys are known.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// The value of a key; `None` if there is no such key or the values are withheld.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&SecretString> {
        if self.hidden { None } else { self.pairs.get(key) }
    }

    /// Whether the key is there.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.pairs.contains_key(key)
    }

    /// Sets the value of a key.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<SecretString>) {
        Arc::make_mut(&mut self.pairs).insert(key.into(), value.into());
    }

    /// Removes a key; removing what is not there is fine.
    pub fn remove(&mut self, key: &str) {
        Arc::make_mut(&mut self.pairs).remove(key);
    }

    /// The keys, sorted by bytes.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.pairs.keys().map(String::as_str)
    }

    /// The pairs, sorted by key; nothing if the values are withheld.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        self.pairs.iter().filter(|_| !self.hidden).map(|(key, value)| (key.as_str(), value))
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Bytes of all keys and values together.
    #[must_use]
    pub fn size(&self) -> usize {
        self.pairs.iter().map(|(key, value)| key.len() + value.expose_secret().len()).sum()
    }

    /// Refuses withheld values: they would pass for none, and a store would be left without those that it has.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], with the remedy.
    pub fn check_writable(&self) -> Result<()> {
        if !self.hidden {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            "values: withheld values cannot be written; read them without `keys_only` first",
        ))
    }

    /// Refuses more than `limit` bytes of keys and values.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], with both numbers.
    pub fn check_size(&self, limit: usize) -> Result<()> {
        let size = self.size();
        if size <= limit {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            "values: keys and values together are too large; split them over several secrets",
        )
        .with("bytes", size)
        .with("limit", limit)
        .because(Reason::BeyondLimit))
    }
}

impl<K: Into<String>, V: Into<SecretString>> FromIterator<(K, V)> for SecretValues {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(pairs: T) -> Self {
        let pairs: BTreeMap<_, _> = pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Self { pairs: Arc::new(pairs), hidden: false }
    }
}

impl fmt::Debug for SecretValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.pairs.keys()).finish()
    }
}
