//! Names, keys and values that somebody made up to break things.

use crate::{databases::Database, support::Home};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "",
        " ",
        "a",
        "A",
        "a ",
        " a",
        "á",
        "a\u{301}",
        "../../etc/passwd",
        "/",
        "a/b",
        ".",
        "-",
        "--",
        "--a=1",
        "-y",
        "%",
        "_",
        "a%",
        "a_",
        "'",
        "\"",
        "';DROP TABLE secrets;--",
        "\\",
        "\n",
        "a\nb",
        "\t",
        "\r",
        "\x1b[2J\x1b[31m",
        "\u{202e}txt.exe",
        "\u{2066}",
        "😀",
        "👩\u{200d}💻",
        "日本",
        "مرحبا",
        "name",
        "null",
        "true",
        "{{x}}",
        "$(id)",
        "`id`",
        "a=b",
        "a:b",
        "equals:a",
        "@file",
        "\u{feff}",
        "\u{fffd}",
        "p:a",
        "u:a",
    ]
    .map(str::to_owned)
    .into();
    names.push("x".repeat(255));
    names.push("😀".repeat(255));
    names
}

/// Does this for every name, a few at a time: on servers each process takes a while.
fn for_each_name(work: impl Fn(usize, &str) + Sync) {
    const TOGETHER: usize = 4;
    let names = names();
    std::thread::scope(|scope| {
        for first in 0..TOGETHER {
            let (names, work) = (&names, &work);
            scope.spawn(move || {
                for (i, name) in names.iter().enumerate().skip(first).step_by(TOGETHER) {
                    work(i, name);
                }
            });
        }
    });
}

fn any_name_is_kept_on(home: &Home) {
    for_each_name(|i, name| {
        let ended = home.run_with(i.to_string(), ["secret", "create", "--n=@-", "--", name]);
        assert_eq!(ended.code, 0, "{name:?}: {}", ended.err);
    });
    for_each_name(|i, name| {
        assert_eq!(home.ok(["secret", "get", "--", name, "n"]), i.to_string(), "{name:?}");
    });
    for_each_name(|_, name| {
        let found = home.json(["secret", "list", &format!("--name=equals:{name}")]);
        let found: Vec<_> = found.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
        assert_eq!(found, [name], "{name:?}");
    });
    let listed = home.json(["secret", "list", "--size", "100"]);
    let mut listed: Vec<_> = listed.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    listed.sort_unstable();
    let mut expected = names();
    expected.sort_unstable();
    assert_eq!(listed, expected);
    // One line each, whatever is in the name.
    let lines = home.ok(["secret", "list", "--size", "100"]);
    assert_eq!(lines.lines().count(), names().len() + 1);
    assert!(!lines.contains('\x1b') && !lines.contains('\u{202e}') && !lines.contains('\r'));
    home.ok(["secret", "delete", "-y", "--", "%"]);
    home.ok(["secret", "delete", "-y", "--", "--a=1"]);
    assert_eq!(home.json(["secret", "list", "--size", "100"]).as_array().unwrap().len(), names().len() - 2);
}

fn filters_have_no_wildcards_on(home: &Home) {
    for name in ["a%b", "a_b", "axb", "a\\b"] {
        home.ok(["secret", "create", name, "--k=v"]);
    }
    for name in ["a%b", "a_b", "a\\b"] {
        for operator in ["equals", "contains", "startswith", "endswith"] {
            let filter = format!("{operator}:{name}");
            let found = home.json(["secret", "list", "--name", &filter]);
            let found: Vec<_> =
                found.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
            assert_eq!(found, [name], "{filter}");
        }
    }
}

#[test]
fn any_name_is_kept_byte_for_byte_and_stays_another_one() {
    any_name_is_kept_on(&Home::new());
}

#[test]
fn filters_have_no_wildcards() {
    filters_have_no_wildcards_on(&Home::new());
}

#[test]
fn any_key_and_value_is_kept_byte_for_byte() {
    any_value_is_kept_on(&Home::new());
}

/// All of it on a database of a server; beginning with an empty one for each.
fn anything_is_kept_on(database: impl Fn() -> Database) {
    for kept in
        [any_name_is_kept_on, filters_have_no_wildcards_on, any_value_is_kept_on, refusals_name_the_rule_on]
    {
        let database = database();
        kept(&database.home());
    }
}

#[test]
#[ignore = "needs STRONGROOM_TEST_POSTGRES"]
fn postgres_anything_is_kept_byte_for_byte() {
    anything_is_kept_on(Database::postgres);
}

#[test]
#[ignore = "needs STRONGROOM_TEST_MARIADB"]
fn mariadb_anything_is_kept_byte_for_byte() {
    anything_is_kept_on(Database::mariadb);
}

#[test]
fn names_that_cannot_be_are_2() {
    refusals_name_the_rule_on(&Home::new());
}

fn refusals_name_the_rule_on(home: &Home) {
    let long = "x".repeat(256);
    let rule = |error: String| assert!(error.contains("255") && error.contains("256"), "{error}");
    rule(home.fails(2, ["secret", "create", &long, "--k=v"]));
    home.ok(["secret", "create", "a", "--k=v"]);
    rule(home.fails(2, ["secret", "get", &long]));
    rule(home.fails(2, ["secret", "rename", "a", &long]));
    let error = home.fails(2, ["secret", "create", "b"]);
    assert!(error.contains("no value is given") && error.contains("--KEY=VALUE"), "{error}");
}

fn any_value_is_kept_on(home: &Home) {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for name in names() {
        values.insert(format!("{name}="), name.clone());
        values.insert(name, "\0\u{1}\u{7f}\u{85}\u{2028}".to_owned());
    }
    values.insert("\0".to_owned(), "\0".to_owned());
    let map = serde_json::to_string(&values).unwrap();
    let ended = home.run_with(&map, ["secret", "create", "s", "-v", "@-"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(home.values("s"), json!(values));
    for key in names() {
        assert_eq!(home.ok(["secret", "get", "s", "--", &key]), values[&key], "{key:?}");
    }
    let yaml = home.ok(["secret", "export", "s"]);
    assert_eq!(home.run_with(&yaml, ["secret", "import", "-", "--name", "again"]).code, 0);
    assert_eq!(home.values("again"), json!(values));
    // Nothing ends at a U+0000, whichever way it comes.
    let escaped = r#"{"before\u0000after": "a\u0000b", "\u0000": ""}"#;
    let expected = json!({"before\0after": "a\0b", "\0": ""});
    let file = home.file("nul.json", escaped);
    home.ok(["secret", "create", "nul", "-v", &format!("@{file}")]);
    assert_eq!(home.values("nul"), expected);
    home.ok(["secret", "import", &file, "-n", "imported nul"]);
    assert_eq!(home.values("imported nul"), expected);
    let yaml = home.file("nul.yaml", "\"before\\0after\": \"a\\0b\"\n\"\\0\": \"\"\n");
    home.ok(["secret", "import", &yaml, "-n", "from yaml"]);
    home.ok(["secret", "update", "nul", "-v", &format!("@{yaml}")]);
    for name in ["nul", "imported nul", "from yaml"] {
        assert_eq!(home.values(name), expected, "{name}");
    }
    let tabs = home.ok(["secret", "get", "s"]);
    assert_eq!(tabs.lines().count(), values.len() + 1, "one line each");
}

#[test]
fn errors_show_hostile_names_escaped() {
    let home = Home::new();
    for name in ["\x1b[2Jx", "\u{202e}x", "a\nerror: b"] {
        let error = home.fails(3, ["secret", "get", name]);
        assert!(!error.contains('\x1b') && !error.contains('\u{202e}'), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn arguments_that_are_no_text_are_2() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let home = Home::new();
    for arg in [&b"--a=hunter2\xff"[..], b"\xffhunter2"] {
        let args = ["secret", "create", "db"].map(OsStr::new).into_iter().chain([OsStr::from_bytes(arg)]);
        let output = home.command(args).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.contains("UTF-8") && !err.contains("hunter2") && err.lines().count() == 1, "{err}");
    }
}

#[test]
fn what_json_prints_is_json_on_one_terminal_or_another() {
    let home = Home::new();
    home.ok(["secret", "create", "\u{202e}\x1b", "--k\"\\=\u{9b}"]);
    let text = home.ok(["-o", "json", "secret", "get", "\u{202e}\x1b"]);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    let secret: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&secret["name"], &secret["values"]), (&json!("\u{202e}\x1b"), &json!({"k\"\\": "\u{9b}"})));
}
