//! Who may do what, and for how long what was issued is good.

use super::{PASSWORD, Server, id};
use crate::{processes::until, support::Home};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

#[test]
fn roles_and_scopes_decide_and_what_is_hidden_looks_as_if_it_were_missing() {
    let home = Home::new();
    let server = Server::start(&home);
    let admin = server.admin();
    for (name, private) in [("prod/db", false), ("dev/db", false), ("mine", true)] {
        let body = json!({"name": name, "private": private, "values": {"k": "canary"}});
        assert_eq!(server.call(&admin, "POST", "/secrets", &body).status, 200);
    }
    let key = |role: &str, scope: &str| {
        let name = format!("{role}-{scope}");
        home.ok(["service-account", "create", &name, "--role", role, "--scope", scope]);
        if scope == "granted" {
            home.ok(["grant", "add", &name, "prod/*"]);
        }
        home.ok(["api-key", "create", &name]).trim().to_owned()
    };
    let read = |key: &str, name: &str| {
        server.call(key, "GET", &format!("/secrets/by-name/{}", name.replace('/', "%2F")), &Value::Null)
    };
    let mine = id(&read(&admin, "mine"));
    let missing = "00000000-0000-4000-8000-000000000000";
    for role in ["admin", "writer", "reader", "auditor"] {
        for scope in ["all", "granted"] {
            let key = key(role, scope);
            let prod = read(&key, "prod/db");
            let value = if role == "auditor" { Value::Null } else { json!("canary") };
            assert_eq!(
                (prod.status, &prod.body["body"]["values"]["k"]),
                (200, &value),
                "{role} {scope}: {prod:?}"
            );
            assert_eq!(read(&key, "dev/db").status, if scope == "all" { 200 } else { 404 }, "{role} {scope}");
            let total = server.call(&key, "GET", "/secrets", &Value::Null).body["total"].clone();
            assert_eq!(total, if scope == "all" { 2 } else { 1 }, "{role} {scope}");
            // Others' private secrets: nobody, and in the same words as what is not there.
            let (hidden, absent) = (
                server.call(&key, "GET", &format!("/secrets/{mine}"), &Value::Null),
                server.call(&key, "GET", &format!("/secrets/{missing}"), &Value::Null),
            );
            assert_eq!(hidden.status, 404);
            assert_eq!(hidden.body.to_string().replace(&mine, missing), absent.body.to_string());
            let write =
                server.call(&key, "POST", "/secrets", &json!({"name": format!("prod/{role}-{scope}")}));
            let writes = matches!(role, "admin" | "writer");
            assert_eq!(write.status, if writes { 200 } else { 403 }, "{role} {scope}: {write:?}");
            let outside =
                server.call(&key, "POST", "/secrets", &json!({"name": format!("dev/{role}-{scope}")}));
            let allowed = writes && scope == "all";
            assert_eq!(outside.status, if allowed { 200 } else { 403 }, "{role} {scope}: {outside:?}");
            if writes {
                // Counted above for the next ones.
                let id = id(&write);
                assert_eq!(server.call(&key, "DELETE", &format!("/secrets/{id}"), &Value::Null).status, 200);
            }
            if allowed {
                let id = id(&outside);
                assert_eq!(server.call(&key, "DELETE", &format!("/secrets/{id}"), &Value::Null).status, 200);
            }
            let manage = server.call(&key, "POST", "/users", &json!({"name": "x", "is_admin": false}));
            assert_eq!(manage.status == 200, role == "admin", "{role} {scope}: {manage:?}");
            if role == "admin" {
                server.call(&key, "DELETE", "/users/x", &Value::Null);
            }
        }
    }
    home.run_with("Ritas-password", ["user", "create", "rita", "--role", "reader", "--password-stdin"]);
    let rita = server.login("username=rita&password=Ritas-password").unwrap();
    let names = |credential: &str| -> Vec<String> {
        let listed = server.call(credential, "GET", "/users", &Value::Null);
        assert_eq!(
            listed.body["total"].as_u64().unwrap() as usize,
            listed.body["items"].as_array().unwrap().len()
        );
        let items = listed.body["items"].as_array().unwrap().iter();
        items.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&rita), ["rita"], "the own account alone");
    assert_eq!(names(&admin).len(), 2);
}

#[test]
fn the_last_admin_and_the_owner_of_the_database_stay() {
    let home = Home::new();
    let server = Server::start(&home);
    home.ok(["service-account", "create", "root", "--role", "admin"]);
    let key = home.ok(["api-key", "create", "root"]).trim().to_owned();
    let refused = |method: &str, path: &str, body: Value, why: &str| {
        let refused = server.call(&key, method, path, &body);
        assert_eq!(refused.status, 403, "{method} {path}: {refused:?}");
        assert!(refused.body.to_string().contains(why), "{method} {path}: {refused:?}");
    };
    let last = "at least one active admin";
    refused("PUT", "/users/admin", json!({"role": "writer"}), last);
    refused("PUT", "/users/admin/deactivate", Value::Null, last);
    let removals = ["/users/admin", "/users/admin?with_private_secrets=true"];
    removals.iter().for_each(|path| refused("DELETE", path, Value::Null, last));
    let other = json!({"name": "other", "role": "admin", "password": "Others-password"});
    id(&server.call(&key, "POST", "/users", &other));
    removals.iter().for_each(|path| refused("DELETE", path, Value::Null, "owns the database itself"));
    assert_eq!(server.call(&key, "GET", "/users/admin", &Value::Null).status, 200);
}

#[test]
fn what_was_issued_ends_with_what_it_was_issued_for() {
    let home = Home::new();
    let server = Server::start(&home);
    home.ok(["service-account", "create", "bot", "--role", "reader"]);
    let key = home.ok(["api-key", "create", "bot"]).trim().to_owned();
    let token = server.login(&format!("grant_type=zenml-api-key&password={key}")).unwrap();
    let look = |credential: &str| server.call(credential, "GET", "/secrets", &Value::Null).status;
    assert_eq!((look(&key), look(&token)), (200, 200));
    home.ok(["service-account", "update", "bot", "--active", "false"]);
    assert_eq!((look(&key), look(&token)), (401, 401));
    home.ok(["service-account", "update", "bot", "--active", "true"]);
    assert_eq!(look(&key), 200);
    let next = home.ok(["api-key", "rotate", "bot", "default", "--retain", "5"]).trim().to_owned();
    assert_eq!((look(&key), look(&next)), (200, 200), "both, for five minutes");
    let last = home.ok(["api-key", "rotate", "bot", "default"]).trim().to_owned();
    assert_eq!((look(&key), look(&next), look(&last)), (401, 401, 200));
    home.ok(["api-key", "delete", "bot", "default"]);
    assert_eq!(look(&last), 401);
    for credential in ["", "garbage", "srt1_AAAA", &key.replace('5', "6")] {
        let refused = server.call(credential, "GET", "/secrets", &Value::Null);
        assert_eq!(refused.status, 401);
        let understood = refused.head.contains("www-authenticate: bearer")
            || refused.body["detail"][0] == "CredentialsNotValid";
        assert!(understood, "the client has to know that it should log in: {refused:?}");
    }

    home.run_with("Alice-password", ["user", "create", "alice", "--role", "writer", "--password-stdin"]);
    let alice = server.login("username=alice&password=Alice-password").unwrap();
    let change = json!({"name": "alice", "password": "Other-password", "old_password": "Alice-password"});
    let own = server.call(&alice, "GET", "/current-user", &Value::Null);
    let path = format!("/users/{}", id(&own));
    assert_eq!(server.call(&alice, "PUT", &path, &json!({"password": "Other-password"})).status, 403);
    assert_eq!(server.call(&alice, "PUT", &path, &change).status, 200);
    assert_eq!(look(&alice), 401, "a new password ends what was logged in with the old one");
    let wrong = server.login("username=alice&password=Alice-password").unwrap_err();
    let nobody = server.login("username=nobody&password=Alice-password").unwrap_err();
    assert_eq!((wrong.status, &wrong.body), (401, &nobody.body), "one text for all");
    assert!(server.login("username=alice&password=Other-password").is_ok());
}

#[test]
fn a_token_ends_with_the_text_of_the_key_that_it_was_given_for() {
    let home = Home::new();
    let server = Server::start(&home);
    home.ok(["service-account", "create", "bot", "--role", "reader"]);
    let first = home.ok(["api-key", "create", "bot"]).trim().to_owned();
    let rotate = || home.ok(["api-key", "rotate", "bot", "default", "--retain", "5"]).trim().to_owned();
    let login = |key: &str| {
        let form = format!("grant_type=zenml-api-key&password={key}");
        let answer = server.send("POST", "/api/v1/login", &[], form.as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
        let token = answer.body["access_token"].as_str().unwrap().to_owned();
        (token, answer.body["expires_in"].as_u64().unwrap())
    };
    let look = |token: &str| server.call(token, "GET", "/secrets", &Value::Null).status;
    let second = rotate();
    let ((old, old_lasts), (new, new_lasts)) = (login(&first), login(&second));
    assert!((240..=300).contains(&old_lasts) && new_lasts == 3600, "{old_lasts} {new_lasts}");
    assert_eq!((look(&old), look(&new)), (200, 200));
    // Rotated once more, the key has nothing to do with its first text.
    let third = rotate();
    assert_eq!((look(&old), look(&new)), (401, 200));
    // What was retained is over.
    let ((old, _), (new, _)) = (login(&second), login(&third));
    assert_eq!((look(&old), look(&new)), (200, 200));
    home.behind_our_back("UPDATE api_keys SET previous_until = 1");
    home.behind_our_back("UPDATE auth_epoch SET epoch = epoch + 1");
    assert_eq!((look(&old), look(&new)), (401, 200));
}

#[test]
fn two_hundred_logins_at_once_leave_it_answering_reads() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let made = server.call(&token, "POST", "/secrets", &json!({"name": "db", "values": {"k": "v"}}));
    let path = format!("/secrets/{}", id(&made));
    let reads = thread::scope(|scope| {
        let logins: Vec<_> = (0..200)
            .map(|n| {
                scope.spawn({
                    let server = &server;
                    move || login_as(server, n)
                })
            })
            .collect();
        let (mut reads, mut slowest) = (0, Duration::ZERO);
        while logins.iter().any(|login| !login.is_finished()) {
            let asked = Instant::now();
            assert_eq!(server.call(&token, "GET", &path, &Value::Null).status, 200);
            slowest = slowest.max(asked.elapsed());
            reads += 1;
        }
        let outcomes: Vec<u16> = logins.into_iter().map(|login| login.join().unwrap()).collect();
        // Right, wrong, or told to wait: nothing else, and never an error of the server.
        assert!(outcomes.iter().all(|status| [200, 401, 503].contains(status)), "{outcomes:?}");
        assert!(outcomes.contains(&200), "somebody is let in: {outcomes:?}");
        // Less than the logins take that stand in line, on a machine that does much else.
        assert!(slowest < Duration::from_secs(10), "{slowest:?}");
        reads
    });
    assert!(reads > 20, "{reads} reads while people logged in");
}

#[test]
#[cfg(target_os = "linux")]
fn a_login_gives_its_memory_back() {
    let home = Home::new();
    // The first password is hashed, too.
    assert_eq!(Server::start(&home).stop(), 0);
    let server = Server::start(&home);
    let ((before, _), own_before) = (server.memory(), server.own_memory());
    (0..5).for_each(|_| drop(server.admin()));
    let ((_, most), own_after) = (server.memory(), server.own_memory());
    assert!(most >= before + 15, "19 MiB each: {before} {most} MiB");
    assert!(own_after < own_before + 10, "{own_before} {own_after} MiB");
}

/// Every second one with a wrong password; answers the status.
fn login_as(server: &Server, n: usize) -> u16 {
    let password = if n.is_multiple_of(2) { PASSWORD } else { "wrong-password" };
    server
        .login(&format!("username=admin&password={password}"))
        .map_or_else(|refused| refused.status, |_| 200)
}

#[test]
fn the_use_of_a_key_is_noted_and_not_more_often_than_every_ten_minutes() {
    let home = Home::new();
    let server = Server::start(&home);
    home.ok(["service-account", "create", "bot", "--role", "reader"]);
    let key = home.ok(["api-key", "create", "bot"]).trim().to_owned();
    let used = || home.json(["api-key", "list", "bot"])[0]["last_used"].clone();
    let becomes = |wanted: &dyn Fn(&Value) -> bool| {
        for _ in 0..100 {
            if wanted(&used()) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("{}", used());
    };
    assert_eq!(used(), Value::Null);
    // Shown as it is, without a login.
    assert_eq!(server.call(&key, "GET", "/secrets", &Value::Null).status, 200);
    becomes(&|used| used.is_string());
    // Nothing more is written meanwhile.
    home.behind_our_back("UPDATE api_keys SET last_used = 1");
    let long_ago = used();
    for _ in 0..5 {
        assert_eq!(server.call(&key, "GET", "/secrets", &Value::Null).status, 200);
        server.login(&format!("grant_type=zenml-api-key&password={key}")).unwrap();
    }
    thread::sleep(Duration::from_millis(300));
    assert_eq!(used(), long_ago);
    // A server that reads the key anew knows that the last use is long ago.
    home.behind_our_back("UPDATE auth_epoch SET epoch = epoch + 1");
    server.login(&format!("grant_type=zenml-api-key&password={key}")).unwrap();
    becomes(&|used| *used != long_ago);
}

#[test]
fn a_refused_key_is_not_noted_as_used() {
    let home = Home::new();
    let server = Server::start(&home);
    home.ok(["service-account", "create", "bot", "--role", "reader"]);
    let key = home.ok(["api-key", "create", "bot"]).trim().to_owned();
    let token = server.login(&format!("grant_type=zenml-api-key&password={key}")).unwrap();
    let used = || home.json(["api-key", "list", "bot"])[0]["last_used"].clone();
    let look = |credential: &str| server.call(credential, "GET", "/secrets", &Value::Null).status;
    until("the login is noted", || used().is_string());
    home.behind_our_back("UPDATE api_keys SET last_used = 1");
    home.behind_our_back("UPDATE auth_epoch SET epoch = epoch + 1");
    let long_ago = used();
    // The server knows from now on that the key is good and that its next use is to be noted: a token is no use of it.
    assert_eq!(look(&token), 200);
    home.ok(["api-key", "update", "bot", "default", "--active", "false"]);
    assert_eq!(look(&key), 401);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(used(), long_ago);
    home.ok(["api-key", "update", "bot", "default", "--active", "true"]);
    assert_eq!((look(&token), used()), (200, long_ago.clone()));
    assert_eq!(look(&key), 200);
    until("the use is noted", || used() != long_ago);
}
