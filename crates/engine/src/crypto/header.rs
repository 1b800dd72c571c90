//! The header of a sealed value, version 1.
//!
//! ```text
//!  0  "SRS1"            magic
//!  4  01                suite: AES-256-GCM, HKDF-SHA-512, key-committing
//!  5  purpose           01 value, 02 key wrap, 03 metadata
//!  6  0000              flags
//!  8  key id (16)
//! 24  salt (32)
//! 56  commitment (32)
//! 88  ciphertext, tag (16)
//! ```

use super::key::KeyId;
use strongroom_core::{Error, ErrorKind, Result};
use uuid::Uuid;

const MAGIC: [u8; 4] = *b"SRS1";
const SUITE: u8 = 1;
/// Everything before the salt.
const NAMED_LEN: usize = 24;
/// Everything before the commitment: what the message key is derived from.
pub(super) const SALTED_LEN: usize = 56;
/// The whole header.
pub(super) const HEADER_LEN: usize = 88;
/// The tag behind the ciphertext.
pub(super) const TAG_LEN: usize = 16;

/// How much longer a sealed text is than the plain one, in bytes.
pub const OVERHEAD: usize = HEADER_LEN + TAG_LEN;

/// What something was sealed for. It opens for that alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The values of a secret.
    Value,
    /// A data key under a root key.
    KeyWrap,
    /// Names, owners and dates that travel with a value. Choose bindings of one fixed length: the salt is made
    /// from binding and plaintext without a border between them.
    Metadata,
}

impl Purpose {
    const fn code(self) -> u8 {
        match self {
            Self::Value => 1,
            Self::KeyWrap => 2,
            Self::Metadata => 3,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Value),
            2 => Some(Self::KeyWrap),
            3 => Some(Self::Metadata),
            _ => None,
        }
    }
}

/// A sealed text, taken apart.
pub(super) struct Parts<'a> {
    pub(super) purpose: Purpose,
    pub(super) key: KeyId,
    /// The header from its start, up to the commitment.
    pub(super) salted: &'a [u8],
    pub(super) commitment: &'a [u8],
    /// The whole header.
    pub(super) header: &'a [u8],
    pub(super) ciphertext: &'a [u8],
    pub(super) tag: &'a [u8],
}

/// The header up to the commitment.
pub(super) fn salted(purpose: Purpose, id: KeyId, salt: &[u8; 32]) -> [u8; SALTED_LEN] {
    let mut header = [0; SALTED_LEN];
    header[..4].copy_from_slice(&MAGIC);
    header[4] = SUITE;
    header[5] = purpose.code();
    // 6 and 7 are the flags: none.
    header[8..NAMED_LEN].copy_from_slice(id.0.as_bytes());
    header[NAMED_LEN..].copy_from_slice(salt);
    header
}

/// Takes a sealed text apart. An unknown format is refused and never tried with another parser.
pub(super) fn split(sealed: &[u8]) -> Result<Parts<'_>> {
    let too_short = || {
        Error::new(ErrorKind::Corrupt, "a sealed value is cut off: it is shorter than its header and tag")
            .with("bytes", sealed.len())
            .with("at_least", OVERHEAD)
    };
    let (header, body) = sealed.split_first_chunk::<HEADER_LEN>().ok_or_else(too_short)?;
    let (ciphertext, tag) = body.split_last_chunk::<TAG_LEN>().ok_or_else(too_short)?;
    if header[..4] != MAGIC {
        return Err(unsupported("this is not a sealed value: it does not begin with SRS1"));
    }
    if header[4] != SUITE {
        return Err(unsupported(
            "a value is sealed with a suite of algorithms not known here; use a newer release",
        )
        .with("suite", header[4]));
    }
    let purpose = Purpose::from_code(header[5]).ok_or_else(|| {
        unsupported("a value is sealed for a purpose not known here; use a newer release")
            .with("purpose", header[5])
    })?;
    if header[6..8] != [0, 0] {
        return Err(unsupported("a value is sealed with flags not known here; use a newer release"));
    }
    let mut id = [0; 16];
    id.copy_from_slice(&header[8..NAMED_LEN]);
    Ok(Parts {
        purpose,
        key: KeyId(Uuid::from_bytes(id)),
        salted: &header[..SALTED_LEN],
        commitment: &header[SALTED_LEN..],
        header,
        ciphertext,
        tag,
    })
}

fn unsupported(message: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}
