//! Errors about wrong input, with a value in every place where somebody may put it by mistake.

use crate::{canary::Canary, support::Home};

// Names are shown: of secrets, keys of the configuration, types and files; and by the parser the arguments of commands
// that take no values and no credentials. That is what finds a typing error.

/// Runs what must fail, and must not repeat the value.
fn refused(home: &Home, canary: &Canary, args: &[&str]) {
    let output = home.command(args).output().unwrap();
    assert!(!output.status.success(), "{args:?} is wrong");
    canary.is_not_in(&format!("{args:?}"), &[output.stdout, output.stderr].concat());
}

#[test]
fn a_value_in_a_wrong_place_is_not_repeated() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let canary = Canary::new("misplaced");
    let value = canary.value();
    let with = |before: &str| format!("{before}{value}");
    for args in [
        &["secret", "create", "x", value][..],
        &["secret", "create", "x", value, "--a=1"],
        &["secret", "create", "x", "--password", value],
        &["secret", "create", "x", "--a", value],
        &["secret", "create", "x", "-a", value],
        &["secret", "create", "x", &with("-a=")],
        &["secret", "create", "x", &with("-a")],
        &["secret", "create", "x", &with("--a=@")],
        &["secret", "create", "x", &with("--a="), "--a=2"],
        &["secret", "create", "x", &with("--private="), "--a=1"],
        &["secret", "create", "x", "--a=1", "-v", value],
        &["secret", "create", "x", "-v", &format!("{{\"a\": {value}")],
        &["secret", "create", "x", "-v", &format!("a: {{b: '{value}'}}")],
        &["secret", "create", "x", "-v", &format!("a: ['{value}']")],
        &["secret", "create", "x", "-v", &format!("- '{value}'")],
        &["secret", "create", "x", "-v", &format!("&a {value}")],
        &["secret", "create", "x", "-v", &format!("a: !{value} x")],
        &["secret", "create", "x", "-v", &format!("a: *{value}")],
        &["secret", "update", "db", value],
        &["secret", "update", "db", "-p", value],
        &["secret", "update", "db", "-v", value],
        &["secret", "update", "db", "--password", value],
        &["secret", "get", "db", &with("--password=")],
        &["secret", "list", "--sort-by", value],
        &["secret", "list", "--created", value],
        &["secret", "list", "--private", value],
        &["secret", "list", "--logical-operator", value],
        &["keys", "rotate", "--kind", value],
        &["keys", "rewrap", "--drop", value],
        &["keys", "rewrap", "--add", &with("strongroom-root-key:v1:")],
        &["secret", "import", "-n", "x", &format!("{{\"a\": \"{value}\"}}")],
        &["secret", "import", "-n", "x", &format!("a: {value}")],
        &["secret", "create", "x", "-v", &format!("@{{\"a\": \"{value}\"}}")],
        &["login", "https://strongroom.example", "--api-key", &with("srk1_")],
        &["login", "https://strongroom.example", &with("--api-key=")],
        &["login", "https://strongroom.example", "--username", "joe", value],
        &["login", "https://strongroom.example", "--username", "joe", "--password", value],
        &["-o", "json", "user", "password", "alice", value],
        &["user", value],
        &["user", "create", "alice", "--role", "admin", &with("--password=")],
        &["service-account", "create", "bot", value],
        &["api-key", "rotate", "bot", "default", value],
        &["api-key", "rotate", "bot", "default", "--retain", value],
        &["--database", &with("postgres://joe:"), "secret", "list"],
        &["--database", &format!("postgres://joe:{value}@127.0.0.1:1/db"), "secret", "list"],
        &["--database", &format!("mysql://joe:{value}@db.example/x?y=z"), "secret", "list"],
    ] {
        refused(&home, &canary, args);
    }
    assert_eq!(home.json(["secret", "list"]).as_array().unwrap().len(), 1, "nothing was made");
}

#[test]
fn a_value_in_a_wrong_file_is_not_repeated() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let canary = Canary::new("filed");
    let value = canary.value();
    for (n, content) in [
        value.to_owned(),
        format!("a: {value}\n a: b"),
        format!("{{\"a\": \"{value}"),
        format!("{{\"a\": {{\"b\": \"{value}\"}}}}"),
        format!("[store]\ntype = {value}"),
        format!("[database]\nurl = \"{value}\""),
        format!("[engine]\nhistory = '{value}'"),
        format!("strongroom-root-key:v1:{value}:{value}:{value}"),
        format!("strongroom-root-key:v1:00000000000000000000000000000000:{value}:x"),
    ]
    .iter()
    .enumerate()
    {
        let file = home.file(&format!("file{n}"), content);
        refused(&home, &canary, &["--config", &file, "secret", "list"]);
        refused(&home, &canary, &["keys", "rewrap", "--add", &file]);
        let imported = home.command(["secret", "import", &file, "-n", &format!("s{n}")]).output().unwrap();
        canary.is_not_in(content, &[imported.stdout, imported.stderr].concat());
    }
}

#[test]
fn a_value_in_a_wrong_variable_is_not_repeated() {
    let canary = Canary::new("exported");
    for name in [
        "STRONGROOM_ROOT_KEY",
        "STRONGROOM_DATABASE_URI",
        "STRONGROOM_ENGINE_HISTORY",
        "STRONGROOM_ENGINE_HISTROY",
        "STRONGROOM_STORE_SEAL",
        "STRONGROOM_STORE_PATH",
        "STRONGROOM_PASSWORD",
        "STRONGROOM_AUDIT_READS",
    ] {
        let mut home = Home::new();
        home.set(name, canary.value());
        refused(&home, &canary, &["secret", "list"]);
    }
    for before in ["strongroom-root-key:v1:", "srk1_"] {
        let mut home = Home::new();
        home.set("STRONGROOM_KEYS_FILE", format!("{before}{}", canary.value()));
        refused(&home, &canary, &["secret", "list"]);
    }
    let mut home = Home::new();
    home.set("STRONGROOM_LOG", canary.value());
    let ended = home.run(["secret", "list"]);
    canary.is_not_in("STRONGROOM_LOG", ended.err.as_bytes());
}
