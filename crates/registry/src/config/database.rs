//! `[database]`.

use super::range;
use secrecy::SecretString;
use serde::Deserialize;

/// `[database]`: where the catalog is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Database {
    /// `sqlite:`, `postgres:` or `mysql:` URL. It may hold a password and is never shown. `None`: a local SQLite
    /// file.
    pub url: Option<SecretString>,
    /// The most connections at a time, 1 to 1,000; `None`: what suits the database.
    #[serde(deserialize_with = "range::optional::<_, u32, 1, 1_000>")]
    pub max_connections: Option<u32>,
}
