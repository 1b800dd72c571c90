//! Whose database it is, its keys and its stores.

use super::StoreName;
use crate::crypto::{KeyId, KeyKind, RootId};
use std::collections::BTreeMap;
use strongroom_core::{Error, ErrorKind, NamespaceId, Owner, Reason, Timestamp};

/// Whose database it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The deployment's namespace.
    pub namespace: NamespaceId,
    /// The account that a local command line acts as.
    pub owner: Owner,
    /// The root key that it was initialised with.
    pub root: RootId,
    /// When it was initialised.
    pub created: Timestamp,
}

/// The first rows of an empty database.
#[derive(Clone, Debug)]
pub struct NewIdentity {
    /// The deployment's namespace.
    pub namespace: NamespaceId,
    /// The account that a local command line acts as.
    pub owner: Owner,
    /// The root key that wraps the keys.
    pub root: RootId,
    /// One active key of each kind.
    pub keys: Vec<KeyRow>,
    /// Their wraps.
    pub wraps: Vec<WrapRow>,
}

/// A data key, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Its id.
    pub id: KeyId,
    /// What it is for.
    pub kind: KeyKind,
    /// Whether new things are made with it; one key of each kind is active, the others are retiring.
    pub active: bool,
    /// When it was made; ignored when a key is added.
    pub created: Timestamp,
}

/// A data key wrapped by a root key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapRow {
    /// The data key.
    pub key: KeyId,
    /// The root key.
    pub root: RootId,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

/// All data keys and their wraps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// The keys, oldest first.
    pub keys: Vec<KeyRow>,
    /// Their wraps.
    pub wraps: Vec<WrapRow>,
}

impl Keys {
    /// How many of the keys each root key opens.
    #[must_use]
    pub fn opened_by(&self) -> BTreeMap<RootId, u64> {
        let mut roots = BTreeMap::new();
        for wrap in &self.wraps {
            *roots.entry(wrap.root).or_default() += 1;
        }
        roots
    }

    /// The root keys that open every key, and so the database.
    pub fn roots_of_all(&self) -> impl Iterator<Item = RootId> {
        let all = self.keys.len() as u64;
        self.opened_by().into_iter().filter(move |(_, opened)| *opened == all).map(|(root, _)| root)
    }
}

/// What a store name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreBinding {
    /// The configured name.
    pub name: StoreName,
    /// The configured type.
    pub kind: String,
    /// Which account, project, vault or mount.
    pub endpoint: String,
    /// The namespace in it.
    pub namespace: NamespaceId,
}

impl StoreBinding {
    /// Whether both stand for the same place, whatever their names are.
    #[must_use]
    pub fn is_the_place_of(&self, other: &Self) -> bool {
        (&self.kind, &self.endpoint, self.namespace) == (&other.kind, &other.endpoint, other.namespace)
    }

    /// What a catalog answers where this name stands for the place `recorded`, with so many versions there, and so many
    /// garbage rows.
    #[must_use]
    pub fn elsewhere(&self, recorded: &str, versions: u64, removals: u64) -> Error {
        let text = if versions > 0 {
            "this store's name stands for another place in the catalog, which holds something of ours: give the new place \
             another name, `[stores.NAME]`, with `target = \"NAME\"` in `[store]`, and move there; or, if it is the same place \
             at another address, say so: `strongroom repair --new-address` with this store's name"
        } else {
            "this store's name stands for another place in the catalog, where nothing is but what is to be removed: do that \
             with the old configuration, `strongroom repair`; or leave it, if that place is none: `strongroom repair \
             --new-address` with this store's name"
        };
        Error::new(ErrorKind::ConfigInvalid, text)
            .because(Reason::AnotherPlace)
            .with("store", &self.name)
            .with("recorded", recorded)
            .with("configured", format!("{} {}", self.kind, self.endpoint))
            .with("versions there", versions)
            .with("removals to do there", removals)
    }

    /// What a catalog answers where versions are in this place under the name `other`.
    #[must_use]
    pub fn second_name(&self, other: &str) -> Error {
        let text = "this place holds something of ours under another store's name: configure it under that name, and set \
                    `target` in `[store]` if new values are to go there";
        Error::new(ErrorKind::ConfigInvalid, text)
            .with("store", &self.name)
            .with("other name", other)
            .with("configured", format!("{} {}", self.kind, self.endpoint))
    }
}
