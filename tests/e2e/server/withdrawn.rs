//! What was withdrawn while a request was still being sent, and keys that tokens are made with.

use super::{Answer, Server, answer, id};
use crate::support::Home;
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Barrier,
    thread,
};

/// A request that waits for its body, and that body.
struct HalfSent(TcpStream, String);

impl HalfSent {
    fn new(server: &Server, token: &str, method: &str, path: &str, body: &Value) -> Self {
        let body = body.to_string();
        Self(server.begin(token, method, path, "connection: close\r\n", body.len()), body)
    }

    fn end(mut self) -> Answer {
        self.0.write_all(self.1.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).unwrap();
        answer(&bytes)
    }
}

#[test]
fn a_password_that_was_replaced_is_worth_nothing_to_a_request_that_began_before() {
    let home = Home::new();
    let server = Server::start(&home);
    home.run_with("Alice-password", ["user", "create", "alice", "--role", "writer", "--password-stdin"]);
    let stolen = server.login("username=alice&password=Alice-password").unwrap();
    let path = format!("/users/{}", id(&server.call(&stolen, "GET", "/current-user", &Value::Null)));
    let take_over = json!({"password": "Mallory-password", "old_password": "Alice-password"});
    let half: Vec<_> = [path.as_str(), "/current-user"]
        .iter()
        .map(|path| HalfSent::new(&server, &stolen, "PUT", path, &take_over))
        .collect();

    let change = json!({"password": "Other-password", "old_password": "Alice-password"});
    let alice = server.login("username=alice&password=Alice-password").unwrap();
    assert_eq!(server.call(&alice, "PUT", "/current-user", &change).status, 200);
    for half in half {
        let refused = half.end();
        assert_eq!(refused.status, 401, "{refused:?}");
    }
    assert!(server.login("username=alice&password=Other-password").is_ok());
    server.login("username=alice&password=Mallory-password").unwrap_err();
}

#[test]
fn of_passwords_that_are_set_at_once_one_is_and_the_others_are_told_that_it_was_faster() {
    let home = Home::new();
    let server = Server::start(&home);
    home.run_with("Password-0", ["user", "create", "alice", "--role", "writer", "--password-stdin"]);
    let mut old = "Password-0".to_owned();
    // Whoever comes after the change has no token any more: on a slow machine that may be all the others.
    let met = (1..=10).any(|round| {
        let token = server.login(&format!("username=alice&password={old}")).unwrap();
        let new = |n: usize| format!("Password-{round}-{n}");
        let half = (0..4).map(|n| {
            let change = json!({"password": new(n), "old_password": old});
            HalfSent::new(&server, &token, "PUT", "/current-user", &change)
        });
        let (half, together) = (half.collect::<Vec<_>>(), Barrier::new(4));
        let end = |half: HalfSent| {
            together.wait();
            half.end().status
        };
        let statuses: Vec<u16> = thread::scope(|scope| {
            let ended: Vec<_> = half.into_iter().map(|half| scope.spawn(|| end(half))).collect();
            ended.into_iter().map(|ended| ended.join().unwrap()).collect()
        });
        let count = |status: u16| statuses.iter().filter(|one| **one == status).count();
        assert!(count(200) == 1 && count(409) + count(401) == 3, "{statuses:?}");
        old = new(statuses.iter().position(|status| *status == 200).unwrap());
        count(409) > 0
    });
    assert!(met, "nobody is told");
}

#[test]
fn rights_count_as_they_are_when_the_body_is_there() {
    let home = Home::new();
    let server = Server::start(&home);
    let admin = server.admin();
    let bot = |name: &str| {
        home.ok(["service-account", "create", name, "--role", "admin"]);
        home.ok(["api-key", "create", name]).trim().to_owned()
    };
    let (lowered, ended) = (bot("lowered"), bot("ended"));
    let user = |name: &str| json!({"name": name, "role": "admin", "password": "Made-up-password"});
    let secret = json!({"name": "late", "values": {"k": "v"}});
    let half = [
        (403, HalfSent::new(&server, &lowered, "POST", "/users", &user("one"))),
        (401, HalfSent::new(&server, &ended, "POST", "/users", &user("two"))),
        (403, HalfSent::new(&server, &lowered, "POST", "/secrets", &secret)),
        (401, HalfSent::new(&server, &ended, "POST", "/secrets", &secret)),
    ];
    home.ok(["service-account", "update", "lowered", "--role", "reader"]);
    home.ok(["service-account", "update", "ended", "--active", "false"]);
    for (status, half) in half {
        let refused = half.end();
        assert_eq!(refused.status, status, "{refused:?}");
    }
    let users = server.call(&admin, "GET", "/users", &Value::Null);
    assert_eq!(users.body["total"], 1, "{users:?}");
    assert_eq!(server.call(&admin, "GET", "/secrets", &Value::Null).body["total"], 0);
}

#[test]
fn tokens_of_a_key_that_was_replaced_end_at_once() {
    let home = Home::new();
    let server = Server::start(&home);
    home.ok(["service-account", "create", "bot", "--role", "reader"]);
    let key = home.ok(["api-key", "create", "bot"]).trim().to_owned();
    let login = || server.login(&format!("grant_type=zenml-api-key&password={key}")).unwrap();
    let look = |server: &Server, token: &str| server.call(token, "GET", "/secrets", &Value::Null).status;
    let tokens = [server.admin(), login()];
    assert!(tokens.iter().all(|token| look(&server, token) == 200));
    let rotated = home.json(["keys", "rotate", "--kind", "token"]);
    assert_eq!(rotated["destroyed"].as_array().unwrap().len(), 1, "{rotated}");
    for token in &tokens {
        let refused = server.call(token, "GET", "/secrets", &Value::Null);
        // In whose words a client logs in again and goes on.
        assert_eq!(
            (refused.status, &refused.body["detail"][0]),
            (401, &json!("CredentialsNotValid")),
            "{refused:?}"
        );
    }
    // API keys have nothing to do with it, and what is issued now is made with the new key.
    let token = login();
    assert_eq!((look(&server, &key), look(&server, &token)), (200, 200));
    assert_eq!(server.stop(), 0);
    let server = Server::start(&home);
    assert_eq!(look(&server, &token), 200);
    let noted = home.json(["audit", "list", "--action", "keys.rotate"]);
    assert_eq!((&noted[0]["detail"], &noted[0]["actor"]), (&json!("kind token"), &json!("admin")), "{noted}");
}
