//! What commands print and log.

use crate::{canary::Canary, support::Home};

/// Runs every command but those that are asked for the value, with all logs, in all formats. Answers how many lines were
/// logged.
fn say_nothing(mut home: Home) -> usize {
    home.set("STRONGROOM_LOG", "trace");
    home.set("RUST_LOG", "trace");
    home.set("RUST_BACKTRACE", "full");
    let (old, new) = (Canary::new("old"), Canary::new("new"));
    let logged = std::cell::Cell::new(0);
    let run = |input: &str, args: &[&str]| {
        for format in ["json", "yaml", "table"] {
            let mut child = home
                .command(["-o", format].iter().chain(args))
                .stdin(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            use std::io::Write as _;
            drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
            let output = child.wait_with_output().unwrap();
            let what = format!("{args:?}");
            for canary in [&old, &new] {
                canary.is_not_in(&what, &output.stdout);
                canary.is_not_in(&what, &output.stderr);
            }
            let lines = String::from_utf8_lossy(&output.stderr);
            let ours = lines.lines().filter(|line| line.contains("\"target\":\"strongroom::"));
            logged.set(logged.get() + ours.count());
            if !output.status.success() || args[0] != "secret" {
                continue;
            }
            // What changes something succeeds once.
            if !matches!(args[1], "get" | "list" | "versions") {
                break;
            }
        }
    };
    let map = home.file("map.json", serde_json::json!({"v": old.value()}).to_string());
    let key = home.arg("second.key");
    let pair = format!("--v={}", old.value());
    run(old.value(), &["secret", "create", "db", "--v=@-", "--other=1"]);
    run("", &["secret", "create", "pair", &pair]);
    run("", &["secret", "create", "map", "-v", &format!("@{map}")]);
    run("", &["secret", "import", &map, "-n", "imported"]);
    run("", &["secret", "import", &map, "-n", "imported", "-y"]);
    run(new.value(), &["secret", "update", "db", "--v=@-"]);
    run("", &["secret", "update", "db", "-r", "nothing"]);
    run("", &["secret", "rename", "db", "db2"]);
    run("", &["secret", "list"]);
    run("", &["secret", "versions", "db2"]);
    run("", &["secret", "get", "db2", "other"]);
    run("", &["secret", "get", "db2", "nothing"]);
    run("", &["secret", "get", "db2", "--revision", "99"]);
    run("", &["secret", "rollback", "db2", "1"]);
    run("", &["secret", "export", "db2", "-f", &home.arg("db2.yaml")]);
    run("", &["secret", "export", "db2", "-f", &home.arg("db2.yaml")]);
    run("", &["secret", "create", "db2", &pair]);
    run("", &["secret", "delete", "pair", "-y"]);
    run("", &["status"]);
    run("", &["backends"]);
    run("", &["repair"]);
    run("", &["repair", "--restored"]);
    run("", &["keys", "generate", "-O", &key]);
    run("", &["keys", "rewrap", "--add", &key]);
    for kind in ["seal", "digest", "audit", "token", "credential"] {
        run("", &["keys", "rotate", "--kind", kind]);
    }
    run("", &["database", "backup", &home.arg("copy.db")]);
    run("", &["database", "migrate"]);
    // The commands did what they are there for.
    assert_eq!(home.json(["secret", "list"]).as_array().unwrap().len(), 3);
    assert_eq!(home.ok(["secret", "get", "db2", "v"]), old.value());
    assert_eq!(home.ok(["secret", "get", "db2", "v", "--revision", "2"]), new.value());
    // Nor when a store does not answer, which is logged.
    home.file("store/down", "");
    run(new.value(), &["secret", "update", "db2", "--v=@-"]);
    run("", &["secret", "get", "db2", "other"]);
    run("", &["secret", "delete", "db2", "-y"]);
    run("", &["repair"]);
    run("", &["status", "--deep"]);
    logged.get()
}

#[test]
fn no_command_shows_a_value_that_it_was_not_asked_for() {
    say_nothing(Home::new());
}

#[test]
fn no_command_shows_a_value_that_is_in_a_store() {
    assert!(say_nothing(Home::with_directory()) > 0, "nothing was logged");
}

#[test]
fn the_root_key_is_printed_by_nobody() {
    let mut home = Home::new();
    home.set("STRONGROOM_LOG", "trace");
    home.ok(["secret", "create", "db", "--a=1"]);
    let key = super::files::RootKey::of(&home);
    for args in [&["status"][..], &["keys", "rotate"], &["secret", "get", "db"], &["repair"], &["backends"]] {
        let output = home.command(args).output().unwrap();
        key.is_not_in(&format!("{args:?}"), &[output.stdout, output.stderr].concat());
    }
}
