//! The versions of a secret as its labels list them, where no database does.
//!
//! Format: the object's id (16 bytes), then for each version, the newest first: uid (16), revision (8), created (8),
//! size (4), flags (1), the digest without its key's id (32), the length of the reference (1) and the reference; length
//! 0 stands for the uid as text, which is what some services call their versions. Numbers are big-endian.

use crate::{Place, VersionRow};
use strongroom_core::{ObjectId, Revision, Timestamp, VersionRef, VersionUid};
use uuid::Uuid;

/// The most characters of a record. Every back-end takes as many.
pub(crate) const RECORD: usize = 2048;

const VISIBLE: u8 = 1;
const SEALED: u8 = 2;
/// An entry without its reference.
const ENTRY: usize = 16 + 8 + 8 + 4 + 1 + 32 + 1;
/// The header of a record, sealed or not, and the border between its fields and the versions.
const AROUND: usize = 112;

/// A version that labels list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) uid: VersionUid,
    pub(crate) revision: Revision,
    pub(crate) created: Timestamp,
    pub(crate) size: u32,
    pub(crate) visible_to_others: bool,
    pub(crate) sealed: bool,
    /// The digest behind its key's id.
    pub(crate) digest: [u8; 32],
    pub(crate) at: VersionRef,
}

impl Kept {
    /// Of a row whose values are in a back-end.
    pub(crate) fn of(row: &VersionRow) -> Option<Self> {
        let Place::External { at, .. } = &row.place else { return None };
        Some(Self {
            uid: row.uid,
            revision: row.revision,
            created: row.created,
            size: row.size,
            visible_to_others: row.visible_to_others,
            sealed: row.key.is_some(),
            digest: row.digest.as_ref()?.get(16..)?.try_into().ok()?,
            at: at.clone(),
        })
    }

    fn reference(&self) -> &str {
        let is_uid = self.at.as_str() == self.uid.to_string();
        if is_uid { "" } else { self.at.as_str() }
    }
}

/// How many versions fit beside fields of that length, whose references have so many bytes.
pub(crate) fn room(fields: usize, reference: usize) -> usize {
    let left = (RECORD / 4 * 3).saturating_sub(AROUND + 16 + fields);
    left / (ENTRY + reference)
}

/// As many of the versions as fit beside fields of that length, the newest first.
pub(crate) fn encode(object: ObjectId, versions: &[Kept], fields: usize) -> Vec<u8> {
    let mut left = (RECORD / 4 * 3).saturating_sub(AROUND + 16 + fields);
    let mut bytes = object.0.as_bytes().to_vec();
    for kept in versions {
        let reference = kept.reference().as_bytes();
        let (Some(rest), Ok(length)) =
            (left.checked_sub(ENTRY + reference.len()), u8::try_from(reference.len()))
        else {
            break;
        };
        left = rest;
        bytes.extend(kept.uid.0.as_bytes());
        bytes.extend(kept.revision.0.to_be_bytes());
        bytes.extend(kept.created.0.to_be_bytes());
        bytes.extend(kept.size.to_be_bytes());
        bytes.push(u8::from(kept.visible_to_others) * VISIBLE + u8::from(kept.sealed) * SEALED);
        bytes.extend(kept.digest);
        bytes.push(length);
        bytes.extend(reference);
    }
    bytes
}

/// The object and its versions; `None` if it is cut off or not of this format.
pub(crate) fn decode(bytes: &[u8]) -> Option<(ObjectId, Vec<Kept>)> {
    let (object, mut rest) = bytes.split_first_chunk::<16>()?;
    let mut versions = Vec::new();
    while !rest.is_empty() {
        let (kept, after) = entry(rest)?;
        versions.push(kept);
        rest = after;
    }
    Some((ObjectId(Uuid::from_bytes(*object)), versions))
}

fn entry(bytes: &[u8]) -> Option<(Kept, &[u8])> {
    let (uid, bytes) = bytes.split_first_chunk::<16>()?;
    let (revision, bytes) = bytes.split_first_chunk::<8>()?;
    let (created, bytes) = bytes.split_first_chunk::<8>()?;
    let (size, bytes) = bytes.split_first_chunk::<4>()?;
    let (flags, bytes) = bytes.split_first()?;
    let (digest, bytes) = bytes.split_first_chunk::<32>()?;
    let (length, bytes) = bytes.split_first()?;
    let (reference, bytes) = bytes.split_at_checked(usize::from(*length))?;
    let uid = VersionUid(Uuid::from_bytes(*uid));
    let at = match reference {
        [] => uid.to_string(),
        reference => String::from_utf8(reference.to_vec()).ok()?,
    };
    let kept = Kept {
        uid,
        revision: Revision(u64::from_be_bytes(*revision)),
        created: Timestamp(i64::from_be_bytes(*created)),
        size: u32::from_be_bytes(*size),
        visible_to_others: flags & VISIBLE != 0,
        sealed: flags & SEALED != 0,
        digest: *digest,
        at: VersionRef::new(at),
    };
    Some((kept, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(n: u8, at: Option<&str>) -> Kept {
        let uid = VersionUid(Uuid::from_u128(u128::from(n)));
        Kept {
            uid,
            revision: Revision(u64::from(n)),
            created: Timestamp(-5),
            size: 70_000,
            visible_to_others: n.is_multiple_of(2),
            sealed: n.is_multiple_of(3),
            digest: [n; 32],
            at: VersionRef::new(at.map_or_else(|| uid.to_string(), str::to_owned)),
        }
    }

    #[test]
    fn what_is_listed_comes_back_and_what_is_cut_off_does_not() {
        let object = ObjectId(Uuid::from_u128(9));
        let all: Vec<Kept> = (1..=6).rev().map(|n| version(n, (n > 3).then_some("17"))).collect();
        let bytes = encode(object, &all, 200);
        assert_eq!(decode(&bytes), Some((object, all.clone())));
        for end in (0..bytes.len()).filter(|end| *end < 16 || (end - 16) % (ENTRY + 2) != 0) {
            let cut = decode(&bytes[..end]);
            assert!(cut.is_none_or(|(_, some)| all.starts_with(&some)), "{end}");
        }
        assert_eq!(decode(&bytes[..15]), None);
        assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
    }

    #[test]
    fn no_more_is_listed_than_a_record_holds() {
        let all: Vec<Kept> = (1..=40).rev().map(|n| version(n, None)).collect();
        for fields in [150, 1200, 1400, 2000] {
            let bytes = encode(ObjectId(Uuid::nil()), &all, fields);
            let (_, some) = decode(&bytes).unwrap();
            assert_eq!(some.len(), room(fields, 0));
            assert!(all.starts_with(&some));
            let whole = (AROUND + fields + bytes.len()).div_ceil(3) * 4;
            assert!(whole <= RECORD || some.is_empty(), "{whole}");
        }
        assert!(room(170, 49) >= 10, "an ordinary history fits");
    }
}
