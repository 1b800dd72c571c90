//! What goes wrong without anybody meaning it: input that did not come, a key that opens no more, a device in the place of
//! a file, damage in the database.

use crate::support::Home;
use serde_json::json;
use std::{fs, os::unix::fs::symlink};

#[test]
fn input_that_did_not_come_takes_nothing_away() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let empty = home.file("db.yaml", "# nothing but this\n");
    let reference = format!("@{empty}");
    for error in [
        home.fails(2, ["secret", "import", &empty, "-y"]),
        home.fails(2, ["secret", "update", "db", "-v", &reference]),
        home.fails(2, ["secret", "create", "other", "-v", ""]),
        home.run_with("", ["secret", "import", "-", "-n", "db", "-y"]).err,
    ] {
        assert!(error.contains("there is nothing in it; write {}"), "{error}");
    }
    assert_eq!(home.values("db"), json!({"a": "1"}));
    // Who means it says so.
    home.file("db.yaml", "{}");
    home.ok(["secret", "import", &empty, "-y"]);
    assert_eq!(home.values("db"), json!({}));
}

#[test]
fn values_in_the_place_of_a_file_are_not_shown() {
    let home = Home::new();
    for text in ["password: hunter2", "a: b\nc: hunter2", "{a: hunter2}"] {
        let error = home.fails(3, ["secret", "import", text, "-n", "db"]);
        assert!(error.contains("no such file") && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn what_is_no_file_is_not_replaced() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    // As `/dev/stdout` is one.
    for target in ["/proc/self/fd/1", "/dev/null", "/"] {
        let link = home.path("link");
        symlink(target, &link).unwrap();
        let error = home.fails(2, ["secret", "export", "db", "-f", &home.arg("link"), "--force"]);
        assert!(error.contains("no regular file"), "{target}: {error}");
        assert_eq!(fs::read_link(&link).unwrap().to_str(), Some(target));
        fs::remove_file(link).unwrap();
    }
    assert_eq!(home.ok(["secret", "export", "db", "-f", "-"]), "a: \"1\"\n");
    assert!(home.ok(["keys", "generate", "-O", "-"]).starts_with("strongroom-root-key:"));
    assert!(!home.path("-").exists());
}

#[test]
fn a_root_key_that_opens_no_more_after_a_rotation_is_named() {
    let mut home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let recovery = home.arg("recovery.key");
    home.ok(["keys", "generate", "-O", &recovery]);
    home.ok(["keys", "rewrap", "--add", &recovery]);
    let first = fs::read_dir(home.keys()).unwrap().next().unwrap().unwrap().path();
    let first = first.file_stem().unwrap().to_str().unwrap().to_owned();
    let roots = home.json(["status"])["root_keys"].to_string();

    let rotated = home.run(["keys", "rotate"]);
    assert_eq!(rotated.code, 0, "{}", rotated.err);
    let told = rotated.err.split("the root key ").nth(1).unwrap_or_else(|| panic!("{}", rotated.err));
    let id = told.split(' ').next().unwrap().to_owned();
    assert!(roots.contains(&id) && id != first && told.contains("--add FILE"), "{told}");
    // Whoever comes with it is told which one is needed now.
    home.set("STRONGROOM_KEYS_FILE", &*recovery);
    let error = home.fails(1, ["secret", "get", "db"]);
    assert!(error.contains(&format!("needed root key: {first}")), "{error}");
    home.unset("STRONGROOM_KEYS_FILE");
    home.ok(["keys", "rewrap", "--add", &recovery]);
    home.set("STRONGROOM_KEYS_FILE", &*recovery);
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
    // A slip of the pen is no key that was dropped.
    let error = home.fails(3, ["keys", "rewrap", "--drop", "00000000000000000000000000000000"]);
    assert!(error.contains("no data key is wrapped with this root key"), "{error}");
}

#[test]
fn a_root_key_that_is_not_as_it_was_is_to_be_put_back() {
    let mut home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let key = fs::read_dir(home.keys()).unwrap().next().unwrap().unwrap().path();
    let right = fs::read_to_string(&key).unwrap();
    let wide: Vec<u8> = right.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for damaged in [Vec::new(), [&[0xff_u8, 0xfe][..], &wide].concat(), right.to_uppercase().into_bytes()] {
        fs::write(&key, damaged).unwrap();
        let error = home.fails(1, ["secret", "get", "db"]);
        assert!(error.contains("put your copy of the key back"), "{error}");
    }
    fs::write(&key, format!("\u{feff}{right}")).unwrap();
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
    let missing = home.arg("missing.key");
    for (file, told) in [(missing.as_str(), "put your copy of the key back"), ("/dev/zero", "64 KiB")] {
        home.set("STRONGROOM_KEYS_FILE", file);
        let error = home.fails(1, ["secret", "get", "db"]);
        assert!(error.contains(told) && !error.contains("rights"), "{error}");
    }
}

#[test]
fn a_root_key_that_finds_no_room_blames_no_rights() {
    let mut home = Home::new();
    home.set_fault("FAULT_DISK_FULL", "1");
    let error = home.fails(1, ["secret", "create", "db", "--a=1"]);
    assert!(error.contains("make room") && !error.contains("rights"), "{error}");
}

#[test]
fn damage_in_the_database_is_found_and_named() {
    let home = Home::new();
    for name in ["db", "mail"] {
        home.ok(["secret", "create", name, "--a=1"]);
    }
    home.ok(["secret", "update", "db", "--a=2"]);
    home.behind_our_back(
        "UPDATE payloads SET bytes = zeroblob(length(bytes)) WHERE id = (SELECT v.payload FROM versions v \
         JOIN secrets s ON s.current_version = v.uid WHERE s.name = 'db')",
    );
    let error = home.fails(1, ["secret", "get", "db"]);
    assert!(error.contains("name: db") && error.contains("roll back to an older version"), "{error}");
    assert_eq!(home.json(["repair"])["lost"], 0);
    let report = home.json_and_code(1, ["repair", "--read"]);
    let lost = &report["lost_versions"];
    assert_eq!(
        (&lost[0]["name"], &lost[0]["revision"], &lost[0]["store"]),
        (&json!("db"), &json!(2), &json!(null))
    );
    let rotated = home.json_and_code(1, ["keys", "rotate"]);
    assert_eq!((&rotated["resealed"], &rotated["damaged_versions"][0]["name"]), (&json!(2), &json!("db")));
    home.ok(["secret", "rollback", "db", "1"]);
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
    assert_eq!(home.ok(["secret", "get", "mail", "a"]), "1");
}

#[test]
fn what_has_no_meaning_is_refused() {
    let mut home = Home::new();
    let error = home.fails(2, ["secret", "list", "--sort-by", "dsc:name"]);
    assert!(error.contains("--sort-by"), "{error}");
    home.ok(["secret", "create", "db", "--a=1"]);
    let id = home.json(["secret", "get", "db"])["id"].as_str().unwrap().to_owned();
    for which in ["db", &id, &id[..8]] {
        let entries = home.json(["audit", "list", "--action", "secret.create", "--secret", which]);
        assert_eq!(entries[0]["secret"], json!(id), "{which}");
    }
    let error = home.fails(2, ["move", "--to", "nowhere"]);
    assert!(error.contains("use one of database"), "{error}");
    let error = home.fails(2, ["repair", "--new-address", "default"]);
    assert!(error.contains("new address: there is no store besides the database"), "{error}");
    let error = home.fails(3, ["audit", "list", "--secret", "gone"]);
    assert!(error.contains("by its id"), "{error}");

    // A key for a server that nobody names would otherwise be a new database.
    let mut other = Home::new();
    other.set("STRONGROOM_API_KEY", "srk1_hunter2");
    let error = other.fails(1, ["secret", "list"]);
    assert!(error.contains("STRONGROOM_SERVER") && !error.contains("hunter2"), "{error}");
    assert_eq!(other.files().len(), 0);

    home.set("STRONGROOM_ADMIN_PASSWORD", "short");
    let error = home.fails(2, ["serve", "--check"]);
    assert!(error.contains("STRONGROOM_ADMIN_PASSWORD: ") && error.contains("8 characters"), "{error}");
}
