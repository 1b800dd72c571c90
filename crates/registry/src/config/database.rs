//! `[database]`.

use super::range;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};
use strongroom_core::{NamespaceId, Result, Settings};

/// In place of a URL: the catalog is in memory.
const MEMORY: &str = "memory:";

/// `[database]`: where the catalog is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Database {
    /// `sqlite:`, `postgres:` or `mysql:` URL. It may hold a password and is never shown. `None`: a local SQLite
    /// file. `memory:`: none, the catalog is in memory and is loaded from what the store holds at every start.
    pub url: Option<SecretString>,
    /// The most connections at a time, 1 to 1,000; `None`: what suits the database.
    #[serde(deserialize_with = "range::optional::<_, u32, 1, 1_000>")]
    pub max_connections: Option<u32>,
    /// With `memory:` alone, the namespace in the store: a UUID. `None`: it follows from the root key. A database holds
    /// its own.
    #[serde(deserialize_with = "namespace")]
    pub namespace: Option<NamespaceId>,
}

/// The same keys, whatever their values.
#[derive(Deserialize)]
struct Names {
    #[serde(rename = "url")]
    _url: Option<String>,
    #[serde(rename = "max_connections")]
    _max_connections: Option<String>,
    #[serde(rename = "namespace")]
    _namespace: Option<String>,
}

impl Database {
    /// Refuses what is no key of the section.
    pub(super) fn check_names(settings: Settings) -> Result<()> {
        settings.parse::<Names>().map(drop)
    }

    /// Whether there is none: the catalog is in memory.
    #[must_use]
    pub fn is_memory(&self) -> bool {
        self.url.as_ref().is_some_and(|url| url.expose_secret() == MEMORY)
    }
}

fn namespace<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<NamespaceId>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong = || de::Error::invalid_value(de::Unexpected::Other("another text"), &"a UUID");
    text.parse().map(|id| Some(NamespaceId(id))).map_err(|_| wrong())
}
