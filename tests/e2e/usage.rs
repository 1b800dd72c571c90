//! Mistakes on the command line.

use crate::support::Home;

#[test]
fn mistakes_are_2_with_a_remedy_and_touch_nothing() {
    let home = Home::new();
    for (args, words) in [
        (["secret", "lst", "-p"], "'list'"),
        (["secret", "list", "--nmae=x"], "'--name'"),
        (["secret", "get", "--revision"], "strongroom secret get --help"),
        (["secret", "create", "--a=1"], "NAME is missing"),
        (["secret", "create", "db"], "--KEY=VALUE"),
        (["secret", "update", "db"], "--KEY=VALUE"),
        (["secret", "create", "-i"], "NAME is missing"),
    ] {
        let error = home.fails(2, args);
        assert!(error.contains(words), "{args:?}: {error}");
    }
    assert_eq!(home.files().len(), 0);
}

#[test]
fn a_change_of_an_account_that_changes_nothing_is_2_and_names_the_options() {
    let home = Home::new();
    for (error, words) in [
        (home.fails(2, ["user", "update", "alice"]), "--full-name TEXT"),
        (home.fails(2, ["service-account", "update", "bot"]), "--description TEXT"),
        (home.fails(2, ["api-key", "update", "bot", "default"]), "--rename NAME"),
    ] {
        assert!(error.contains(words) && error.contains("--active BOOL"), "{error}");
    }
    assert_eq!(home.files().len(), 0);
}

#[test]
fn questions_that_nobody_can_answer_are_2() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    for error in [
        home.fails(2, ["secret", "delete", "db"]),
        home.fails(2, ["secret", "create", "db2", "-i"]),
        home.fails(2, ["secret", "update", "db", "-i"]),
    ] {
        assert!(error.contains("terminal"), "{error}");
    }
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
}

#[test]
fn values_are_not_repeated_in_errors() {
    let home = Home::new();
    for args in [
        ["secret", "create", "db", "hunter2", "--a=1"],
        ["secret", "create", "db", "--password", "hunter2"],
        ["secret", "create", "db", "--a=hunter2", "--a=1"],
        ["secret", "create", "db", "-v", "hunter2"],
        ["secret", "update", "db", "-p", "hunter2"],
        ["secret", "create", "db", "--private=hunter2", "--a=1"],
    ] {
        let error = home.fails(2, args);
        assert!(!error.contains("hunter2"), "{args:?}: {error}");
    }
}

#[test]
fn options_of_the_program_stand_before_the_command() {
    let home = Home::new();
    home.ok(["-o", "json", "secret", "create", "db", "--output=x", "--database=y", "--config=z"]);
    assert_eq!(home.values("db"), serde_json::json!({"output": "x", "database": "y", "config": "z"}));
    let error = home.fails(2, ["secret", "create", "db2", "--a=1", "--output", "json"]);
    assert!(error.contains("before `secret`"), "{error}");
}

#[test]
fn help_is_a_result_and_its_absence_a_failure() {
    let home = Home::new();
    for args in [["secret", "create", "--help"], ["secret", "get", "--help"], ["keys", "rotate", "--help"]] {
        assert!(home.ok(args).contains("Usage: strongroom"));
    }
    assert!(home.ok(["--version"]).starts_with("strongroom 0."));
    let ended = home.run([]);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(ended.err.contains("Usage: strongroom"));
    assert_eq!(home.files().len(), 0);
}
