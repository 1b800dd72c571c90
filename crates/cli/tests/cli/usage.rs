//! Mistakes on the command line.

use crate::support::{Around, Program};

#[test]
fn a_mistake_is_explained_in_one_line_with_a_remedy() {
    let program = Program::new();
    for (args, words) in [
        (["secret", "lst", "-p"], "'list'"),
        (["secret", "list", "--nmae=x"], "'--name'"),
        (["secret", "get", "--revision"], "strongroom secret get --help"),
        (["secret", "create", "--a=1"], "NAME is missing"),
        (["keys", "rewrap", "-y"], "strongroom keys rewrap --help"),
    ] {
        let ended = program.run(args);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
        assert!(ended.err.contains(words) && ended.err.lines().count() == 1, "{args:?}: {}", ended.err);
    }
    assert_eq!(program.opened(), 0);
}

#[test]
fn what_may_be_a_value_is_not_repeated() {
    let program = Program::new();
    for args in [
        ["secret", "create", "db", "hunter2", "--a=1"],
        ["secret", "create", "db", "--private=hunter2", "--a=1"],
        ["secret", "create", "db", "-p=hunter2", "--a=1"],
        ["secret", "update", "db", "-p", "hunter2"],
        ["secret", "create", "db", "-v", "hunter2"],
        ["secret", "create", "db", "--a=hunter2", "--a=hunter2"],
        ["secret", "create", "db", "-xhunter2", "--a=1"],
    ] {
        let ended = program.run(args);
        assert_eq!(ended.code, 2, "{args:?}");
        assert!(!ended.err.contains("hunter2"), "{args:?}: {}", ended.err);
        assert_eq!(ended.err.lines().count(), 1, "{args:?}: {}", ended.err);
    }
}

#[test]
fn a_pem_or_a_document_without_its_key_is_neither_shown_nor_a_key() {
    let program = Program::new();
    for value in [
        "-----BEGIN PRIVATE KEY-----\nhunter2==\n-----END PRIVATE KEY-----",
        "---\npassword: hunter2\n",
        "---\npassword: hunter2=\n",
        "--hunter2 hunter2=",
        "--hunter2\u{a0}hunter2",
        "--hunter2\u{7f}=x",
    ] {
        for command in ["create", "update"] {
            let ended = program.run(["secret", command, "db", "--a=1", value]);
            assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{value:?}");
            assert!(ended.err.contains("-v '{"), "{value:?}: {}", ended.err);
            assert!(!ended.err.contains("hunter2") && !ended.err.contains("BEGIN"), "{}", ended.err);
            assert_eq!(ended.err.lines().count(), 1, "{value:?}: {}", ended.err);
        }
    }
    assert_eq!(program.opened(), 0);
}

#[test]
fn a_root_key_in_the_place_of_its_file_is_not_repeated() {
    let program = Program::new();
    let key = program.ok(["keys", "generate"]);
    let key = key.trim();
    let secret = key.split(':').nth(3).unwrap();
    for args in
        [&["rewrap", key][..], &["rewrap", "--add=x", key], &["generate", key], &["rotate", key], &[key]]
    {
        let ended = match *args {
            [a] => program.run(["keys", a]),
            [a, b] => program.run(["keys", a, b]),
            [a, b, c] => program.run(["keys", a, b, c]),
            _ => unreachable!(),
        };
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{}", args[0]);
        assert!(!ended.err.contains(secret), "{}: it is shown", args[0]);
        assert_eq!(ended.err.lines().count(), 1, "{}", args[0]);
    }
    assert_eq!(program.opened(), 0);
}

#[test]
fn a_key_without_a_value_is_a_mistake() {
    let program = Program::new();
    for command in ["create", "update"] {
        let ended = program.run(["secret", command, "db", "--password", "hunter2"]);
        assert_eq!(ended.code, 2);
        assert!(ended.err.contains("--password=VALUE") && !ended.err.contains("hunter2"), "{}", ended.err);
    }
}

#[test]
fn help_and_version_are_results() {
    let program = Program::new();
    for args in [["secret", "create", "--help"], ["secret", "update", "-h"], ["secret", "list", "--help"]] {
        let ended = program.run(args);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{args:?}");
        assert!(ended.out.contains("Usage: strongroom secret"), "{}", ended.out);
    }
    assert!(program.ok(["--version"]).starts_with("strongroom "));
    assert!(program.ok(["--help"]).contains("Exit codes"));
    assert_eq!(program.opened(), 0);
}

#[test]
fn without_a_command_there_is_help_and_a_failure() {
    let program = Program::new();
    let ended = program.run([]);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(ended.err.contains("Usage: strongroom"), "{}", ended.err);
    assert_eq!(program.run(["secret"]).code, 2);
}

#[test]
fn names_and_values_out_of_bounds_are_refused_with_the_numbers() {
    let program = Program::new();
    let name = "ä".repeat(255);
    program.ok(["secret", "create", &name, "--a=1"]);
    assert_eq!(program.ok(["secret", "get", &name, "a"]), "1");
    let ended = program.run(["secret", "create", &"ä".repeat(256), "--a=1"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("255") && ended.err.contains("256"), "{}", ended.err);

    let fits = format!("{{\"k\": \"{}\"}}", "x".repeat(65_535));
    assert_eq!(program.run_in(Around::input(fits), ["secret", "create", "fits", "-v", "@-"]).code, 0);
    let over = format!("{{\"k\": \"{}\"}}", "x".repeat(65_536));
    let ended = program.run_in(Around::input(over), ["secret", "create", "over", "-v", "@-"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("65537") && ended.err.contains("65536"), "{}", ended.err);
    assert_eq!(program.run(["secret", "get", "over"]).code, 3);
}

#[test]
fn a_store_without_administration_says_so() {
    let program = Program::new();
    for args in [["keys", "rotate"], ["database", "migrate"]] {
        let ended = program.run(args);
        assert!(args[0] == "database" || ended.code == 1, "{args:?}: {}", ended.err);
    }
    let ended = program.run(["status"]);
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("no database of ours"), "{}", ended.err);
}
