//! Logging in, and what is kept of that.

use super::Server;
use crate::support::{Home, mode};

#[test]
fn a_login_is_checked_kept_and_forgotten() {
    let server = Server::start();
    let key = server.key("bot", "writer");
    let home = Home::new();
    home.ok(["secret", "create", "here", "--a=1"]);
    let kept = home.path("config/strongroom/credentials.toml");

    for (wrong, code) in [("srk1_wrong", 5), ("", 2), ("two words", 1)] {
        let ended = home.run_with(wrong, ["login", &server.url, "--api-key-stdin"]);
        assert_eq!(ended.code, code, "{}", ended.err);
        assert!(!kept.exists() && (wrong.is_empty() || !ended.err.contains(wrong)), "{}", ended.err);
    }
    let ended = home.run_with("x", ["login", &server.url, "--username", "admin", "--password-stdin"]);
    assert_eq!(ended.code, 5, "{}", ended.err);
    assert!(ended.err.contains("refused the credentials: "), "{}", ended.err);
    assert!(home.fails(2, ["login", &server.url]).contains("--api-key-stdin"));
    assert!(home.fails(1, ["login", "http://strongroom.example"]).contains("allow_http"));
    let ended = home.run_with("srk1_x", ["login", "http://127.0.0.1:1", "--api-key-stdin"]);
    assert_eq!(ended.code, 6, "{}", ended.err);
    assert!(!kept.exists());

    let ended = home.run_with(format!("{key}\n"), ["login", &server.url, "--api-key-stdin"]);
    assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{}", ended.err);
    assert_eq!(mode(&kept), "600");
    home.ok(["secret", "create", "there", "--a=2"]);
    assert_eq!(server.home.values("there")["a"], "2");
    assert!(home.fails(3, ["secret", "get", "here"]).contains("no secret is called"));
    let status = home.json(["status"]);
    assert_eq!((&status["server"], &status["account"]), (&server.url.clone().into(), &"bot".into()));

    // What is named more plainly counts.
    let database = format!("sqlite:{}", home.database().display());
    assert_eq!(home.json(["--database", &database, "secret", "get", "here"])["values"]["a"], "1");
    home.fails(2, ["--database", &database, "--server", &server.url, "secret", "list"]);
    assert!(home.fails(5, ["--server", "http://127.0.0.1:1", "secret", "list"]).contains("strongroom login"));

    for args in [
        ["keys", "rotate"],
        ["repair", "--restored"],
        ["database", "migrate"],
        ["database", "backup"],
        ["audit", "list"],
        ["audit", "verify"],
        ["status", "--deep"],
    ] {
        let args: &[&str] = if args[1] == "backup" { &["database", "backup", "copy"] } else { &args };
        let ended = crate::support::ended(home.command(args).output().unwrap());
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{args:?}: {}", ended.err);
        assert!(
            ended.err.contains(&server.url) && ended.err.contains("--database URL"),
            "{args:?}: {}",
            ended.err
        );
    }
    assert!(home.fails(2, ["--server", &server.url, "serve"]).contains("--server"));
    home.ok(["keys", "generate"]);

    // A file that others can read is no place for a key.
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&kept, readable).unwrap();
    assert!(home.fails(1, ["secret", "list"]).contains("others can read"));
    home.ok(["logout"]);
    assert!(!kept.exists());
    home.ok(["logout"]);
    assert_eq!(home.values("here")["a"], "1");
}

#[test]
fn who_logs_in_or_out_is_told_which_variable_counts_more() {
    let server = Server::start();
    let key = server.key("bot", "writer");
    let mut home = Home::new();
    for (name, value) in [
        ("STRONGROOM_SERVER", server.url.clone()),
        ("STRONGROOM_DATABASE_URL", format!("sqlite:{}", home.database().display())),
        ("STRONGROOM_CONFIG", home.file("other.toml", "")),
        ("STRONGROOM_API_KEY", key.clone()),
    ] {
        home.set(name, value);
        let login = home.run_with(&key, ["login", &server.url, "--api-key-stdin"]);
        for ended in [login, home.run(["logout"])] {
            assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{name}: {}", ended.err);
            assert!(ended.err.starts_with(&format!("note: {name} is set: ")), "{name}: {}", ended.err);
        }
        home.unset(name);
        assert_eq!(home.run(["logout"]).err, "");
    }
}

#[test]
fn a_key_in_the_environment_counts_more_than_that_of_the_login() {
    let server = Server::start();
    let mut home = server.admin();
    home.ok(["secret", "create", "db", "--a=1"]);
    let key = server.key("looks", "reader");
    home.set("STRONGROOM_API_KEY", key.as_str());
    assert_eq!(home.json(["status"])["account"], "looks");
    home.fails(5, ["secret", "delete", "db", "-y"]);
    home.unset("STRONGROOM_API_KEY");
    home.set("STRONGROOM_API_KEY_FILE", home.file("key", format!("{key}\n")));
    home.fails(5, ["secret", "delete", "db", "-y"]);
    home.unset("STRONGROOM_API_KEY_FILE");
    assert_eq!(home.json(["status"])["account"], "admin");
    home.ok(["secret", "delete", "db", "-y"]);
}

#[test]
fn a_misspelt_variable_is_not_the_same_as_none() {
    let server = Server::start();
    let mut home = server.admin();
    home.ok(["secret", "create", "db", "--a=1"]);
    for (name, near) in [
        ("STRONGROOM_SEVER", "STRONGROOM_SERVER"),
        ("STRONGROOM_CONFIG_FILE", "STRONGROOM_CONFIG"),
        ("STRONGROOM_DATABASE_ULR", "STRONGROOM_DATABASE_URL"),
        ("STRONGROOM_KEYS_FIEL", "STRONGROOM_KEYS_FILE"),
    ] {
        home.set(name, "hunter2");
        for error in [
            home.fails(1, ["secret", "delete", "db", "-y"]),
            home.fails(1, ["--server", &server.url, "secret", "delete", "db", "-y"]),
            home.fails(1, ["database", "migrate"]),
        ] {
            assert!(error.contains(&format!("{name} is set, but")), "{error}");
            assert!(
                error.contains(&format!("(did you mean {near}?)")) && !error.contains("hunter2"),
                "{error}"
            );
        }
        home.unset(name);
    }
    // What is spelt as it should be need not be right where it does not count.
    home.set("STRONGROOM_KEYS_FILE", home.arg("nowhere"));
    home.set("STRONGROOM_STORE_TYPE", "nothing");
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
}

#[test]
fn the_environment_names_a_server_too() {
    let server = Server::start();
    let key = server.key("bot", "writer");
    let mut home = Home::new();
    home.set("STRONGROOM_SERVER", server.url.as_str());
    assert!(home.fails(5, ["secret", "list"]).contains("STRONGROOM_API_KEY"));
    home.set("STRONGROOM_API_KEY", key.as_str());
    home.ok(["secret", "create", "db", "--a=1"]);
    assert_eq!(home.json(["secret", "list"])[0]["owner"], "bot");
    home.unset("STRONGROOM_API_KEY");
    home.set("STRONGROOM_API_KEY_FILE", home.file("key", format!("{key}\n")));
    assert_eq!(home.values("db")["a"], "1");
    // A key that was revoked is refused, which is neither a usage error nor a missing secret.
    server.home.ok(["service-account", "update", "bot", "--active", "false"]);
    home.fails(5, ["secret", "get", "db"]);
    home.set("STRONGROOM_API_KEY_FILE", home.arg("nowhere"));
    assert!(home.fails(1, ["secret", "list"]).contains("STRONGROOM_API_KEY_FILE"));
    assert!(!home.database().exists(), "no database was made on the way");
}
