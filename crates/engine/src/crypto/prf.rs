//! Keyed functions: HKDF-Expand and HMAC.

use super::key::DataKey;
use aws_lc_rs::{constant_time, hkdf, hmac};
use strongroom_core::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

/// The length of a MAC, in bytes.
pub(super) const MAC_LEN: usize = 32;

/// How many bytes to derive.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand with HMAC-SHA-512 (RFC 5869, section 2.3) over the concatenated `info`.
///
/// The extract step is left out, as section 3.3 allows: our keys are uniformly random already. They are shorter
/// than the hash, which HMAC takes as it is: 256 bits of strength is what we ask for. The result is on the heap, so
/// that handing it on leaves no copies on the stack.
pub(super) fn expand<const N: usize>(key: &DataKey, info: &[&[u8]]) -> Result<Box<Zeroizing<[u8; N]>>> {
    let mut derived = Box::new(Zeroizing::new([0; N]));
    hkdf::Prk::new_less_safe(hkdf::HKDF_SHA512, key.bytes())
        .expand(info, Length(N))
        .and_then(|material| material.fill(derived.as_mut_slice()))
        .map_err(|_| Error::new(ErrorKind::Unexpected, "deriving a key failed; report this as a defect"))?;
    Ok(derived)
}

/// HMAC-SHA-256 (RFC 2104) over `domain` and then every part behind its length.
///
/// - Two different lists of parts are never taken for each other, wherever the borders are.
/// - `domain` is a constant text of the caller's that says what is hashed and in which version: printable
///   ASCII, so that no text goes on where a length could.
/// - Compare the result with [`equal`].
#[must_use]
pub fn mac(key: &DataKey, domain: &str, parts: &[&[u8]]) -> [u8; MAC_LEN] {
    let mut context = context(key.bytes());
    context.update(domain.as_bytes());
    for part in parts {
        // A part of 4 GiB or more would share its length; what is hashed here is bounded far below that.
        context.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        context.update(part);
    }
    finish(context)
}

/// HMAC-SHA-256 (RFC 2104) over the plain concatenation of the parts.
///
/// Only for lists in which at most one part has a length that varies: where the borders are is not hashed.
/// Everything else is for [`mac`]. Compare the result with [`equal`].
#[must_use]
pub fn mac_concat(key: &DataKey, parts: &[&[u8]]) -> [u8; MAC_LEN] {
    mac_under(key.bytes(), parts)
}

/// The same as [`mac_concat`], under a derived key.
pub(super) fn mac_under(key: &[u8], parts: &[&[u8]]) -> [u8; MAC_LEN] {
    let mut context = context(key);
    for part in parts {
        context.update(part);
    }
    finish(context)
}

/// Whether two byte strings are equal, in a time that does not depend on where they differ. It does depend on
/// whether their lengths differ.
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

fn context(key: &[u8]) -> hmac::Context {
    hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key))
}

fn finish(context: hmac::Context) -> [u8; MAC_LEN] {
    let mut mac = [0; MAC_LEN];
    // Cannot fail: a tag of HMAC-SHA-256 has exactly these 32 bytes.
    mac.copy_from_slice(context.sign().as_ref());
    mac
}
