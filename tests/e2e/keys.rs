//! `keys generate | rotate | rewrap`.

use crate::support::{Home, mode};
use std::fs;

#[test]
fn a_new_root_key_is_one_line_or_a_file_for_its_owner() {
    let home = Home::new();
    let line = home.ok(["keys", "generate"]);
    assert!(line.starts_with("strongroom-root-key:v1:") && line.lines().count() == 1, "{line}");
    assert_ne!(line, home.ok(["keys", "generate"]));
    assert_eq!(home.ok(["keys", "generate", "--output", &home.arg("root.key")]), "");
    assert_eq!(mode(&home.path("root.key")), "600");
    home.fails(4, ["keys", "generate", "-O", &home.arg("root.key")]);
    home.ok(["keys", "generate", "-O", &home.arg("root.key"), "--force"]);
    assert!(!home.database().exists());
}

#[test]
fn after_a_rotation_everything_is_still_there() {
    let home = Home::new();
    for n in 0..5 {
        home.ok(["secret", "create", &format!("s{n}"), &format!("--n={n}")]);
    }
    home.ok(["secret", "update", "s0", "--n=new"]);
    let rotated = home.json(["keys", "rotate"]);
    assert_eq!((&rotated["kind"], &rotated["resealed"]), (&"seal".into(), &6.into()));
    assert_eq!(home.ok(["secret", "get", "s0", "n"]), "new");
    assert_eq!(home.ok(["secret", "get", "s0", "n", "--revision", "1"]), "0");
    assert_eq!(home.ok(["secret", "get", "s4", "n"]), "4");
    for kind in ["digest", "audit", "token", "credential"] {
        home.ok(["keys", "rotate", "--kind", kind]);
    }
    assert_eq!(home.ok(["secret", "get", "s4", "n"]), "4");
    let error = home.fails(2, ["keys", "rotate", "--kind", "sael"]);
    assert!(error.contains("seal"), "{error}");
}

#[test]
fn another_root_key_opens_the_database_after_rewrapping() {
    let mut home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    home.ok(["keys", "generate", "-O", &home.arg("second.key")]);
    home.ok(["keys", "rewrap", "--add", &home.arg("second.key")]);
    let first = fs::read_dir(home.keys()).unwrap().next().unwrap().unwrap().path();
    let first_id = first.file_stem().unwrap().to_str().unwrap().to_owned();
    // The key in use stays.
    home.fails(4, ["keys", "rewrap", "--drop", &first_id]);
    fs::remove_file(&first).unwrap();
    let error = home.fails(1, ["secret", "get", "db", "a"]);
    assert!(error.contains(&first_id), "{error}");

    home.set("STRONGROOM_KEYS_FILE", home.arg("second.key"));
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
    home.ok(["keys", "rewrap", "--drop", &first_id]);
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
    let roots = home.json(["status"])["root_keys"].as_object().unwrap().len();
    assert_eq!(roots, 1);
}

#[test]
fn what_is_no_root_key_is_refused_without_being_shown() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let file = home.file("wrong.key", "hunter2 is a password\n");
    let error = home.fails(1, ["keys", "rewrap", "--add", &file]);
    assert!(error.contains("strongroom keys generate") && !error.contains("hunter2"), "{error}");
    home.fails(3, ["keys", "rewrap", "--add", &home.arg("missing")]);
    home.fails(2, ["keys", "rewrap"]);
    home.fails(2, ["keys", "rewrap", "--drop", "nonsense"]);
}
