//! `list`.

use crate::support::{Around, Program};

fn three() -> Program {
    let program = Program::new();
    program.ok(["secret", "create", "db/a", "--k=hunter2"]);
    program.ok(["secret", "create", "db/b", "--k=hunter2"]);
    program.ok(["secret", "create", "mail", "-p", "--k=hunter2"]);
    program
}

/// The names that a list shows, in their order.
fn names<const N: usize>(program: &Program, args: [&str; N]) -> Vec<String> {
    let ended = program.run(args);
    assert_eq!(ended.code, 0, "{}", ended.err);
    ended.out.lines().skip(1).map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn no_form_of_a_list_shows_a_value() {
    let program = three();
    for format in ["json", "yaml", "table"] {
        let out = program.ok(["-o", format, "secret", "list"]);
        assert!(out.contains("db/a") && !out.contains("hunter2"), "{out}");
    }
    let out = program.ok(["secret", "list"]);
    assert!(out.starts_with("name\tid\tprivate\towner\trevision\tcreated\tupdated\n"), "{out}");
    assert!(!out.contains("hunter2"));
}

#[test]
fn the_newest_comes_first_unless_asked_otherwise() {
    let program = three();
    assert_eq!(names(&program, ["secret", "list"]), ["mail", "db/b", "db/a"]);
    assert_eq!(names(&program, ["secret", "list", "--sort-by", "name"]), ["db/a", "db/b", "mail"]);
    assert_eq!(names(&program, ["secret", "list", "--sort_by=desc:name"]), ["mail", "db/b", "db/a"]);
    assert_eq!(program.run(["secret", "list", "--sort-by", "size"]).code, 2);
}

#[test]
fn filters_are_those_of_the_api() {
    let program = three();
    let id = program.json("db/a")["id"].as_str().unwrap().to_owned();
    assert_eq!(
        names(&program, ["secret", "list", "--name", "startswith:db/", "--sort-by", "name"]),
        ["db/a", "db/b"]
    );
    assert_eq!(names(&program, ["secret", "list", "--name", "db/a"]), ["db/a"]);
    assert_eq!(names(&program, ["secret", "list", "--id", &id]), ["db/a"]);
    assert_eq!(names(&program, ["secret", "list", "--private"]), ["mail"]);
    assert_eq!(names(&program, ["secret", "list", "-p", "false", "--sort-by", "name"]), ["db/a", "db/b"]);
    assert_eq!(names(&program, ["secret", "list", "--user", "nobody"]), [""; 0]);
    assert_eq!(names(&program, ["secret", "list", "--created", "lt:2020-01-01 00:00:00"]), [""; 0]);
    assert_eq!(
        names(&program, ["secret", "list", "--name", "mail", "--name", "db/b", "--logical-operator", "or"]),
        ["mail", "db/b"]
    );
    let ended = program.run(["secret", "list", "--created", "gt:yesterday"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("created"), "{}", ended.err);
}

#[test]
fn a_part_of_a_list_says_so() {
    let program = three();
    let ended = program.run(["secret", "list", "--size", "2", "--page", "2"]);
    assert_eq!(ended.out.lines().count(), 2);
    assert!(ended.err.contains("page 2 of 2, 1 of 3 secrets"), "{}", ended.err);
    assert_eq!(program.run(["secret", "list", "--page", "9"]).code, 2);
    assert_eq!(program.run(["secret", "list", "--size", "0"]).code, 2);
    assert_eq!(program.run(["secret", "list", "--size", "10001"]).code, 2);
    assert_eq!(program.run(["secret", "list"]).err, "");
}

#[test]
fn an_empty_list_is_an_empty_document() {
    let program = Program::new();
    assert_eq!(program.ok(["secret", "list", "-o", "json"]), "[]\n");
    assert_eq!(program.ok(["secret", "list", "-o", "yaml"]), "[]\n");
    let ended = program.run_in(Around::terminal([]), ["secret", "list"]);
    assert_eq!((ended.code, ended.out.as_str()), (0, ""));
}

#[test]
fn private_secrets_of_others_are_not_there() {
    let program = three();
    let other = program.somebody_else();
    let new = strongroom_core::NewSecret::new(
        strongroom_core::SecretName::new("theirs").unwrap(),
        [("k", "v")].into_iter().collect(),
    );
    futures::executor::block_on(other.store().create(other.context(), new.private(true))).unwrap();
    assert!(!names(&program, ["secret", "list"]).contains(&"theirs".to_owned()));
    assert_eq!(program.run(["secret", "get", "theirs"]).code, 3);
    assert_eq!(program.run(["secret", "delete", "theirs", "-y"]).code, 3);
}
