//! Processes killed, or overtaken, just between two steps of a write to a store.

use crate::{processes::Obstacle, support::Home};
use serde_json::json;

/// A home with one secret, and an update of it that waits in its put: its pending row is there, its version is not.
fn with_an_update_that_waits() -> (Home, std::process::Child, Obstacle) {
    let home = Home::with_directory();
    home.ok(["secret", "create", "db", "--a=1"]);
    let obstacle = Obstacle::in_the_way(&home.only_object());
    let writer = home.spawn(["secret", "update", "db", "--a=2"]);
    (home, writer, obstacle)
}

#[test]
fn an_update_killed_before_its_put_never_was() {
    let (home, mut writer, obstacle) = with_an_update_that_waits();
    obstacle.while_waiting(|| {
        assert_eq!(home.json(["status"])["open_attempts"], 1);
        assert_eq!(home.ok(["secret", "get", "db", "a"]), "1", "readers do not wait");
        writer.kill().unwrap();
        writer.wait().unwrap();
    });
    let report = home.json(["repair"]);
    assert_eq!((&report["fenced"], &report["unknown"]), (&json!(1), &json!(0)), "{report}");
    assert_eq!(home.json(["status"])["open_attempts"], 0);
    home.ok(["secret", "update", "db", "--b=3"]);
    assert_eq!(home.values("db"), json!({"a": "1", "b": "3"}));
    assert_eq!(home.kept().len(), 2);
}

#[test]
fn a_create_killed_before_its_commit_gives_the_name_back() {
    let home = Home::with_directory();
    home.ok(["secret", "create", "other", "--a=1"]);
    let mut killed = 0;
    for _ in 0..40 {
        // There is nothing to hold up a create in: the moments are tried one after the other.
        let mut child = home.spawn(["secret", "create", "db", "--a=1"]);
        std::thread::sleep(std::time::Duration::from_millis(4 + killed / 2));
        child.kill().unwrap();
        killed += u64::from(!child.wait().unwrap().success());
        match home.run(["secret", "create", "db", "--a=2"]).code {
            0 => {}
            4 => drop(home.ok(["secret", "get", "db", "a"])),
            code => panic!("{code}"),
        }
        home.ok(["secret", "delete", "db", "-y"]);
    }
    assert!(killed > 0);
}

#[test]
fn an_update_that_was_given_up_while_it_was_slow_begins_again() {
    let (home, writer, obstacle) = with_an_update_that_waits();
    obstacle.while_waiting(|| {
        assert_eq!(home.json(["repair"])["fenced"], 1);
        home.ok(["secret", "update", "db", "--b=3"]);
    });
    let ended = crate::support::ended(writer.wait_with_output().unwrap());
    assert_eq!(ended.code, 0, "{}", ended.err);
    let secret = home.json(["secret", "get", "db"]);
    assert_eq!((&secret["revision"], &secret["values"]), (&json!(3), &json!({"a": "2", "b": "3"})));
    assert_eq!(home.json(["repair"])["unknown"], 0);
    assert_eq!((home.known(), home.kept().len()), (3, 3), "its first put is gone");
}

#[test]
fn a_secret_deleted_while_an_update_is_slow_stays_deleted() {
    let (home, writer, obstacle) = with_an_update_that_waits();
    obstacle.while_waiting(|| drop(home.ok(["secret", "delete", "db", "-y"])));
    let ended = crate::support::ended(writer.wait_with_output().unwrap());
    assert_eq!(ended.code, 3, "{}", ended.err);
    home.fails(3, ["secret", "get", "db"]);
    home.ok(["repair"]);
    assert_eq!(home.kept().len(), 0);
}

#[test]
fn a_store_that_is_down_loses_nothing_and_blocks_nothing_for_good() {
    let home = Home::with_directory();
    home.ok(["secret", "create", "db", "--a=1"]);
    home.ok(["secret", "create", "old", "--a=1"]);
    let switch = home.file("store/down", "");
    for args in [["secret", "update", "db", "--a=2"], ["secret", "create", "new", "--a=2"]] {
        home.fails(6, args);
    }
    home.fails(6, ["secret", "get", "db"]);
    home.ok(["secret", "delete", "old", "-y"]);
    home.ok(["secret", "rename", "db", "db2"]);
    assert_eq!(home.json(["status"])["open_attempts"], 0);
    std::fs::remove_file(switch).unwrap();
    assert_eq!(home.values("db2"), json!({"a": "1"}));
    home.ok(["secret", "create", "new", "--a=3"]);
    home.ok(["secret", "update", "db2", "--a=4"]);
    let report = home.json(["repair"]);
    assert_eq!((&report["failed"], &report["unknown"]), (&json!(0), &json!(0)), "{report}");
    assert_eq!((home.known(), home.kept().len()), (3, 3), "what was deleted meanwhile is gone");
}
