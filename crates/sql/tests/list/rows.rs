//! Rows as the database holds them and as the evaluator sees them.

use strongroom_core::{Owner, OwnerId, SecretId, SecretMeta, SecretName, Timestamp};
use uuid::Uuid;

/// All secrets of a database.
pub(crate) struct Rows(pub(crate) Vec<SecretMeta>);

/// Names and full names that a database could confuse with others, or with wildcards.
const OWNERS: [(&str, &str); 5] = [
    ("admin", ""),
    ("Ádmin%", "The Owner"),
    ("bob_\\", "ADMIN é"),
    ("BÖB'", "\u{212a}elvin *\u{10ffff}"),
    ("\u{10ffff}?", "e\u{301}\n|"),
];

pub(crate) const OWNER_COUNT: usize = OWNERS.len();

/// The owner of this number.
pub(crate) fn owner(number: usize) -> Owner {
    let (name, full_name) = OWNERS[number];
    // They share a prefix, and the last one's digits are letters that fold.
    let id = Uuid::from_u128(0xabcd_ef00_0000_4000_8000_0000_0000_0000 | (0x11_ab_cd * number as u128));
    Owner { id: OwnerId(id), name: name.to_owned(), full_name: full_name.to_owned() }
}

/// A secret of the owner with this number, changed as many microseconds after it was made.
pub(crate) fn row(name: &str, private: bool, by: usize, created: i64) -> SecretMeta {
    let id = SecretId(Uuid::new_v4());
    let mut meta =
        SecretMeta::new(id, SecretName::new(name).unwrap(), private, owner(by), Timestamp(created));
    meta.updated = Timestamp(created.saturating_add(by as i64));
    meta
}
