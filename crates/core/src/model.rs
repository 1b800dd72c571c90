//! What a secret is, and what callers say about one.

use crate::{OwnerId, Revision, SecretId, SecretName, SecretValues, Timestamp};
use secrecy::SecretString;

/// The account that owns a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The account's id.
    pub id: OwnerId,
    /// The account's unique name.
    pub name: String,
    /// The person's or machine's full name; may be empty.
    pub full_name: String,
}

/// Everything about a secret but its values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretMeta {
    /// Names the secret for as long as it lives.
    pub id: SecretId,
    /// What people call it. Unique among public secrets, and among the private ones of one owner.
    pub name: SecretName,
    /// Whether it is visible to its owner alone.
    pub private: bool,
    /// Who made it.
    pub owner: Owner,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Moves with every change.
    pub revision: Revision,
}

impl SecretMeta {
    /// The state of a secret that was just created: revision 1.
    #[must_use]
    pub fn new(id: SecretId, name: SecretName, private: bool, owner: Owner, created: Timestamp) -> Self {
        Self { id, name, private, owner, created, updated: created, revision: Revision(1) }
    }
}

/// A secret with its values.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Secret {
    /// Everything but the values, as it is now.
    pub meta: SecretMeta,
    /// The values.
    pub values: SecretValues,
    /// The revision that wrote these values: at most `meta.revision`.
    pub version: Revision,
}

impl Secret {
    /// Puts a secret together.
    #[must_use]
    pub fn new(meta: SecretMeta, values: SecretValues, version: Revision) -> Self {
        Self { meta, values, version }
    }
}

/// One kept version of a secret's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Version {
    /// The revision at which it was written.
    pub revision: Revision,
    /// When it was written.
    pub created: Timestamp,
    /// Whether it holds the values that a plain read answers.
    pub current: bool,
}

impl Version {
    /// Describes a version.
    #[must_use]
    pub fn new(revision: Revision, created: Timestamp, current: bool) -> Self {
        Self { revision, created, current }
    }
}

/// Which secret is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// The one with this id.
    Id(SecretId),
    /// The one with this name. With `private: None` the public one wins over the caller's private one.
    Name {
        /// The whole name, byte for byte.
        name: SecretName,
        /// `Some(true)`: the caller's private one; `Some(false)`: the public one.
        private: Option<bool>,
    },
}

impl From<SecretId> for SecretRef {
    fn from(id: SecretId) -> Self {
        Self::Id(id)
    }
}

impl From<SecretName> for SecretRef {
    fn from(name: SecretName) -> Self {
        Self::Name { name, private: None }
    }
}

/// A secret to be created. Its owner is the caller.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewSecret {
    /// Its name.
    pub name: SecretName,
    /// Whether only the owner may see it.
    pub private: bool,
    /// Its values; may be empty.
    pub values: SecretValues,
}

impl NewSecret {
    /// A public secret.
    #[must_use]
    pub fn new(name: SecretName, values: SecretValues) -> Self {
        Self { name, private: false, values }
    }

    /// Sets whether only the owner may see it.
    #[must_use]
    pub fn private(mut self, private: bool) -> Self {
        self.private = private;
        self
    }
}

/// What is to change. Everything in one update is applied, or nothing.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SecretUpdate {
    /// A new name.
    pub name: Option<SecretName>,
    /// Whether only the owner may see it; only the owner may say so, even if it changes nothing.
    pub private: Option<bool>,
    /// What happens to the values.
    pub values: ValuesChange,
    /// Refuse with [`Conflict`](crate::ErrorKind::Conflict) unless the secret is at this revision.
    pub expected: Option<Revision>,
}

/// What an update does to the values.
#[derive(Clone, Debug, Default)]
pub enum ValuesChange {
    /// Nothing.
    #[default]
    Keep,
    /// Sets some keys and removes others (`None`); keys not named stay as they are, also if somebody else
    /// changed them meanwhile.
    Merge(Vec<(String, Option<SecretString>)>),
    /// Puts these in place of all others.
    Replace(SecretValues),
    /// Writes the values of a kept version once more, as a new one: those that this revision had.
    Restore(Revision),
}

impl SecretUpdate {
    /// An update that changes nothing yet; applied like this it moves the revision and `updated`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives it a new name.
    #[must_use]
    pub fn name(mut self, name: SecretName) -> Self {
        self.name = Some(name);
        self
    }

    /// Makes it private or public.
    #[must_use]
    pub fn private(mut self, private: bool) -> Self {
        self.private = Some(private);
        self
    }

    /// Changes its values.
    #[must_use]
    pub fn values(mut self, change: ValuesChange) -> Self {
        self.values = change;
        self
    }

    /// Refuses unless the secret is at this revision.
    #[must_use]
    pub fn expecting(mut self, revision: Revision) -> Self {
        self.expected = Some(revision);
        self
    }
}
