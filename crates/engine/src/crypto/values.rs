//! Sealing the values of a secret.

use super::{
    encoding::{decode_padded, encode_values, pad},
    header::Purpose,
    key::{DataKey, KeyId},
    seal::{open, seal},
};
use strongroom_core::{Result, SecretValues};

/// Seals the values of a version, padded to a multiple of 64 bytes. `binding` is
/// [`value_binding`](super::value_binding)'s.
///
/// # Errors
/// [`InvalidInput`](strongroom_core::ErrorKind::InvalidInput) for values that are withheld or too long for the
/// format; [`Unexpected`](strongroom_core::ErrorKind::Unexpected) if the operating system gives no randomness.
pub fn seal_values(id: KeyId, key: &DataKey, binding: &[u8], values: &SecretValues) -> Result<Vec<u8>> {
    let mut plaintext = encode_values(values)?;
    pad(&mut plaintext);
    seal(id, key, Purpose::Value, binding, &plaintext)
}

/// Opens what [`seal_values`] made.
///
/// # Errors
/// [`Unsupported`](strongroom_core::ErrorKind::Unsupported) if the format is not known or another key sealed
/// it; [`Corrupt`](strongroom_core::ErrorKind::Corrupt) if anything is not as it was sealed, or if what was
/// sealed is not the canonical form of values.
pub fn open_values(id: KeyId, key: &DataKey, binding: &[u8], sealed: &[u8]) -> Result<SecretValues> {
    decode_padded(&open(id, key, Purpose::Value, binding, sealed)?)
}
