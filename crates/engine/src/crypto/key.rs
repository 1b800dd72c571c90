//! Data keys.

use aws_lc_rs::rand;
use secrecy::{ExposeSecret, SecretBox};
use std::fmt;
use strongroom_core::{Error, ErrorKind, Result};
use uuid::Uuid;

/// The length of every key, in bytes.
pub(super) const KEY_LEN: usize = 32;

/// Names a data key. In the header of what a root key wraps, the same 16 bytes name the root key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub Uuid);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Uuid> for KeyId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

/// 32 uniformly random bytes that other keys are derived from.
///
/// They stay at one place in memory, are wiped when dropped, and cannot be taken out: only wrapped. There is
/// no `Clone`; share it behind an `Arc`.
pub struct DataKey(SecretBox<[u8; KEY_LEN]>);

impl DataKey {
    /// A new key from the operating system's random source.
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`] if the operating system gives no randomness.
    pub fn generate() -> Result<Self> {
        // Filled where it will stay, so that no copy is left on the stack.
        let mut bytes = Box::new([0; KEY_LEN]);
        fill_random(&mut *bytes)?;
        Ok(Self(SecretBox::new(bytes)))
    }

    /// The key with these bytes, which must be uniformly random: there is no stretching of passwords.
    /// Wiping `bytes` is left to the caller.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; KEY_LEN]) -> Self {
        Self(SecretBox::init_with_mut(|key: &mut [u8; KEY_LEN]| key.copy_from_slice(bytes)))
    }

    /// The bytes, for the derivations and the wrapping in this module.
    pub(super) fn bytes(&self) -> &[u8; KEY_LEN] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}

/// Fills a buffer from the operating system's random source.
pub(super) fn fill_random(buffer: &mut [u8]) -> Result<()> {
    rand::fill(buffer).map_err(|_| {
        Error::new(ErrorKind::Unexpected, "the operating system gave no random bytes; try again")
    })
}
