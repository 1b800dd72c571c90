//! A secret's life over HTTP, and changes that are bound to a revision or made once.

use super::{Server, id};
use crate::support::Home;
use serde_json::{Value, json};

#[test]
fn a_secret_lives_its_life_over_http() {
    let home = Home::new();
    let server = Server::start(&home);
    let token = server.admin();
    let call = |method: &str, path: &str, body: Value| server.call(&token, method, path, &body);
    let made = call("POST", "/secrets", json!({"name": "db", "values": {"a": "1", "none": null}}));
    assert_eq!(made.body["body"]["values"], json!({"a": "1"}), "{made:?}");
    let path = format!("/secrets/{}", id(&made));
    assert!(
        made.head.contains("etag: \"1\"") && made.head.contains("cache-control: no-store"),
        "{}",
        made.head
    );

    let merged = call("PUT", &format!("{path}?patch_values=True"), json!({"values": {"b": "2", "a": null}}));
    assert_eq!((merged.status, &merged.body["body"]["values"]), (200, &json!({"b": "2"})));
    let replaced = call("PUT", &path, json!({"name": "db2", "private": true, "values": {"c": "3"}}));
    assert_eq!((&replaced.body["name"], &replaced.body["body"]["private"]), (&json!("db2"), &json!(true)));
    assert_eq!(replaced.body["body"]["revision"], 3);
    assert_eq!(call("GET", "/secrets/by-name/db2", Value::Null).body["body"]["values"], json!({"c": "3"}));
    assert_eq!(call("GET", "/secrets/by-name/db", Value::Null).status, 404);

    let versions = call("GET", &format!("{path}/versions"), Value::Null);
    assert_eq!(versions.body.as_array().unwrap().len(), 3, "{versions:?}");
    assert_eq!(
        call("GET", &format!("{path}?revision=1"), Value::Null).body["body"]["values"],
        json!({"a": "1"})
    );
    // What is not kept is told, and what is yet to come, in the same words whoever asks.
    for (revision, why) in [(0, "is kept from that revision"), (4, "no such revision yet")] {
        let none = call("POST", &format!("{path}/rollback"), json!({"revision": revision}));
        assert!(none.status == 404 && none.body.to_string().contains(why), "{none:?}");
        for read in [path.as_str(), "/secrets/by-name/db2"] {
            let read = call("GET", &format!("{read}?revision={revision}"), Value::Null);
            assert_eq!((read.status, &read.body), (404, &none.body));
        }
    }
    let back = call("POST", &format!("{path}/rollback"), json!({"revision": 1}));
    assert_eq!(
        (&back.body["body"]["values"], &back.body["body"]["revision"]),
        (&json!({"a": "1"}), &json!(4))
    );

    let listed = call("GET", "/secrets?name=contains:DB&sort_by=desc:created", Value::Null);
    assert_eq!((&listed.body["total"], &listed.body["items"][0]["body"]["values"]), (&json!(1), &json!({})));
    let many = call("POST", "/secrets/values", json!({"names": ["db2", "nope"]}));
    assert_eq!(many.body["items"][0]["secret"]["body"]["values"], json!({"a": "1"}));
    assert_eq!(many.body["items"][1]["error"][0], "KeyError");

    // The command line beside the server sees the same.
    assert_eq!(home.values("db2"), json!({"a": "1"}));
    let gone = call("DELETE", &path, Value::Null);
    assert_eq!((gone.status, &gone.body), (200, &Value::Null));
    assert_eq!(call("DELETE", &path, Value::Null).body["detail"][0], "KeyError");
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_change_can_be_bound_to_a_revision_and_is_made_once() {
    let home = Home::new();
    let server = Server::start(&home);
    let auth = format!("Bearer {}", server.admin());
    let send = |method: &str, path: &str, more: (&str, &str), body: Value| {
        let path = format!("/api/v1{path}");
        server.send(method, &path, &[("authorization", &auth), more], body.to_string().as_bytes())
    };
    let key = ("idempotency-key", "11111111-2222-4333-8444-555555555555");
    let made = send("POST", "/secrets", key, json!({"name": "db", "values": {"a": "1"}}));
    let again = send("POST", "/secrets", key, json!({"name": "db", "values": {"a": "1"}}));
    assert_eq!((id(&made), made.body), (id(&again), again.body), "answered, and not done again");
    let other = send("POST", "/secrets", key, json!({"name": "other", "values": {"a": "1"}}));
    assert_eq!(other.status, 422, "{other:?}");
    let named = send("POST", "/secrets", ("idempotency-key", "no-uuid"), json!({"name": "x"}));
    assert_eq!(named.status, 422, "{named:?}");

    let path = format!("/secrets/{}", id(&send("GET", "/secrets/by-name/db", ("x-a", "b"), Value::Null)));
    let stale = send("PUT", &path, ("if-match", "\"7\""), json!({"name": "new"}));
    assert_eq!(stale.status, 412, "{stale:?}");
    let fresh = send("PUT", &path, ("if-match", "\"1\""), json!({"name": "new"}));
    assert_eq!((fresh.status, &fresh.body["name"]), (200, &json!("new")), "{fresh:?}");
    assert_eq!(send("DELETE", &path, ("if-match", "\"1\""), Value::Null).status, 412);

    // Of several revisions one will do; a weak tag matches none, and what is no list is refused.
    let change = |tags: &str| send("PUT", &path, ("if-match", tags), json!({"values": {"a": tags}})).status;
    assert_eq!((change("\"1\", \"3\""), change("W/\"2\""), change("\"two\"")), (412, 412, 412));
    assert_eq!((change("\"1\" \"2\""), change("*, \"2\""), change("2"), change(",")), (422, 422, 422, 422));
    assert_eq!((change("\"4\", ,\"2\", \"1\""), change("*")), (200, 200));
    let back =
        send("POST", &format!("{path}/rollback"), ("if-match", "\"1\", \"4\""), json!({"revision": 1}));
    assert_eq!((back.status, &back.body["body"]["revision"]), (200, &json!(5)), "{back:?}");
    for (lines, status) in [("\"1\"\r\nif-match: \"4\"", 412), ("\"1\"\r\nif-match: \"5\"", 200)] {
        assert_eq!(send("DELETE", &path, ("if-match", lines), Value::Null).status, status, "{lines}");
    }
}
