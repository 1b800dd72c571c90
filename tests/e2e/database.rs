//! `database backup | migrate`, and other databases than the usual one.

use crate::support::{Home, mode};

#[test]
fn a_backup_is_a_database_of_its_own() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let copy = home.arg("copy.db");
    home.ok(["database", "backup", &copy]);
    assert_eq!(mode(&home.path("copy.db")), "600");
    home.ok(["secret", "update", "db", "--a=2"]);
    let url = format!("sqlite:{copy}");
    assert_eq!(home.ok(["--database", &url, "secret", "get", "db", "a"]), "1");
    home.fails(4, ["database", "backup", &copy]);
    home.ok(["database", "backup", &copy, "--force"]);
    assert_eq!(home.ok(["--database", &url, "secret", "get", "db", "a"]), "2");
}

#[test]
fn migrating_what_is_up_to_date_changes_nothing() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    home.ok(["database", "migrate"]);
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
}

#[test]
fn the_database_is_named_by_flag_environment_or_file() {
    let mut home = Home::new();
    let url = |home: &Home, name: &str| format!("sqlite:{}", home.arg(name));
    let config = home
        .file("config/strongroom/config.toml", format!("[database]\nurl = \"{}\"\n", url(&home, "file.db")));
    home.ok(["secret", "create", "s", "--in=file"]);
    assert!(home.path("file.db").exists());
    home.set("STRONGROOM_DATABASE_URL", url(&home, "environment.db"));
    home.ok(["secret", "create", "s", "--in=environment"]);
    home.ok(["--database", &url(&home, "flag.db"), "secret", "create", "s", "--in=flag"]);
    assert_eq!(home.ok(["secret", "get", "s", "in"]), "environment");
    assert_eq!(home.ok(["--database", &url(&home, "flag.db"), "secret", "get", "s", "in"]), "flag");
    std::fs::remove_file(config).unwrap();
    assert!(!home.database().exists());
}

#[test]
fn a_database_that_cannot_be_is_an_error_without_its_password() {
    let home = Home::new();
    for url in ["nonsense://joe:hunter2@host/db", "postgres://joe:hunter2@127.0.0.1:1/db"] {
        let ended = home.run(["--database", url, "secret", "list"]);
        assert!(ended.code == 1 || ended.code == 6, "{}", ended.err);
        assert!(!ended.err.contains("hunter2") && ended.err.lines().count() == 1, "{}", ended.err);
    }
}

#[test]
fn a_database_that_is_not_reached_is_6() {
    let home = Home::new();
    let key = home.arg("root.key");
    home.ok(["keys", "generate", "-O", &key]);
    // Nobody listens on this port.
    let error = home.fails(6, ["--database", "postgres://joe@127.0.0.1:1/db", "secret", "list"]);
    assert!(error.contains("database"), "{error}");
}
