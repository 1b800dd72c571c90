//! Processes that want the same at the same time.

use crate::support::{Ended, Home};
use serde_json::json;
use std::{fs, thread};

fn inputs(count: usize) -> Vec<String> {
    (0..count).map(|n| n.to_string()).collect()
}

/// The one that exits with 0; the others must exit with 4 and say that it is there.
fn only_winner(ended: &[Ended]) -> usize {
    let winners: Vec<_> = (0..ended.len()).filter(|n| ended[*n].code == 0).collect();
    assert_eq!(winners.len(), 1, "{ended:?}");
    for loser in ended.iter().filter(|ended| ended.code != 0) {
        assert!(loser.code == 4 && loser.err.contains("already"), "{loser:?}");
    }
    winners[0]
}

fn one_name_is_made_once(home: &Home) {
    home.ok(["secret", "create", "before", "--n=0"]);
    for name in ["a", "b", "c", "d"] {
        let winner = only_winner(&home.together(&inputs(8), ["secret", "create", name, "--n=@-"]));
        assert_eq!(home.values(name), json!({"n": winner.to_string()}));
    }
    let status = home.json(["status"]);
    assert_eq!((&status["secrets"], &status["open_attempts"]), (&json!(5), &json!(0)), "{status}");
}

#[test]
fn one_of_eight_creates_of_a_name_wins() {
    let home = Home::new();
    one_name_is_made_once(&home);
    let status = home.json(["status"]);
    assert_eq!(status["versions"], json!({"in the database": 5}));
    assert_eq!(status["to_be_removed"], 0);
}

#[test]
fn one_of_eight_creates_of_a_name_wins_in_a_store() {
    let mut home = Home::with_directory();
    home.set("STRONGROOM_ENGINE_LEASE_MS", "3000");
    home.set("STRONGROOM_ENGINE_LATE_MS", "3000");
    one_name_is_made_once(&home);
    assert_eq!((home.known(), home.kept().len()), (5, 5), "what the losers put is gone");
    // Nothing can come late any more.
    thread::sleep(std::time::Duration::from_millis(3100));
    let report = home.json(["repair"]);
    for what in ["fenced", "failed", "waiting", "unknown"] {
        assert_eq!(report[what], 0, "{report}");
    }
    assert_eq!(home.json(["status"])["to_be_removed"], 0);
}

#[test]
fn processes_that_start_in_an_empty_home_make_one_database_and_one_key() {
    for _ in 0..5 {
        let home = Home::new();
        let winner = only_winner(&home.together(&inputs(3), ["secret", "create", "db", "--n=@-"]));
        assert_eq!(home.ok(["secret", "get", "db", "n"]), winner.to_string());
        assert_eq!(fs::read_dir(home.keys()).unwrap().count(), 1);
        let status = home.json(["status"]);
        assert_eq!(status["keys"].as_array().unwrap().len(), 5);
        assert_eq!(status["root_keys"].as_object().unwrap().len(), 1);
    }
}

#[test]
fn processes_that_start_in_an_empty_home_with_different_secrets_all_succeed() {
    let home = Home::new();
    thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let home = &home;
            scope.spawn(move || home.ok(["secret", "create", name, "--k=v"]));
        }
    });
    assert_eq!(home.json(["secret", "list"]).as_array().unwrap().len(), 3);
    assert_eq!(fs::read_dir(home.keys()).unwrap().count(), 1);
}

/// Eight processes at a time change four keys each, one by one, while `meanwhile` goes on.
fn all_patches_are_there(home: &Home, meanwhile: impl Fn() + Sync) {
    home.ok(["secret", "create", "db", "--first=1"]);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                scope.spawn(move || {
                    for n in 0..4 {
                        home.ok(["secret", "update", "db", &format!("--k{writer}{n}={writer}")]);
                    }
                })
            })
            .collect();
        while writers.iter().any(|writer| !writer.is_finished()) {
            meanwhile();
        }
    });
    let secret = home.json(["secret", "get", "db"]);
    assert_eq!(secret["revision"], 33);
    let values = secret["values"].as_object().unwrap();
    assert_eq!(values.len(), 33);
    for (writer, n) in (0..8).flat_map(|writer| (0..4).map(move |n| (writer, n))) {
        assert_eq!(values[&format!("k{writer}{n}")], writer.to_string());
    }
    assert_eq!(home.json(["status"])["open_attempts"], 0);
}

fn a_moment() {
    thread::sleep(std::time::Duration::from_millis(5));
}

#[test]
fn no_patch_of_another_key_is_lost() {
    all_patches_are_there(&Home::new(), a_moment);
}

#[test]
fn no_patch_of_another_key_is_lost_in_a_store() {
    let home = Home::with_directory();
    all_patches_are_there(&home, a_moment);
    home.ok(["repair"]);
    // The history keeps ten.
    assert_eq!((home.known(), home.kept().len()), (10, 10));
}

#[test]
fn no_patch_is_lost_to_somebody_who_repairs_all_the_time() {
    let home = Home::with_directory();
    all_patches_are_there(&home, || {
        let report = home.json(["repair"]);
        assert_eq!((&report["unknown"], &report["failed"]), (&json!(0), &json!(0)), "{report}");
    });
    home.ok(["repair"]);
    assert_eq!((home.known(), home.kept().len()), (10, 10));
}
