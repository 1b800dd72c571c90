//! Accounts, keys and grants, over a server.

use super::Server;
use crate::support::Home;
use serde_json::{Value, json};

#[test]
fn accounts_are_managed_over_the_server() {
    let server = Server::start();
    let admin = server.admin();
    admin.ok(["secret", "create", "prod/db", "--a=1"]);
    admin.ok(["secret", "create", "dev/db", "--a=2"]);

    admin.ok(["service-account", "create", "bot", "--role", "reader", "--scope", "granted"]);
    admin.fails(4, ["service-account", "create", "bot", "--role", "reader"]);
    admin.fails(2, ["service-account", "create", "other", "--role", "king"]);
    let key = admin.ok(["api-key", "create", "bot"]).trim().to_owned();
    admin.ok(["grant", "add", "bot", "prod/*"]);
    assert_eq!(admin.json(["grant", "list", "bot"])[0]["glob"], "prod/*");
    let bot = server.with_key(&key);
    assert_eq!(bot.values("prod/db")["a"], "1");
    bot.fails(3, ["secret", "get", "dev/db"]);
    bot.fails(5, ["secret", "update", "prod/db", "--a=3"]);
    bot.fails(5, ["service-account", "create", "more", "--role", "admin"]);
    bot.fails(5, ["grant", "list", "bot"]);
    admin.ok(["grant", "remove", "bot", "prod/*"]);
    bot.fails(3, ["secret", "get", "prod/db"]);

    // An auditor sees keys of the map, never values.
    admin.ok(["service-account", "update", "bot", "--role", "auditor", "--scope", "all"]);
    assert_eq!(bot.json(["secret", "list"]).as_array().unwrap().len(), 2);
    bot.fails(5, ["secret", "get", "prod/db"]);
    bot.fails(5, ["secret", "export", "prod/db"]);

    let next = admin.ok(["api-key", "rotate", "bot", "default"]).trim().to_owned();
    bot.fails(5, ["secret", "list"]);
    server.with_key(&next).ok(["secret", "list"]);
    let keys = admin.json(["api-key", "list", "bot"]);
    assert_eq!((&keys[0]["name"], &keys[0]["active"]), (&"default".into(), &true.into()));
    admin.ok(["api-key", "update", "bot", "default", "--active", "false"]);
    admin.ok(["api-key", "delete", "bot", "default"]);
    admin.fails(3, ["api-key", "delete", "bot", "default"]);
    // The route for people shows a program to whoever asks by its id.
    let bot_id = admin.json(["service-account", "list"])[0]["id"].as_str().unwrap().to_owned();
    admin.fails(3, ["user", "delete", &bot_id, "-y"]);
    admin.fails(3, ["user", "update", &bot_id, "--role", "admin"]);
    admin.ok(["service-account", "delete", &bot_id, "-y"]);
    admin.fails(3, ["service-account", "delete", "bot", "-y"]);

    let create =
        ["user", "create", "alice", "--role", "writer", "--full-name", "Alice A", "--password-stdin"];
    assert_eq!(admin.run_with("Alice-password", create).code, 0);
    let alice = Home::new();
    let login = ["login", &server.url, "--username", "alice", "--password-stdin"];
    assert_eq!(alice.run_with("Alice-password", login).code, 0);
    assert_eq!(alice.json(["status"])["role"], "writer");
    admin.ok(["user", "update", "alice", "--role", "reader"]);
    alice.fails(5, ["secret", "create", "x", "--a=1"]);
    let change = ["user", "password", "alice", "--password-stdin"];
    assert_eq!(alice.run_with("Wrong-password\nAnother-password", change).code, 5);
    let ended = alice.run_with("Alice-password\nAnother-password\n", change);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.err.contains("login"), "{}", ended.err);
    alice.fails(5, ["secret", "list"]);
    assert_eq!(alice.run_with("Another-password", login).code, 0);
    let listed = admin.json(["user", "list"]);
    let listed: Vec<_> = listed.as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(listed, ["admin", "alice"]);
    admin.ok(["user", "delete", "alice", "-y"]);
    assert!(admin.fails(3, ["user", "update", "alice", "--role", "admin"]).contains("alice"));
}

#[test]
fn the_end_of_a_line_is_no_part_of_a_password_whichever_it_is() {
    let server = Server::start();
    let create = ["user", "create", "alice", "--role", "writer", "--password-stdin"];
    assert_eq!(server.home.run_with("Alice-password\r\n", create).code, 0);
    let alice = Home::new();
    let login = ["login", &server.url, "--username", "alice", "--password-stdin"];
    assert_eq!(alice.run_with("Alice-password", login).code, 0);
    let change = ["user", "password", "alice", "--password-stdin"];
    assert_eq!(alice.run_with("Alice-password\r\nAnother-password\r\n", change).code, 0);
    assert_eq!(alice.run_with("Another-password\n", login).code, 0);
    assert_eq!(alice.run_with("Another-password\r\n", change).code, 2, "two lines are needed");
    assert_eq!(server.home.run_with("Third-password\r\n", change).code, 0);
    assert_eq!(alice.run_with("Third-password\r\n", login).code, 0);
}

#[test]
fn private_secrets_go_with_their_owner_if_that_is_said_and_are_shown_to_nobody() {
    let server = Server::over(Home::with_directory());
    let admin = server.admin();
    let create = ["user", "create", "alice", "--role", "writer", "--password-stdin"];
    assert_eq!(admin.run_with("Alice-password", create).code, 0);
    let alice = Home::new();
    let login = ["login", &server.url, "--username", "alice", "--password-stdin"];
    assert_eq!(alice.run_with("Alice-password", login).code, 0);
    // Made, renamed and deleted by its owner: no name of it is in the audit trail at any time.
    alice.ok(["secret", "create", "mine for now", "--a=canary", "--private"]);
    alice.ok(["secret", "rename", "mine for now", "mine still"]);
    alice.ok(["secret", "delete", "mine still", "-y"]);
    let bot = server.with_key(&server.key("bot", "writer"));
    for owner in [&alice, &bot] {
        owner.ok(["secret", "create", "mine", "--a=canary", "--private"]);
        owner.ok(["secret", "create", "mine too", "--a=canary", "--private"]);
    }
    alice.ok(["secret", "create", "shared", "--a=1"]);
    bot.ok(["secret", "create", "everybody's", "--a=2"]);
    bot.ok(["secret", "delete", "everybody's", "-y"]);
    assert_eq!(server.home.kept().len(), 5);

    // Over the server and on its database: how many there are, no name, and the way on.
    for (home, code) in [(&admin, 5), (&server.home, 4)] {
        let error = home.fails(code, ["user", "delete", "alice", "-y"]);
        assert!(error.contains("2 private and 1 public"), "{error}");
        let error = home.fails(code, ["user", "delete", "alice", "--with-private-secrets", "-y"]);
        assert!(error.contains("delete the public ones first") && !error.contains("mine"), "{error}");
        let error = home.fails(code, ["service-account", "delete", "bot", "-y"]);
        assert!(
            error.contains("2 private and 0 public") && error.contains("--with-private-secrets"),
            "{error}"
        );
    }
    assert_eq!(server.home.kept().len(), 5, "what is refused removes nothing");
    admin.ok(["secret", "delete", "shared", "-y"]);
    admin.ok(["user", "delete", "alice", "--with-private-secrets", "-y"]);
    alice.fails(5, ["secret", "list"]);
    server.home.ok(["service-account", "delete", "bot", "--with-private-secrets", "-y"]);
    bot.fails(5, ["secret", "list"]);
    assert!(server.home.kept().is_empty(), "{:?}", server.home.kept());

    // Who did it, to what.
    let entries = server.home.json(["audit", "list", "--action", "secret.delete"]);
    let with_owner = |entry: &&Value| entry["detail"].as_str().unwrap().ends_with("with its owner's account");
    let entries: Vec<&Value> = entries.as_array().unwrap().iter().filter(with_owner).collect();
    assert_eq!(entries.len(), 4, "{entries:?}");
    assert!(entries.iter().all(|entry| entry["actor"] == json!("admin")), "{entries:?}");
    let all = server.home.json(["audit", "list", "--limit", "10000"]);
    let details: Vec<&str> =
        all.as_array().unwrap().iter().map(|entry| entry["detail"].as_str().unwrap()).collect();
    assert!(details.iter().all(|detail| !detail.contains("mine")), "{details:#?}");
    // Those of all others are.
    for name in ["name=shared", "name=everybody"] {
        assert_eq!(
            details.iter().filter(|detail| detail.starts_with(name)).count(),
            2,
            "{name}: {details:#?}"
        );
    }
    server.home.ok(["audit", "verify"]);
}
