//! The limits, by the way of files.

use crate::support::Home;
use serde_json::{Value, json};
use std::fs;

/// A map of many keys, which together with their values has that many bytes.
fn map_of(bytes: usize) -> Value {
    let (mut map, mut left, mut n) = (serde_json::Map::new(), bytes, 0);
    while left > 0 {
        let key = format!("k{n:04}");
        let value = "v".repeat((left - key.len()).min(1_000));
        // Not a rest that is too short for a key.
        let value = if left - key.len() - value.len() < 10 { "v".repeat(left - key.len()) } else { value };
        left -= key.len() + value.len();
        map.insert(key, value.into());
        n += 1;
    }
    map.into()
}

fn counted(values: &Value) -> usize {
    values.as_object().unwrap().iter().map(|(key, value)| key.len() + value.as_str().unwrap().len()).sum()
}

fn keeps_65536_bytes_and_no_more(home: &Home) {
    let (fits, over) = (map_of(65_536), map_of(65_537));
    assert_eq!((counted(&fits), counted(&over)), (65_536, 65_537));
    let fitting = home.file("fits.json", fits.to_string());
    let larger = home.file("over.json", over.to_string());
    home.ok(["secret", "create", "fits", "-v", &format!("@{fitting}")]);
    assert_eq!(home.values("fits"), fits);
    home.ok(["secret", "import", &fitting, "-n", "imported"]);
    assert_eq!(home.values("imported"), fits);

    let before = (home.json(["secret", "list"]), home.json(["status"])["audit_entries"].clone());
    let larger_map = format!("@{larger}");
    for args in [
        &["secret", "create", "over", "-v", &larger_map][..],
        &["secret", "import", &larger, "-n", "over"],
        &["secret", "import", &larger, "-n", "fits", "-y"],
        &["secret", "update", "fits", "--x=1"],
    ] {
        let output = home.command(args).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {err}");
        assert!(err.contains("65536") && err.lines().count() == 1, "{err}");
        assert!(err.contains("65537") || err.contains("65538"), "{err}");
    }
    let after = (home.json(["secret", "list"]), home.json(["status"])["audit_entries"].clone());
    assert_eq!(after, before, "nothing was written");
}

#[test]
fn a_map_of_65536_bytes_fits() {
    keeps_65536_bytes_and_no_more(&Home::new());
}

#[test]
fn a_map_of_65536_bytes_fits_into_a_store() {
    let home = Home::with_directory();
    keeps_65536_bytes_and_no_more(&home);
    assert_eq!(home.kept().len(), 2, "nothing was put");
    assert_eq!(home.json(["status"])["to_be_removed"], 0);
}

#[test]
fn ten_megabytes_are_refused_before_they_are_read() {
    let home = Home::new();
    let huge = home.file("huge.json", json!({"k": "v".repeat(10 << 20)}).to_string());
    for args in [
        ["secret", "create", "huge", "-v", &format!("@{huge}")],
        ["secret", "create", "huge", &format!("--k=@{huge}"), "--a=1"],
        ["secret", "import", &huge, "-n", "huge"],
    ] {
        let error = home.fails(2, args);
        assert!(error.contains("2097152") && error.len() < 300, "{error}");
    }
    fs::remove_file(huge).unwrap();
    assert_eq!(home.files().len(), 0, "not even a database is made");
}
