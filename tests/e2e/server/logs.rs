//! What the server logs, and what it does not.

use super::{PASSWORD, Server, id};
use crate::{
    canary::{Canary, forms},
    support::Home,
};
use serde_json::{Value, json};

#[test]
fn a_request_is_found_in_the_log_by_the_id_that_its_answer_names() {
    let home = Home::new();
    let server = Server::start(&home);
    let auth = format!("Bearer {}", server.admin());
    let mine = [("authorization", auth.as_str()), ("x-request-id", "my-own-id-1")];
    let answer = server.send("GET", "/api/v1/secrets", &mine, b"");
    assert!(answer.status == 200 && answer.head.contains("x-request-id: my-own-id-1"), "{answer:?}");
    // What could write lines or confuse a reader is replaced.
    for odd in ["a b", "a\"b", &"x".repeat(65), "<script>"] {
        let answer = server.send("GET", "/health", &[("x-request-id", odd)], b"");
        assert!(!answer.head.contains(&odd.to_lowercase()), "{answer:?}");
    }
    home.behind_our_back(
        "CREATE TRIGGER broken BEFORE INSERT ON secrets BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    let body = json!({"name": "some-name", "values": {"k": "v"}}).to_string();
    let failed = server.send("POST", "/api/v1/secrets", &[("authorization", &auth)], body.as_bytes());
    assert_eq!(failed.status, 500, "{failed:?}");
    let (_, rest) = failed.head.split_once("x-request-id: ").expect("the answer names it");
    let request = rest.lines().next().unwrap().to_owned();
    let (code, said) = server.end();
    assert_eq!(code, 0);
    let lines = said.logged("strongroom::http");
    let of = |request: &str| -> Vec<&Value> {
        lines.iter().filter(|line| line["fields"]["request"] == request).collect()
    };
    assert_eq!(of("my-own-id-1").len(), 1);
    let lines = of(&request);
    assert_eq!(lines.len(), 2, "one says why, one that it was answered: {lines:?}");
    let (why, access) = (lines[0], lines[1]);
    assert_eq!((&why["level"], &access["level"]), (&json!("ERROR"), &json!("INFO")));
    // The facts are for the log alone.
    let (logged, told) =
        (why["fields"]["error"].as_str().unwrap(), failed.body["detail"][1].as_str().unwrap());
    assert!(logged.starts_with(&format!("{told} (")) && logged.contains("SQLite code"), "{why}");
    assert!(!told.is_empty() && !told.contains("SQLite"), "{told}");
    for line in [why, access] {
        let fields = &line["fields"];
        assert_eq!((&fields["status"], &fields["method"]), (&json!(500), &json!("POST")), "{line}");
        assert_eq!(fields["route"], "/api/v1/secrets", "{line}");
    }
    assert!(said.0.iter().all(|line| !line.contains("some-name")), "no name");
}

#[test]
fn the_log_holds_no_value_password_key_or_token_at_any_level() {
    let mut home = Home::new();
    home.set("STRONGROOM_LOG", "trace");
    home.set("RUST_LOG", "trace");
    let first = Canary::new("first");
    let mut command = home.command(["serve", "--listen", "127.0.0.1:0"]);
    command.env("STRONGROOM_ADMIN_PASSWORD", first.value());
    let server = Server::start_as(command);
    let encode = |text: &str| form_urlencoded(text);
    let token = server.login(&format!("username=admin&password={}", encode(first.value()))).unwrap();
    let wrong = Canary::new("wrong");
    let refused = server.login(&format!("username=admin&password={}", encode(wrong.value())));
    assert_eq!(refused.unwrap_err().status, 401);
    let (old, new) = (Canary::new("old"), Canary::new("new"));
    let secret = json!({"name": "db", "values": {"k": old.value()}});
    let made = id(&server.call(&token, "POST", "/secrets", &secret));
    let path = format!("/secrets/{made}");
    let changed = server.call(&token, "PUT", &path, &json!({"values": {"k": new.value()}}));
    assert_eq!(changed.status, 200);
    for path in [&path, &format!("{path}?revision=1"), &format!("{path}/versions"), "/secrets"] {
        assert_eq!(server.call(&token, "GET", path, &Value::Null).status, 200);
    }
    // Values where none belong.
    let stray = Canary::new("stray");
    for body in [json!({"name": 1, "values": stray.value()}), json!({"values": {stray.value(): 1}})] {
        assert_eq!(server.call(&token, "POST", "/secrets", &body).status, 422);
    }
    assert_eq!(server.call(stray.value().trim(), "GET", "/secrets", &Value::Null).status / 100, 4);
    let lost =
        server.call(&token, "GET", &format!("/secrets/by-name/{}", encode(stray.value())), &Value::Null);
    assert_eq!(lost.status, 404, "{lost:?}");
    let user = Canary::new("user");
    let person = json!({"name": "eva", "password": user.value()});
    assert_eq!(server.call(&token, "POST", "/users", &person).status, 200);
    let account = id(&server.call(&token, "POST", "/service_accounts", &json!({"name": "ci"})));
    let keys = format!("/service_accounts/{account}/api_keys");
    let key = server.call(&token, "POST", &keys, &json!({"name": "k"})).body["body"]["key"].clone();
    let key = key.as_str().unwrap().to_owned();
    let other = server.login(&format!("grant_type=zenml-api-key&password={key}")).unwrap();
    assert_eq!(server.call(&key, "GET", &path, &Value::Null).status, 200);
    let rotated = server.call(&token, "PUT", &format!("{keys}/k/rotate"), &json!({}));
    let rotated = rotated.body["body"]["key"].as_str().unwrap().to_owned();
    assert_eq!(server.call(&key, "GET", &path, &Value::Null).status, 401);
    home.behind_our_back(
        "CREATE TRIGGER broken BEFORE INSERT ON versions BEGIN SELECT RAISE(ABORT, 'no'); END",
    );
    assert!(server.call(&token, "PUT", &path, &json!({"values": {"k": stray.value()}})).status >= 500);
    let (code, said) = server.end();
    assert_eq!(code, 0);
    let said = said.0.join("\n").into_bytes();
    let levels = ["INFO", "ERROR"].map(|level| format!("\"level\":\"{level}\""));
    let text = String::from_utf8_lossy(&said);
    assert!(levels.iter().all(|level| text.contains(level)), "something was logged: {text}");
    for canary in [&first, &wrong, &old, &new, &stray, &user] {
        canary.is_not_in("the log", &said);
    }
    for credential in [&token, &key, &other, &rotated] {
        // Without the prefix, and in pieces: a part would be too much.
        for form in forms(&credential.as_bytes()[5..37]) {
            assert!(!crate::canary::contains(&said, &form.1), "a credential, {}: {text}", form.0);
        }
    }
    assert!(!text.contains(PASSWORD));
}

/// A text as the value of a form, or a part of a path.
fn form_urlencoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
