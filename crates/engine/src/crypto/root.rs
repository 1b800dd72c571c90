//! The root key.

use super::{
    key::{DataKey, KeyId},
    prf::expand,
    root_text,
};
use secrecy::SecretString;
use std::fmt;
use strongroom_core::{Error, ErrorKind, Result};
use uuid::Uuid;

const ID: &[u8] = b"strongroom root id v1";

/// Names a root key: 16 bytes derived from it, shown as 32 hexadecimal digits. Tells nothing about the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootId([u8; 16]);

impl RootId {
    /// The id with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads 32 hexadecimal digits, in lower case.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        Uuid::try_parse(text)
            .ok()
            .map(|id| Self(*id.as_bytes()))
            .filter(|id| id.to_string() == text)
            .ok_or_else(|| {
                Error::new(ErrorKind::InvalidInput, "root id: it must be 32 hexadecimal digits in lower case")
            })
    }

    /// The id as the header of a wrapped key holds it.
    pub(super) const fn as_key_id(&self) -> KeyId {
        KeyId(Uuid::from_bytes(self.0))
    }
}

impl From<KeyId> for RootId {
    fn from(id: KeyId) -> Self {
        Self(*id.0.as_bytes())
    }
}

impl fmt::Display for RootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).as_simple().fmt(f)
    }
}

impl fmt::Debug for RootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootId({self})")
    }
}

/// The one key that an operator keeps: 32 random bytes that wrap the data keys.
///
/// It is needed at the start alone. Drop it after unwrapping; it is wiped then.
pub struct RootKey {
    key: DataKey,
    id: RootId,
}

impl RootKey {
    /// A new root key from the operating system's random source.
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`] if the operating system gives no randomness.
    pub fn generate() -> Result<Self> {
        Self::of(DataKey::generate()?)
    }

    /// Reads the line that [`to_text`](Self::to_text) writes. White space around it is ignored, since a file
    /// ends in a newline; nothing else is.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`], which tells apart what is no root key at all (a password is no key), a part
    /// of the wrong length, a mistyped character, and an id that belongs to another key. It quotes nothing of
    /// the text.
    pub fn parse(text: &str) -> Result<Self> {
        let (named, key) = root_text::parse(text)?;
        let root = Self::of(key)?;
        if root.id == named {
            return Ok(root);
        }
        Err(Error::new(
            ErrorKind::ConfigInvalid,
            "root key: its id belongs to another key: the line was put together from two; use the line as it was \
             made",
        )
        .with("named", named)
        .with("actual", root.id))
    }

    /// The one line to keep: `strongroom-root-key:v1:<id>:<base64>:<crc>`, without a newline.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        root_text::write(self.id, &self.key)
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> RootId {
        self.id
    }

    /// The key, for wrapping.
    pub(super) const fn key(&self) -> &DataKey {
        &self.key
    }

    fn of(key: DataKey) -> Result<Self> {
        let id = RootId(**expand::<16>(&key, &[ID])?);
        Ok(Self { key, id })
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootKey(id {}, ..)", self.id)
    }
}
