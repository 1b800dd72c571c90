//! What was replaced or deleted is not left in the files.

use crate::{canary::contains, support::Home};
use std::{collections::BTreeSet, fs};

/// Where a sealed value begins, and what no other one has: its salt and its commitment.
const BEGIN: [u8; 6] = *b"SRS1\x01\x01";
const UNIQUE: std::ops::Range<usize> = 24..88;

/// The sealed values in the database's file.
fn sealed(home: &Home) -> BTreeSet<Vec<u8>> {
    let bytes = fs::read(home.database()).unwrap();
    let begins = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&BEGIN));
    begins.filter_map(|at| Some(bytes.get(at + UNIQUE.start..at + UNIQUE.end)?.to_vec())).collect()
}

/// Fails if one of them is still in a file of the database, as long as half of what makes it unique.
fn gone(home: &Home, old: &BTreeSet<Vec<u8>>) {
    for path in home.files() {
        let bytes = fs::read(&path).unwrap();
        let left = old.iter().filter(|part| contains(&bytes, &part[..32]) || contains(&bytes, &part[32..]));
        assert_eq!(left.count(), 0, "of {} in {}", old.len(), path.display());
    }
}

/// Secrets of all sizes, so that values lie within pages and over several.
fn fill(home: &Home, secrets: usize) {
    for n in 0..secrets {
        let value = format!("{n} ").repeat(1 + n * n * 3);
        let created = home.run_with(&value, ["secret", "create", &format!("s{n}"), "--v=@-"]);
        assert_eq!(created.code, 0, "{}", created.err);
    }
}

#[test]
fn after_a_deletion_the_sealed_value_is_gone() {
    let home = Home::new();
    fill(&home, 40);
    let old = sealed(&home);
    assert!(old.len() >= 40, "{}", old.len());
    for n in 0..40 {
        home.ok(["secret", "delete", &format!("s{n}"), "-y"]);
    }
    home.ok(["keys", "rotate"]);
    gone(&home, &old);
    assert_eq!(sealed(&home).len(), 0);
}

#[test]
fn after_a_rotation_no_value_is_left_under_the_old_key() {
    let home = Home::new();
    fill(&home, 40);
    for n in 0..40 {
        home.ok(["secret", "update", &format!("s{n}"), "--more=1"]);
    }
    let old = sealed(&home);
    home.ok(["keys", "rotate"]);
    gone(&home, &old);
    let new = sealed(&home);
    assert!(new.len() >= 80, "{}", new.len());
}

#[test]
fn what_falls_out_of_the_history_is_gone() {
    let mut home = Home::new();
    home.set("STRONGROOM_ENGINE_HISTORY", "1");
    fill(&home, 20);
    let old = sealed(&home);
    for n in 0..20 {
        home.ok(["secret", "update", &format!("s{n}"), "--v=1"]);
    }
    home.ok(["keys", "rotate"]);
    gone(&home, &old);
}
