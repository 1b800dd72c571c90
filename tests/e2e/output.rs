//! What is printed where, and in which form.

use crate::support::Home;
use std::process::Stdio;

#[test]
fn one_value_is_raw_and_nothing_else() {
    let home = Home::new();
    assert_eq!(home.run_with("a\x1b[0m\tb\\n", ["secret", "create", "db", "--k=@-"]).code, 0);
    let ended = home.run(["secret", "get", "db", "k"]);
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("a\x1b[0m\tb\\n", ""));
}

#[test]
fn piped_tables_are_tab_separated_with_a_head() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--b=2", "--a=x\ty\\"]);
    assert_eq!(home.ok(["secret", "get", "db"]), "key\tvalue\na\tx\\ty\\\\\nb\t2\n");
    let list = home.ok(["secret", "list"]);
    let lines: Vec<_> = list.lines().collect();
    assert_eq!(lines[0], "name\tid\tprivate\towner\trevision\tcreated\tupdated");
    let id = home.json(["secret", "get", "db"])["id"].as_str().unwrap().to_owned();
    assert!(lines[1].starts_with(&format!("db\t{id}\tfalse\tadmin\t1\t2")), "{list}");
    assert!(home.ok(["secret", "versions", "db"]).starts_with("revision\tcreated\tcurrent\n1\t"));
    assert!(home.ok(["secret", "list", "-o", "table"]).starts_with("NAME  ID        PRIVATE"));
}

#[test]
fn lists_have_pages_and_filters() {
    let home = Home::new();
    for name in ["a", "b", "c"] {
        home.ok(["secret", "create", name, "--k=hunter2"]);
    }
    let ended = home.run(["secret", "list", "--size", "2", "--sort-by", "name"]);
    assert_eq!(ended.out.lines().count(), 3);
    assert!(ended.err.contains("page 1 of 2, 2 of 3 secrets"), "{}", ended.err);
    assert!(!home.ok(["secret", "list", "-o", "yaml"]).contains("hunter2"));
    assert_eq!(home.json(["secret", "list", "--name", r#"oneof:["a","c"]"#]).as_array().unwrap().len(), 2);
    assert_eq!(home.json(["secret", "list", "--user", "admin"]).as_array().unwrap().len(), 3);
    home.fails(2, ["secret", "list", "--page", "2"]);
    home.fails(2, ["secret", "list", "--created", "gt:tomorrow"]);
    home.fails(2, ["secret", "list", "--sort-by", "size"]);
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let mut child = home.command(["secret", "list"]).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_key_that_nobody_read_is_a_failure() {
    let home = Home::new();
    home.ok(["service-account", "create", "bot", "--role", "reader"]);
    for args in [
        &["keys", "generate"][..],
        &["api-key", "create", "bot"],
        &["api-key", "rotate", "bot", "default"],
        &["-o", "json", "api-key", "rotate", "bot", "default"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = home.command(args).stdout(Stdio::from(writer)).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {error}");
        assert!(error.contains("nobody read the key") && error.lines().count() == 1, "{args:?}: {error}");
    }
}

#[test]
fn a_key_that_finds_no_room_is_said_to_be_lost() {
    let home = Home::new();
    home.ok(["service-account", "create", "bot", "--role", "reader"]);
    for args in [
        &["keys", "generate"][..],
        &["api-key", "create", "bot"],
        &["-o", "json", "api-key", "rotate", "bot", "default"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = home.command(args).stdout(Stdio::from(full)).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {error}");
        assert!(error.starts_with("error: standard output: "), "{args:?}: {error}");
        assert!(error.contains("nobody read the key") && error.lines().count() == 1, "{args:?}: {error}");
    }
}

#[test]
fn a_disk_that_is_full_is_one() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = home.command(["secret", "get", "db"]).stdout(Stdio::from(full)).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: standard output"));
}
