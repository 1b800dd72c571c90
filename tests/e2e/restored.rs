//! Databases that went back in time, while their store did not.

use crate::{processes::Obstacle, store::Kept, support::Home, support::ended};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, thread};

/// Puts a file in place of the database.
fn put_back(home: &Home, copy: &str) {
    for suffix in ["", "-wal", "-shm"] {
        drop(fs::remove_file(format!("{}{suffix}", home.database().display())));
    }
    fs::copy(home.path(copy), home.database()).unwrap();
}

/// The versions that a repair says it knows nothing of.
fn unknown(report: &Value) -> BTreeSet<Kept> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let versions = report["unknown_versions"].as_array().unwrap().iter();
    versions.map(|version| (text(&version["object"]), text(&version["version"]))).collect()
}

#[test]
fn a_backup_put_back_removes_nothing_that_is_newer() {
    let home = &Home::with_directory();
    for n in 0..10 {
        home.ok(["secret", "create", &format!("s{n}"), "--n=0"]);
    }
    let change = |n: usize| match n % 3 {
        0 => home.ok(["secret", "create", &format!("new{n}"), "--n=1"]),
        _ => home.ok(["secret", "update", &format!("s{}", n % 10), &format!("--n={n}")]),
    };
    thread::scope(|scope| {
        let writers =
            [0, 1].map(|writer| scope.spawn(move || (0..10).for_each(|n| drop(change(writer * 10 + n)))));
        // In the middle of their writes.
        home.ok(["database", "backup", &home.arg("copy.db")]);
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    });
    (100..200).for_each(|n| drop(change(n)));
    let newest = home.kept();
    put_back(home, "copy.db");

    for n in 0..10 {
        home.ok(["secret", "get", &format!("s{n}")]);
    }
    let deep = home.json(["status", "--deep"]);
    let report = home.json(["repair"]);
    assert_eq!(home.kept(), newest, "nothing is removed");
    assert_eq!(unknown(&deep), unknown(&report), "it is told of before anything is done");
    assert_eq!(deep["tried"], json!({"default": "works"}));
    let known = home.known();
    // What fell out of the history since is lost to the backup; everything else it knows.
    let lost = lost(home);
    assert_eq!(unknown(&report).len() as u64, newest.len() as u64 - (known - lost));
    assert_eq!(report["removed"], 0);
    assert!(unknown(&report).is_subset(&newest) && unknown(&report).len() >= 100 - 40, "{report}");

    // Life goes on beside it.
    home.ok(["secret", "create", "after", "--n=2"]);
    home.ok(["secret", "update", "s1", "--n=2"]);
    home.ok(["secret", "delete", "after", "-y"]);
    let again = home.json(["repair"]);
    assert_eq!(unknown(&again), unknown(&report), "what is unknown stays so");
    assert!(unknown(&again).is_subset(&home.kept()));
    home.json(["repair", "--restored"]);
    assert!(unknown(&again).is_subset(&home.kept()));
    // And goes only when told to.
    home.ok(["repair", "--remove-foreign", "-y"]);
    assert!(unknown(&again).is_disjoint(&home.kept()));
    assert_eq!(home.values("s1"), json!({"n": "2"}));
}

/// How many versions that the database knows cannot be read.
fn lost(home: &Home) -> u64 {
    let mut lost = 0;
    for n in 0..10 {
        let name = format!("s{n}");
        for version in home.json(["secret", "versions", &name]).as_array().unwrap() {
            let revision = version["revision"].to_string();
            lost += u64::from(home.run(["secret", "get", &name, "--revision", &revision]).code != 0);
        }
    }
    lost
}

/// A home whose database was copied while an update was under way that succeeded afterwards.
fn with_a_copy_that_is_too_old() -> Home {
    let home = Home::with_directory();
    home.ok(["secret", "create", "db", "--a=1"]);
    let obstacle = Obstacle::in_the_way(&home.only_object());
    let writer = home.spawn(["secret", "update", "db", "--a=2"]);
    obstacle.while_waiting(|| {
        assert_eq!(home.json(["status"])["open_attempts"], 1);
        copy_files(&home);
    });
    let ended = ended(writer.wait_with_output().unwrap());
    assert_eq!(ended.code, 0, "{}", ended.err);
    home.ok(["secret", "update", "db", "--a=3"]);
    home
}

fn copy_files(home: &Home) {
    for suffix in ["", "-wal", "-shm"] {
        let from = format!("{}{suffix}", home.database().display());
        if fs::exists(&from).unwrap() {
            fs::copy(from, home.path(&format!("copy.db{suffix}"))).unwrap();
        }
    }
}

fn put_files_back(home: &Home) {
    put_back(home, "copy.db");
    if home.path("copy.db-wal").exists() {
        fs::copy(home.path("copy.db-wal"), format!("{}-wal", home.database().display())).unwrap();
    }
}

#[test]
fn a_copy_put_back_and_told_so_removes_nothing() {
    let home = with_a_copy_that_is_too_old();
    let newest = home.kept();
    put_files_back(&home);
    let report = home.json(["repair", "--restored"]);
    assert_eq!((&report["forgotten"], &report["removed"]), (&json!(1), &json!(0)), "{report}");
    assert_eq!(home.kept(), newest, "the update that succeeded later is still there");
    assert_eq!((newest.len(), unknown(&report).len()), (3, 2), "{report}");
    assert_eq!(home.values("db"), json!({"a": "1"}));
    home.ok(["secret", "update", "db", "--b=1"]);
    assert!(newest.is_subset(&home.kept()));
    assert_eq!(home.json(["repair"])["unknown"], 2);
    assert!(newest.is_subset(&home.kept()));
}

#[test]
fn a_backup_made_while_an_update_was_under_way_forgets_it() {
    let home = Home::with_directory();
    home.ok(["secret", "create", "db", "--a=1"]);
    let obstacle = Obstacle::in_the_way(&home.only_object());
    let writer = home.spawn(["secret", "update", "db", "--a=2"]);
    obstacle.while_waiting(|| drop(home.ok(["database", "backup", &home.arg("copy.db")])));
    assert_eq!(ended(writer.wait_with_output().unwrap()).code, 0);
    let newest = home.kept();
    put_back(&home, "copy.db");
    assert_eq!(home.json(["status"])["open_attempts"], 0);
    assert_eq!(home.json(["repair"])["unknown"], 1);
    assert_eq!((home.kept(), home.values("db")), (newest, json!({"a": "1"})));
}
