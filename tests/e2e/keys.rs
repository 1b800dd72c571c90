//! `keys generate | rotate | rewrap`.

use crate::{
    processes::until,
    server::Server,
    support::{Home, mode},
};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

#[test]
fn a_new_root_key_is_one_line_or_a_file_for_its_owner() {
    let home = Home::new();
    let line = home.ok(["keys", "generate"]);
    assert!(line.starts_with("strongroom-root-key:v1:") && line.lines().count() == 1, "{line}");
    assert_ne!(line, home.ok(["keys", "generate"]));
    assert_eq!(home.ok(["keys", "generate", "--output", &home.arg("root.key")]), "");
    assert_eq!(mode(&home.path("root.key")), "600");
    home.fails(4, ["keys", "generate", "-O", &home.arg("root.key")]);
    home.ok(["keys", "generate", "-O", &home.arg("root.key"), "--force"]);
    assert!(!home.database().exists());
}

#[test]
fn after_a_rotation_everything_is_still_there() {
    let home = Home::new();
    for n in 0..5 {
        home.ok(["secret", "create", &format!("s{n}"), &format!("--n={n}")]);
    }
    home.ok(["secret", "update", "s0", "--n=new"]);
    let rotated = home.json(["keys", "rotate"]);
    assert_eq!((&rotated["kind"], &rotated["resealed"]), (&"seal".into(), &6.into()));
    assert_eq!(home.ok(["secret", "get", "s0", "n"]), "new");
    assert_eq!(home.ok(["secret", "get", "s0", "n", "--revision", "1"]), "0");
    assert_eq!(home.ok(["secret", "get", "s4", "n"]), "4");
    for kind in ["digest", "audit", "token", "credential"] {
        home.ok(["keys", "rotate", "--kind", kind]);
    }
    assert_eq!(home.ok(["secret", "get", "s4", "n"]), "4");
    let error = home.fails(2, ["keys", "rotate", "--kind", "sael"]);
    assert!(error.contains("seal"), "{error}");
}

#[test]
fn another_root_key_opens_the_database_after_rewrapping() {
    let mut home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    home.ok(["keys", "generate", "-O", &home.arg("second.key")]);
    home.ok(["keys", "rewrap", "--add", &home.arg("second.key")]);
    let first = fs::read_dir(home.keys()).unwrap().next().unwrap().unwrap().path();
    let first_id = first.file_stem().unwrap().to_str().unwrap().to_owned();
    // The key in use stays.
    home.fails(4, ["keys", "rewrap", "--drop", &first_id]);
    fs::remove_file(&first).unwrap();
    let error = home.fails(1, ["secret", "get", "db", "a"]);
    assert!(error.contains(&first_id), "{error}");

    home.set("STRONGROOM_KEYS_FILE", home.arg("second.key"));
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
    home.ok(["keys", "rewrap", "--drop", &first_id]);
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
    let roots = home.json(["status"])["root_keys"].as_object().unwrap().len();
    assert_eq!(roots, 1);
}

#[test]
fn what_is_no_root_key_is_refused_without_being_shown() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let file = home.file("wrong.key", "hunter2 is a password\n");
    let error = home.fails(2, ["keys", "rewrap", "--add", &file]);
    assert!(error.contains(&format!("--add: {file} ")) && !error.contains("put your copy"), "{error}");
    assert!(error.contains("strongroom keys generate") && !error.contains("hunter2"), "{error}");
    home.fails(3, ["keys", "rewrap", "--add", &home.arg("missing")]);
    home.fails(2, ["keys", "rewrap"]);
    home.fails(2, ["keys", "rewrap", "--drop", "nonsense"]);
}

/// A database that two root keys open: the home, the id of the first one, and the files of both.
fn two_root_keys() -> (Home, String, [PathBuf; 2]) {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    home.ok(["keys", "generate", "-O", &home.arg("second.key")]);
    home.ok(["keys", "rewrap", "--add", &home.arg("second.key")]);
    let first = fs::read_dir(home.keys()).unwrap().next().unwrap().unwrap().path();
    let id = first.file_stem().unwrap().to_str().unwrap().to_owned();
    let second = home.path("second.key");
    (home, id, [first, second])
}

fn reads(server: &Server) {
    let token = server.admin();
    let answer = server.call(&token, "GET", "/secrets/by-name/db", &serde_json::Value::Null);
    assert_eq!(answer.body["body"]["values"]["a"], "1", "{answer:?}");
}

#[test]
fn a_root_key_that_a_running_server_was_opened_with_stays() {
    let (mut home, first, [_, second]) = two_root_keys();
    let server = Server::start(&home);
    let address = format!("127.0.0.1:{}", server.port);
    assert!(home.json(["status"])["running"][0]["name"].as_str().unwrap().starts_with(&address));
    home.set("STRONGROOM_KEYS_FILE", second.to_str().unwrap());
    // Neither the key that the server knows is taken away, nor one made that it could not open.
    for args in [&["keys", "rewrap", "--drop", &first][..], &["keys", "rotate"]] {
        let output = home.command(args).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(4), "{args:?}: {error}");
        assert!(error.contains(&address) && error.contains(&first) && error.contains("--force"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    reads(&server);
    // Another one that was opened with the second key is not in the way.
    let other = Server::start(&home);
    assert_eq!(server.stop(), 0);
    home.ok(["keys", "rewrap", "--drop", &first]);
    home.ok(["keys", "rotate"]);
    reads(&other);
    assert_eq!(other.stop(), 0);
}

#[test]
fn a_server_that_was_killed_is_in_the_way_for_a_while_alone() {
    let (mut home, first, [_, second]) = two_root_keys();
    home.set("STRONGROOM_ENGINE_BEAT_MS", "250");
    let server = Server::start(&home);
    home.set("STRONGROOM_KEYS_FILE", second.to_str().unwrap());
    // It goes on saying that it runs for longer than it is believed.
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    home.fails(4, ["keys", "rewrap", "--drop", &first]);
    server.kill();
    until("the killed server is forgotten", || home.run(["keys", "rewrap", "--drop", &first]).code == 0);
    assert_eq!(home.ok(["secret", "get", "db", "a"]), "1");
}

#[test]
fn a_root_key_can_be_dropped_by_force() {
    let (mut home, first, [first_file, second]) = two_root_keys();
    home.set("STRONGROOM_ENGINE_BEAT_MS", "100");
    let server = Server::start(&home);
    home.set("STRONGROOM_KEYS_FILE", second.to_str().unwrap());
    home.fails(2, ["keys", "rewrap", "--add", second.to_str().unwrap(), "--force"]);
    home.ok(["keys", "rewrap", "--drop", &first, "--force"]);
    // It goes on with what it unwrapped, and says that something is wrong.
    reads(&server);
    until("the server tells", || {
        let told = server.said().logged("strongroom::engine");
        told.iter().any(|line| line.to_string().contains("root key given does not open"))
    });
    assert_eq!(server.stop(), 0);
    // It cannot be started so again.
    home.set("STRONGROOM_KEYS_FILE", first_file.to_str().unwrap());
    let error = home.fails(1, ["secret", "get", "db"]);
    assert!(error.contains(&first), "{error}");
}

#[test]
fn a_server_that_cannot_unwrap_new_keys_goes_on_with_those_that_are_there() {
    let (mut home, _, [_, second]) = two_root_keys();
    let server = Server::start(&home);
    home.set("STRONGROOM_KEYS_FILE", second.to_str().unwrap());
    for kind in ["audit", "digest"] {
        home.ok(["keys", "rotate", "--kind", kind, "--force"]);
    }
    let token = server.admin();
    let made = server.call(&token, "POST", "/secrets", &json!({"name": "late", "values": {"k": "v"}}));
    assert_eq!(made.status, 200, "{made:?}");
    reads(&server);
    // Of a key that was destroyed nothing holds any more, though there is no other one here.
    home.ok(["keys", "rotate", "--kind", "token", "--force"]);
    assert_eq!(server.call(&token, "GET", "/secrets", &Value::Null).status, 401);
    assert_eq!(server.stop(), 0);
    let server = Server::start(&home);
    reads(&server);
    home.ok(["audit", "verify"]);
}
