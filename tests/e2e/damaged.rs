//! Databases in which something cannot be read any more: it is named, and hides nothing else.

use crate::support::Home;
use serde_json::json;
use std::fs;

/// How long a page of the file is.
const PAGE: usize = 4096;

/// A home with secrets whose values take more than a page each.
fn home<const N: usize>(names: [&str; N]) -> Home {
    let home = Home::new();
    let value = format!("--a={}", "x".repeat(6000));
    for name in names {
        home.ok(["secret", "create", name, &value]);
    }
    home
}

#[test]
fn a_row_that_cannot_be_read_hides_no_lost_version() {
    let home = home(["s1", "s2", "s3", "s4"]);
    let id = home.json(["secret", "get", "s1"])["id"].clone();
    home.behind_our_back(
        "UPDATE payloads SET bytes = zeroblob(200) WHERE id = (SELECT v.payload FROM versions v \
         JOIN secrets s ON s.current_version = v.uid WHERE s.name = 's4'); \
         UPDATE secrets SET name = CAST(x'ff41' AS TEXT) WHERE name = 's1'",
    );
    let report = home.json_and_code(1, ["repair", "--read"]);
    let lost = report["lost_versions"].as_array().unwrap();
    assert_eq!((lost.len(), &report["failed"]), (2, &json!(0)), "{report}");
    assert!(lost.iter().any(|one| one["name"] == "s4" && one["current"] == true), "{report}");
    let nameless = lost.iter().find(|one| one["secret"] == id).unwrap();
    assert_eq!((&nameless["name"], &nameless["current"]), (&json!(null), &json!(true)), "{report}");
}

#[test]
fn a_page_that_cannot_be_read_hides_no_lost_version() {
    let home = home(["s1", "s2", "s3"]);
    home.behind_our_back(
        "UPDATE payloads SET bytes = CAST(replace(hex(zeroblob(6000)), '00', 'Zq') AS BLOB) WHERE id = (SELECT v.payload \
         FROM versions v JOIN secrets s ON s.current_version = v.uid WHERE s.name = 's1'); \
         UPDATE payloads SET bytes = zeroblob(length(bytes)) WHERE id = (SELECT v.payload \
         FROM versions v JOIN secrets s ON s.current_version = v.uid WHERE s.name = 's2')",
    );
    spoil_a_page(&home);
    let report = home.json_and_code(1, ["repair", "--read"]);
    let lost = report["lost_versions"].as_array().unwrap();
    assert_eq!((lost.len(), &report["failed"]), (2, &json!(0)), "{report}");
    assert!(lost.iter().any(|one| one["name"] == "s2"), "{report}");
    let unread = lost.iter().find(|one| one["name"] == "s1").unwrap();
    assert!(unread["remedy"].as_str().unwrap().contains("the database is damaged"), "{report}");
    assert!(home.fails(1, ["secret", "get", "s1"]).contains("the database is damaged"));
    assert_eq!(home.ok(["secret", "get", "s3", "a"]), "x".repeat(6000));
}

#[test]
fn a_page_that_nobody_asks_for_is_found_before_a_backup_is_needed() {
    let home = home(["s1"]);
    assert_eq!(home.json(["status", "--deep"])["database_check"], "works");
    home.behind_our_back(
        "UPDATE payloads SET bytes = CAST(replace(hex(zeroblob(6000)), '00', 'Zq') AS BLOB)",
    );
    spoil_a_page(&home);
    home.json(["status"]);
    let report = home.json_and_code(1, ["status", "--deep"]);
    let told = report["database_check"].as_str().unwrap();
    assert!(told.contains("the database is damaged") && told.contains("page"), "{report}");
}

#[test]
fn a_name_that_is_no_text_is_told_by_the_secrets_id() {
    for spoil in [
        "UPDATE secrets SET name = CAST(x'ff41' AS TEXT) WHERE name = 's1'",
        "UPDATE secrets SET name = CAST(zeroblob(3) AS TEXT) WHERE name = 's1'",
    ] {
        let home = home(["s1", "s2"]);
        let id = home.json(["secret", "get", "s1"])["id"].as_str().unwrap().to_owned();
        home.behind_our_back(spoil);
        for args in [["secret", "list"], ["keys", "rotate"]] {
            let error = home.fails(1, args);
            assert!(error.contains(&format!("secret: {id})")), "{spoil} {args:?}: {error}");
        }
        assert_eq!(home.ok(["secret", "get", "s2", "a"]), "x".repeat(6000));
    }
}

#[test]
fn a_full_name_that_is_no_text_keeps_nobody_from_anything() {
    let home = home(["s1"]);
    home.behind_our_back("UPDATE accounts SET full_name = CAST(x'ff41' AS TEXT)");
    assert!(home.ok(["secret", "list"]).contains("s1"));
    assert_eq!(home.ok(["secret", "get", "s1", "a"]), "x".repeat(6000));
    home.ok(["secret", "update", "s1", "--a=2"]);
    assert!(home.ok(["user", "list"]).contains("admin"));
}

#[test]
fn an_entry_that_cannot_be_read_is_named_and_hides_no_other() {
    for spoil in [
        "UPDATE audit SET detail = CAST(x'ff41' AS TEXT) WHERE seq = 3",
        "UPDATE audit SET channel = CAST(x'ff41' AS TEXT) WHERE seq = 3",
        "UPDATE audit SET actor = x'01' WHERE seq = 3",
        "UPDATE audit SET key_id = zeroblob(17) WHERE seq = 3",
        "UPDATE audit SET secret = x'' WHERE seq = 3",
    ] {
        let home = home(["a", "b", "c", "d"]);
        let before = home.json(["audit", "list"]);
        home.behind_our_back(spoil);
        let error = home.fails(1, ["audit", "verify"]);
        assert!(error.contains("chain: local, entry: 3)"), "{spoil}: {error}");
        let after = home.json(["audit", "list"]);
        let (before, after) = (before.as_array().unwrap(), after.as_array().unwrap());
        assert_eq!(before.len(), after.len(), "{spoil}");
        for (before, after) in before.iter().zip(after) {
            if after["sequence"] == 3 {
                assert_eq!((&after["action"], &after["chain"]), (&json!("audit.damaged"), &before["chain"]));
                assert!(after["detail"].as_str().unwrap().contains("entry: 3)"), "{spoil}: {after}");
            } else {
                assert_eq!(after, before, "{spoil}");
            }
        }
        assert_eq!(home.ok(["audit", "export"]).lines().count(), 4, "{spoil}");
    }
}

/// Overwrites a page with `ZqZq...` of which another one is the continuation.
fn spoil_a_page(home: &Home) {
    let mut file = fs::read(home.database()).unwrap();
    let goes_on = |page: &&mut [u8]| page[..4] != [0; 4] && page[4..].iter().all(|byte| b"Zq".contains(byte));
    file.chunks_exact_mut(PAGE).find(goes_on).unwrap().fill(0xaa);
    fs::write(home.database(), file).unwrap();
}
