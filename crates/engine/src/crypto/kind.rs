//! What data keys are for.

use std::fmt;
use strongroom_core::{Error, ErrorKind, Result};

/// What a data key is for. Each kind has one active key, which is used for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Seals values and metadata.
    Seal,
    /// Pins what the values of a version are.
    Digest,
    /// Chains the entries of the audit.
    Audit,
    /// Tags access tokens.
    Token,
    /// Hashes API keys.
    Credential,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Seal, Self::Digest, Self::Audit, Self::Token, Self::Credential];

    /// The name that stands in the database and in a wrap's binding; never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Digest => "digest",
            Self::Audit => "audit",
            Self::Token => "token",
            Self::Credential => "credential",
        }
    }

    /// The kind with this name.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if there is none, naming all that there are.
    pub fn parse(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Error::new(ErrorKind::InvalidInput, "kind: there is no such kind of data key; use a known one")
                .with("known", known)
        })
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
