//! Questions.

use crate::support::{Around, Program};
use serde_json::json;

#[test]
fn interactive_create_asks_for_pairs_until_no_key_is_given() {
    let program = Program::new();
    let answers = ["user", "joe", "user", "password", "hunter2", ""];
    let ended = program.run_in(Around::terminal(answers), ["secret", "create", "db", "-i"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.err.contains("`user` is there already"), "{}", ended.err);
    assert!(!ended.err.contains("hunter2") && !ended.err.contains("hint"), "{}", ended.err);
    assert_eq!(program.json("db")["values"], json!({"user": "joe", "password": "hunter2"}));
}

#[test]
fn interactive_update_keeps_what_is_not_answered() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1", "--b=2", "--c=3"]);
    let answers = ["", "9", "", "d", "4", ""];
    let ended = program.run_in(Around::terminal(answers), ["secret", "update", "db", "-i"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(program.json("db")["values"], json!({"a": "1", "b": "9", "c": "3", "d": "4"}));
    let ended = program.run_in(Around::terminal(["", "", "", "", ""]), ["secret", "update", "db", "-i"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(program.json("db")["revision"], 2, "nothing was answered");
}

#[test]
fn the_end_of_the_input_in_place_of_a_value_changes_nothing() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1", "--b=2"]);
    for answers in [Around::terminal(["9"]), Around::terminal(["9", "8", "c"])] {
        let ended = program.run_in(answers, ["secret", "update", "db", "-i"]);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{}", ended.err);
        assert!(ended.err.ends_with("error: no answer; nothing was changed\n"), "{}", ended.err);
    }
    let ended = program.run_in(Around::terminal(["a", "1", "b"]), ["secret", "create", "other", "-i"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert_eq!(program.run(["secret", "get", "other"]).code, 3);
    assert_eq!(program.json("db")["revision"], 1);
    // In place of a key it says that there are no more.
    let ended = program.run_in(Around::terminal(["", "8"]), ["secret", "update", "db", "-i"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(program.json("db")["values"], json!({"a": "1", "b": "8"}));
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let program = Program::new();
    let ended = program.run(["secret", "create", "db", "-i"]);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(ended.err.contains("there is none"), "{}", ended.err);
}

#[test]
fn the_end_of_the_input_is_no_yes() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    for answers in [Around::terminal([]), Around::terminal([""]), Around::terminal(["yep"])] {
        assert_eq!(program.run_in(answers, ["secret", "delete", "db"]).code, 1);
    }
    program.ok(["secret", "get", "db"]);
}

#[test]
fn an_import_over_a_secret_asks_on_a_terminal() {
    let program = Program::new();
    program.ok(["secret", "create", "db", "--a=1"]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("db.yaml");
    std::fs::write(&file, "b: two\n").unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(program.run_in(Around::terminal(["n"]), ["secret", "import", file]).code, 1);
    assert_eq!(program.json("db")["values"], json!({"a": "1"}));
    let ended = program.run_in(Around::terminal(["y"]), ["secret", "import", file]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(program.json("db")["values"], json!({"b": "two"}));
}
