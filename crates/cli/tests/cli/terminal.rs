//! What a person at a terminal sees, and what a hostile name must not do there.

use crate::support::{Around, Program};

const HOSTILE: &str = "a\x1b[2J\u{202e}b\nc\u{9b}\r\t";

#[test]
fn names_cannot_move_the_cursor_or_turn_the_text() {
    let program = Program::new();
    program.ok(["secret", "create", HOSTILE, "--a=1"]);
    let bad = |text: &str| text.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}'));
    for ended in [
        program.run_in(Around::terminal([]), ["secret", "list"]),
        program.run_in(Around::terminal([]), ["secret", "get", HOSTILE]),
        program.run_in(Around::terminal([]), ["secret", "update", HOSTILE, "--b=2"]),
        program.run_in(Around::terminal([]), ["secret", "get", HOSTILE, "k\x1b[2J"]),
        program.run_in(Around::terminal(["n"]), ["secret", "delete", HOSTILE]),
        program.run_in(Around::terminal([]), ["secret", "get", "a\x1b[2J\u{202e}"]),
        program.run_in(Around::terminal([]), ["secret", "list", "--\x1b[2J"]),
        program.run_in(Around::terminal([]), ["secret", "list", "-o", "json"]),
        program.run_in(Around::terminal([]), ["secret", "list", "-o", "yaml"]),
    ] {
        assert!(!bad(&ended.out) && !bad(&ended.err), "{ended:?}");
        assert!(!ended.out.is_empty() || !ended.err.is_empty());
    }
}

#[test]
fn values_in_a_table_cannot_either_but_a_single_one_is_raw() {
    let program = Program::new();
    program.ok(["secret", "create", "db", &format!("--a={HOSTILE}")]);
    let ended = program.run_in(Around::terminal([]), ["secret", "get", "db"]);
    assert!(ended.out.contains(r"a\u{1b}[2J\u{202e}b\nc\u{9b}\r\t"), "{}", ended.out);
    let ended = program.run_in(Around::terminal([]), ["secret", "get", "db", "a"]);
    assert_eq!(ended.out, format!("{HOSTILE}\n"));
}

#[test]
fn a_value_on_the_command_line_earns_a_hint_on_a_terminal() {
    let program = Program::new();
    let ended = program.run_in(Around::terminal([]), ["secret", "create", "a", "--k=hunter2"]);
    assert!(ended.err.starts_with("hint: ") && ended.err.contains("history"), "{}", ended.err);
    assert_eq!(ended.err.lines().count(), 2, "{}", ended.err);
    assert!(!ended.err.contains("hunter2"));
    assert_eq!(program.run(["secret", "create", "b", "--k=v"]).err, "");

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("value");
    std::fs::write(&file, "v").unwrap();
    let pair = format!("--k=@{}", file.display());
    let ended = program.run_in(Around::terminal([]), ["secret", "create", "c", &pair]);
    assert!(!ended.err.contains("hint"), "{}", ended.err);
}

#[test]
fn an_error_is_one_line_on_standard_error() {
    let program = Program::new();
    for args in [["secret", "get", "nothing"], ["secret", "gett", "x"], ["secret", "create", "a\nb"]] {
        let ended = program.run(args);
        assert_eq!((ended.out.as_str(), ended.err.lines().count()), ("", 1), "{}", ended.err);
        assert!(ended.err.starts_with("error: "), "{}", ended.err);
    }
}
