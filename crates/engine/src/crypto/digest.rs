//! What is pinned of the values of a version.

use super::{
    encoding::encode_values,
    key::{DataKey, KeyId},
    prf::{MAC_LEN, equal, mac_concat},
};
use std::fmt;
use strongroom_core::{Error, ErrorKind, Result, SecretValues};
use uuid::Uuid;

const DOMAIN: &[u8] = b"digest v1";
const ID_LEN: usize = 16;

/// A keyed digest of one version's values, bound to that version: the id of the digest key (16 bytes), then
/// HMAC-SHA-256 (32 bytes).
///
/// It is taken over the canonical values, not over what a service stores: services re-serialise. Without the
/// key nobody can try guesses against it. Compared in constant time.
#[derive(Clone, Copy)]
pub struct Digest([u8; Self::LEN]);

impl Digest {
    /// Its length, in bytes.
    pub const LEN: usize = ID_LEN + MAC_LEN;

    /// The digest with these bytes, as [`as_bytes`](Self::as_bytes) gave them.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] if there are not exactly [`LEN`](Self::LEN) of them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        bytes.try_into().map(Self).map_err(|_| {
            Error::new(
                ErrorKind::Corrupt,
                "a pinned digest has the wrong length; restore the catalog from a backup",
            )
            .with("bytes", bytes.len())
            .with("expected", Self::LEN)
        })
    }

    /// The bytes to be stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The digest key that made it.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        let mut id = [0; ID_LEN];
        id.copy_from_slice(&self.0[..ID_LEN]);
        KeyId(Uuid::from_bytes(id))
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        equal(&self.0, &other.0)
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest(by {})", self.key_id())
    }
}

/// The digest of values. `binding` is [`value_binding`](super::value_binding)'s.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for values that are withheld or too long for the format.
pub fn digest_values(id: KeyId, key: &DataKey, binding: &[u8], values: &SecretValues) -> Result<Digest> {
    // The binding has a fixed length, so the parts need no border between them.
    let mac = mac_concat(key, &[DOMAIN, binding, &encode_values(values)?]);
    let mut digest = [0; Digest::LEN];
    digest[..ID_LEN].copy_from_slice(id.0.as_bytes());
    digest[ID_LEN..].copy_from_slice(&mac);
    Ok(Digest(digest))
}

/// Checks values that were read against what is pinned of them.
///
/// # Errors
/// [`ErrorKind::Corrupt`] if they are others; [`ErrorKind::Unsupported`] if another key made the digest, naming
/// both; [`ErrorKind::InvalidInput`] as [`digest_values`].
pub fn verify_values(
    pinned: &Digest,
    id: KeyId,
    key: &DataKey,
    binding: &[u8],
    values: &SecretValues,
) -> Result<()> {
    if pinned.key_id() != id {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "a digest was made with another key than the one given; check it with that key",
        )
        .with("made_with", pinned.key_id())
        .with("asked_for", id));
    }
    if digest_values(id, key, binding, values)? == *pinned {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Corrupt,
        "the store gave other values than were written: they were changed, swapped or rolled back; \
         roll back to a good version or restore the store",
    ))
}
