//! `@FILE`, `@-`, `-v`, and that what is given stays with us.

use crate::support::Home;
use serde_json::json;
use std::{
    fs,
    io::Write,
    process::Stdio,
    time::{Duration, Instant},
};

#[test]
fn values_come_from_files_and_standard_input() {
    let home = Home::new();
    let file = home.file("v", "from a file\n");
    let ended = home.run_with(
        "from input\r\n",
        ["secret", "create", "db", &format!("--f=@{file}"), "--i=@-", "--lit=@@x", "--home=@~/v"],
    );
    assert_eq!(ended.code, 0, "{}", ended.err);
    let expected = json!({"f": "from a file\n", "i": "from input\r\n", "lit": "@x", "home": "from a file\n"});
    assert_eq!(home.values("db"), expected);
}

#[test]
fn a_pipe_is_a_file_too() {
    let home = Home::new();
    let ended = home.run_with("piped", ["secret", "create", "db", "--a=@/dev/stdin"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "piped");
}

#[test]
fn maps_come_as_text_file_and_input() {
    let home = Home::new();
    let file = home.file("m.yaml", "a: one\nb: 'no'\n");
    home.ok(["secret", "create", "file", "-v", &format!("@{file}")]);
    home.ok(["secret", "create", "text", "--values", r#"{"a": "one", "b": "no"}"#]);
    home.ok(["secret", "create", "equals", "--values=a: one\nb: 'no'"]);
    assert_eq!(home.run_with("{a: one, b: 'no'}", ["secret", "create", "input", "-v", "@-"]).code, 0);
    for name in ["file", "text", "equals", "input"] {
        assert_eq!(home.values(name), json!({"a": "one", "b": "no"}), "{name}");
    }
    home.ok(["secret", "update", "file", "-v", "c: three", "--d=4"]);
    assert_eq!(home.values("file"), json!({"a": "one", "b": "no", "c": "three", "d": "4"}));
}

#[test]
fn a_map_of_anything_but_texts_is_2_and_names_the_key() {
    let home = Home::new();
    for (map, words) in [
        (r#"{"port": 31337}"#, "`port` is a number"),
        ("port: 31337", "`port` is a number"),
        ("a: yes", "`a` is true or false"),
        (r#"{"a": "31337", "a": "31337"}"#, "`a` is there twice"),
        (r#"{"a": {"b": "31337"}}"#, "`a` is a map"),
        ("a: '31337", "neither JSON nor YAML"),
    ] {
        let error = home.fails(2, ["secret", "create", "s", "-v", map]);
        assert!(error.contains(words) && !error.contains("31337"), "{error}");
    }
    assert!(!home.database().exists(), "a usage error makes no database");
}

/// The arguments and the environment of a process, as everybody on the machine may see the former.
fn seen(pid: u32) -> Vec<u8> {
    let read = |what: &str| fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
    [read("cmdline"), read("environ")].concat()
}

#[test]
fn a_value_from_input_is_in_no_arguments_environment_or_child() {
    let home = Home::new();
    let mut child = home.command(["secret", "create", "db", "--a=@-"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"hunter2-in-the-process-list").unwrap();
    stdin.flush().unwrap();
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(200) {
        let listed = seen(child.id());
        assert!(!listed.windows(7).any(|window| window == b"hunter2"));
        let children =
            fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap_or_default();
        assert_eq!(children.trim(), "", "no child is started");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "hunter2-in-the-process-list");
}

#[test]
fn an_import_from_what_is_no_file_needs_a_name() {
    let home = Home::new();
    fs::create_dir(home.path("directory")).unwrap();
    for file in ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", &home.arg("directory")] {
        let ended = home.run_with("a: x", ["secret", "import", file]);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{file}: {}", ended.err);
        assert!(ended.err.contains("pass --name NAME"), "{file}: {}", ended.err);
    }
    assert!(!home.database().exists());
    let ended = home.run_with("a: x", ["secret", "import", "/dev/stdin", "--name", "db"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "x");
}

#[test]
fn a_value_is_in_no_file_in_the_clear() {
    let home = Home::new();
    let secret = "hunter2-canary-0123456789";
    assert_eq!(home.run_with(secret, ["secret", "create", "db", "--a=@-"]).code, 0);
    home.ok(["secret", "update", "db", "--b=x"]);
    for path in home.files() {
        let content = fs::read(&path).unwrap();
        assert!(
            !content.windows(secret.len()).any(|window| window == secret.as_bytes()),
            "{}",
            path.display()
        );
    }
}
