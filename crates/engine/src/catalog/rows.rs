//! Rows as the engine sees them.

use crate::crypto::KeyId;
use std::fmt;
use strongroom_core::{
    Error, ErrorKind, Names, ObjectId, OwnerId, Result, Revision, SecretId, SecretMeta, SecretName,
    Timestamp, VersionRef, VersionUid,
};
use uuid::Uuid;

/// How a row is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lookup {
    /// By id.
    Id(SecretId),
    /// By unique name.
    Name(NameKey),
}

/// The unique form of a name, compared as bytes: `p:` and the name for public secrets; `u:`, the owner's id in 32
/// hex digits, `:` and the name for private ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameKey(String);

impl NameKey {
    /// Of a secret with this owner.
    #[must_use]
    pub fn new(name: &SecretName, private: bool, owner: OwnerId) -> Self {
        Self(if private { format!("u:{}:{name}", owner.0.simple()) } else { format!("p:{name}") })
    }

    /// Of a secret as it is.
    #[must_use]
    pub fn of(meta: &SecretMeta) -> Self {
        Self::new(&meta.name, meta.private, meta.owner.id)
    }

    /// The text whose bytes are compared.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Changes whenever anything that a caller could see of a row changes: equal stamps mean an equal row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// The change that last touched the row: random, so that a restored database never repeats one.
    pub change: Uuid,
    /// The generation of the owner's account, whose name is part of the row.
    pub owner: i64,
}

/// A secret with one of its versions: the current one unless asked otherwise.
#[derive(Clone, Debug)]
pub struct Row {
    /// The secret.
    pub meta: SecretMeta,
    /// What validates a cached copy.
    pub stamp: Stamp,
    /// The version.
    pub version: VersionRow,
}

/// A kept version.
#[derive(Clone, Debug)]
pub struct VersionRow {
    /// Names the version; binds seal and digest.
    pub uid: VersionUid,
    /// The secret's revision at which it was written.
    pub revision: Revision,
    /// When it was written.
    pub created: Timestamp,
    /// When it came to its place: later than `created` if it was moved.
    pub placed: Timestamp,
    /// Where its values are.
    pub place: Place,
    /// The key that it is sealed with; `None` if it is not sealed. Never guessed from the bytes.
    pub key: Option<KeyId>,
    /// The keyed digest of external values, 48 bytes; `None` for inline ones, whose seal is enough.
    pub digest: Option<Vec<u8>>,
    /// Encoded bytes.
    pub size: u32,
    /// Whether others than the owner may see it (it was written, or current, while the secret was public).
    pub visible_to_others: bool,
}

/// Where the values of a version are.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// In the catalog itself, sealed.
    Inline {
        /// Names the payload row; fresh for each sealing.
        payload: PayloadRef,
        /// The sealed bytes.
        sealed: Vec<u8>,
    },
    /// In a back-end.
    External {
        /// The configured store.
        store: StoreName,
        /// The object there.
        object: ObjectId,
        /// The version of the object.
        at: VersionRef,
    },
}

impl Place {
    /// Whether it is in that object of that store.
    pub(crate) fn is_in(&self, store: &StoreName, object: ObjectId) -> bool {
        matches!(self, Self::External { store: holder, object: held, .. } if holder == store && *held == object)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline { payload, .. } => write!(f, "Inline({})", payload.0),
            Self::External { store, object, at } => write!(f, "External({store}, {object}, {at})"),
        }
    }
}

/// Names an inline payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PayloadRef(pub Uuid);

/// A version without its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionHead {
    /// Names the version.
    pub uid: VersionUid,
    /// The secret's revision at which it was written.
    pub revision: Revision,
    /// When it was written.
    pub created: Timestamp,
    /// Whether it is the current one.
    pub current: bool,
    /// Whether others than the owner may see it.
    pub visible_to_others: bool,
}

/// Whose view a list is.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The caller, whose own private secrets are visible.
    pub actor: OwnerId,
    /// The names that may be listed.
    pub names: Names,
}

/// The configured name of a store: 1 to 32 characters of `a-z` and `0-9`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreName(String);

impl StoreName {
    /// Checks a name.
    ///
    /// # Errors
    /// `ConfigInvalid` if it has other characters or another length.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        let fits = (1..=32).contains(&name.len());
        if fits && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            return Ok(Self(name));
        }
        Err(Error::new(ErrorKind::ConfigInvalid, "a store's name has 1 to 32 characters of a-z and 0-9")
            .with("name", name))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Numbers for `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Live secrets.
    pub secrets: u64,
    /// Kept versions by store; inline ones under `None`.
    pub versions: Vec<(Option<StoreName>, u64)>,
    /// Attempts that have their lock.
    pub open_attempts: u64,
    /// Rows about something that is to be removed or re-tagged.
    pub garbage: u64,
    /// Kept versions by the key that seals them.
    pub sealed_with: Vec<(KeyId, u64)>,
    /// Entries of the audit log.
    pub audit_entries: u64,
}

/// Which versions are not where, or not sealed as, somebody wants them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misplaced {
    /// Sealed with another key than this one. Versions that are not sealed are not meant.
    SealedWithOther(KeyId),
    /// In another place than this store; `None` means inline.
    NotIn(Option<StoreName>),
    /// Inline: those whose values the catalog itself holds.
    Inline,
}
