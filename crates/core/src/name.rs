//! The name of a secret.

use crate::{Error, ErrorKind, Result};
use std::{fmt, str::FromStr};

/// What people call a secret: 0 to 255 Unicode scalar values without U+0000.
///
/// Names compare and sort as bytes: `a`, `A`, `a ` and `á` are four different names, whatever the database's
/// collation would say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretName(String);

impl SecretName {
    /// The longest name, in Unicode scalar values.
    pub const MAX_CHARS: usize = 255;

    /// Checks a name.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if it is too long or contains U+0000.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        let chars = name.chars().count();
        if chars > Self::MAX_CHARS {
            return Err(Error::new(ErrorKind::InvalidInput, "name: at most 255 characters are allowed")
                .with("characters", chars));
        }
        if name.contains('\0') {
            return Err(Error::new(ErrorKind::InvalidInput, "name: the character U+0000 is not allowed"));
        }
        Ok(Self(name))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which `contains`, `startswith` and `endswith` compare: ASCII letters in lower case.
    #[must_use]
    pub fn fold(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for SecretName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// The same as [`SecretName::new`].
impl FromStr for SecretName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::new(name)
    }
}

/// The same as [`SecretName::new`].
impl TryFrom<&str> for SecretName {
    type Error = Error;

    fn try_from(name: &str) -> Result<Self> {
        Self::new(name)
    }
}
