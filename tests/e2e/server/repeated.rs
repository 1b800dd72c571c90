//! Requests that a client sends again because their answer was lost: those that make accounts and keys, and what is one.

use super::{Answer, Server, id};
use crate::support::Home;
use serde_json::{Value, json};
use std::thread;

const NAME: &str = "11111111-2222-3333-4444-555555555555";
const OTHER: &str = "11111111-2222-3333-4444-555555555556";

/// Sends a change that names itself.
fn send(server: &Server, token: &str, (method, path): (&str, &str), name: &str, body: &Value) -> Answer {
    let auth = format!("Bearer {token}");
    let headers = [("authorization", auth.as_str()), ("idempotency-key", name)];
    server.send(method, &format!("/api/v1{path}"), &headers, body.to_string().as_bytes())
}

fn text(answer: &Answer) -> String {
    answer.body["body"]["key"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_key_that_is_made_again_is_the_same_with_another_text() {
    let home = Home::new();
    let server = Server::start(&home);
    let admin = server.admin();
    home.ok(["service-account", "create", "bot", "--role", "reader"]);
    let bot = id(&server.call(&admin, "GET", "/service_accounts/bot", &Value::Null));
    let path = format!("/service_accounts/{bot}/api_keys");
    let make = |name: &str, body: &Value| send(&server, &admin, ("POST", &path), name, body);
    let look = |key: &str| server.call(key, "GET", "/secrets", &Value::Null).status;

    let body = json!({"name": "main", "description": "first"});
    let lost = make(NAME, &body);
    let (again, third) = (make(NAME, &body), make(NAME, &body));
    assert_eq!((lost.status, again.status, third.status), (200, 200, 200), "{again:?}");
    assert_eq!((id(&lost), id(&lost)), (id(&again), id(&third)));
    assert_eq!((look(&text(&lost)), look(&text(&again)), look(&text(&third))), (401, 401, 200));
    let keys = server.call(&admin, "GET", &format!("{path}?hydrate=true"), &Value::Null);
    assert_eq!(
        (&keys.body["total"], &keys.body["items"][0]["metadata"]["last_rotated"]),
        (&json!(1), &Value::Null)
    );

    assert_eq!(make(NAME, &json!({"name": "main"})).status, 422, "it was another request");
    assert_eq!(make(OTHER, &body).status, 409, "the name is taken");
    let rotated = server.call(&admin, "PUT", &format!("{path}/main/rotate"), &json!({}));
    let late = make(NAME, &body);
    assert_eq!(late.status, 409, "somebody else has the newest text: {late:?}");
    assert_eq!(look(&text(&rotated)), 200);
    assert_eq!(server.call(&admin, "DELETE", &format!("{path}/main"), &Value::Null).status, 200);
    assert_eq!(make(NAME, &body).status, 404, "it is gone");
}

#[test]
fn an_account_that_is_made_again_is_the_same() {
    let home = Home::new();
    let server = Server::start(&home);
    let admin = server.admin();
    let activate = |answer: &Answer, password: &str| {
        let token = answer.body["body"]["activation_token"].as_str().unwrap_or_default();
        let body = json!({"name": "eve", "activation_token": token, "password": password});
        server.call("", "PUT", &format!("/users/{}/activate", id(answer)), &body).status
    };
    // Without a password: a token to activate it, of which the one that arrived is good.
    let eve = json!({"name": "eve"});
    let lost = send(&server, &admin, ("POST", "/users"), NAME, &eve);
    let again = send(&server, &admin, ("POST", "/users"), NAME, &eve);
    assert_eq!((lost.status, again.status, id(&lost)), (200, 200, id(&again)), "{again:?}");
    assert_eq!(activate(&lost, "Lost-password-1"), 401);
    assert_eq!(activate(&again, "Good-password-1"), 200);
    // Once it is in use nothing of it is answered that opens it.
    let late = send(&server, &admin, ("POST", "/users"), NAME, &eve);
    assert_eq!((late.status, &late.body["body"]["activation_token"]), (200, &Value::Null), "{late:?}");
    assert!(server.login("username=eve&password=Good-password-1").is_ok());

    for (path, body) in [
        ("/users", json!({"name": "bob", "password": "Bobs-password-1"})),
        ("/service_accounts", json!({"name": "ci", "active": true})),
    ] {
        let first = send(&server, &admin, ("POST", path), OTHER, &body);
        let second = send(&server, &admin, ("POST", path), OTHER, &body);
        assert_eq!((first.status, second.status, id(&first)), (200, 200, id(&second)), "{second:?}");
    }
    // One name space, and whoever has the name is told for what it is.
    let taken = server.call(&admin, "POST", "/service_accounts", &json!({"name": "bob"}));
    assert_eq!(taken.status, 409);
    assert!(taken.body.to_string().contains("Found existing user account with this name"), "{taken:?}");
}

#[test]
fn the_same_request_sent_at_once_makes_one_thing() {
    let home = Home::new();
    let server = &Server::start(&home);
    let admin = &server.admin();
    home.ok(["service-account", "create", "bot", "--role", "reader"]);
    let bot = id(&server.call(admin, "GET", "/service_accounts/bot", &Value::Null));
    let keys = &format!("/service_accounts/{bot}/api_keys");
    for (n, (path, body)) in [
        ("/users", json!({"name": "eve"})),
        ("/service_accounts", json!({"name": "ci"})),
        (keys.as_str(), json!({"name": "main"})),
    ]
    .into_iter()
    .enumerate()
    {
        let (name, body) = (&format!("11111111-2222-3333-4444-00000000000{n}"), &body);
        let answers: Vec<Answer> = thread::scope(|scope| {
            let senders: Vec<_> = (0..6)
                .map(|_| scope.spawn(move || send(server, admin, ("POST", path), name, body)))
                .collect();
            senders.into_iter().map(|sender| sender.join().unwrap()).collect()
        });
        assert!(answers.iter().all(|answer| answer.status == 200), "{path}: {answers:?}");
        assert!(answers.iter().all(|answer| id(answer) == id(&answers[0])), "{path}: {answers:?}");
    }
}

#[test]
fn with_another_condition_or_way_to_change_it_is_another_request() {
    let home = Home::new();
    let server = Server::start(&home);
    let admin = server.admin();
    let secret = json!({"name": "s", "values": {"a": "1", "b": "2"}});
    let secret = id(&server.call(&admin, "POST", "/secrets", &secret));
    let (merge, replace) = (format!("/secrets/{secret}?patch_values=true"), format!("/secrets/{secret}"));
    let body = json!({"values": {"a": "3"}});
    assert_eq!(send(&server, &admin, ("PUT", &merge), NAME, &body).status, 200);
    let replaced = send(&server, &admin, ("PUT", &replace), NAME, &body);
    assert_eq!(
        (replaced.status, &replaced.body["body"]["values"]),
        (200, &json!({"a": "3"})),
        "{replaced:?}"
    );

    let auth = format!("Bearer {admin}");
    let on = |revision: &str| {
        let headers = [("authorization", auth.as_str()), ("idempotency-key", OTHER), ("if-match", revision)];
        server.send("PUT", &format!("/api/v1{replace}"), &headers, body.to_string().as_bytes()).status
    };
    assert_eq!((on("\"3\""), on("\"3\""), on("\"4\"")), (200, 200, 422));
}

#[test]
fn a_rotation_that_is_repeated_gives_another_text_and_keeps_what_was_promised() {
    let home = Home::new();
    let server = Server::start(&home);
    let admin = server.admin();
    home.ok(["service-account", "create", "bot", "--role", "reader"]);
    let old = home.ok(["api-key", "create", "bot"]).trim().to_owned();
    let bot = id(&server.call(&admin, "GET", "/service_accounts/bot", &Value::Null));
    let path = format!("/service_accounts/{bot}/api_keys/default/rotate");
    let rotate = |name: &str, minutes: u32| {
        send(&server, &admin, ("PUT", &path), name, &json!({"retain_period_minutes": minutes}))
    };
    let look = |key: &str| server.call(key, "GET", "/secrets", &Value::Null).status;
    let issued = server.login(&format!("grant_type=zenml-api-key&password={old}")).unwrap();

    // The first answer is lost on its way.
    let (name, other) = (NAME, OTHER);
    let lost = text(&rotate(name, 60));
    let again = rotate(name, 60);
    assert_eq!(again.status, 200, "{again:?}");
    let shown = server.call(&admin, "GET", path.trim_end_matches("/rotate"), &Value::Null);
    assert_eq!(shown.body["metadata"]["retain_period_minutes"], 60, "{shown:?}");
    let received = text(&again);
    assert_eq!((look(&lost), look(&received)), (401, 200));
    assert_eq!((look(&old), look(&issued)), (200, 200), "for an hour, as it was asked for");

    assert_eq!(rotate(name, 0).status, 422, "it was another request");
    assert_eq!(rotate(other, 60).status, 200);
    assert_eq!((look(&old), look(&received)), (401, 200));
    assert_eq!(rotate(name, 60).status, 409, "somebody else has the newest text");
    assert_eq!(look(&received), 200);
}
