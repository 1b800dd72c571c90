//! Secrets, their versions and what is set on them.

use crate::client::{Client, version};
use serde_json::{Value, json};

#[tokio::test]
async fn names_are_of_letters_digits_and_dashes() {
    let client = Client::new().await;
    for wrong in ["a_b", "a.b", "a%2Fb", "%C3%A9", "a%20b", &"x".repeat(128)] {
        client.call("PUT", &format!("/secrets/{wrong}"), json!({"value": "v"})).await.bad();
        client.get(&format!("/secrets/{wrong}")).await.bad();
    }
    for right in ["A-9", "-", &"x".repeat(127)] {
        client.call("PUT", &format!("/secrets/{right}"), json!({"value": "v"})).await.ok();
    }
}

#[tokio::test]
async fn upper_and_lower_case_are_one_name() {
    let client = Client::new().await;
    client.call("PUT", "/secrets/Name", json!({"value": "1"})).await.ok();
    let second = client.call("PUT", "/secrets/nAME", json!({"value": "2"})).await.ok();
    assert!(second["id"].as_str().unwrap().contains("/secrets/Name/"), "{second}");
    assert_eq!(client.get("/secrets/name").await.ok()["value"], "2");
}

#[tokio::test]
async fn each_put_makes_a_version_of_32_hexadecimal_digits() {
    let client = Client::new().await;
    let (one, two) = (client.set("1").await.ok(), client.set("2").await.ok());
    let (first, second) = (version(&one), version(&two));
    assert!(first.len() == 32 && first.bytes().all(|b| b.is_ascii_hexdigit()) && first != second);
    assert_eq!(client.get(&format!("/secrets/a/{first}")).await.ok()["value"], "1");
    assert_eq!(client.get("/secrets/a").await.ok(), two);
    // As the client for Rust asks for it.
    assert_eq!(client.get("/secrets/a/").await.ok(), two);
    client.get("/secrets/b").await.missing();
    client.get(&format!("/secrets/a/{}", "0".repeat(32))).await.missing();
    let created = two["attributes"]["created"].as_u64().unwrap();
    assert!(created > 1_700_000_000 && created < 10_000_000_000, "seconds: {created}");
}

#[tokio::test]
async fn a_value_has_at_most_25600_bytes() {
    let client = Client::new().await;
    assert_eq!(client.set(&"v".repeat(25_601)).await.bad(), "Property  has invalid value\r\n");
    client.set(&"é".repeat(12_801)).await.bad();
    client.set(&"é".repeat(12_800)).await.ok();
    client.set("").await.ok();
    for wrong in [json!({}), json!({"value": 1}), json!({"value": null}), json!([]), Value::Null] {
        client.call("PUT", "/secrets/a", wrong).await.bad();
    }
}

#[tokio::test]
async fn a_version_has_at_most_15_tags() {
    let client = Client::new().await;
    let many = |n: usize| (0..n).map(|n| (format!("k{n}"), json!("v"))).collect::<serde_json::Map<_, _>>();
    let put = async |more: Value| {
        let mut body = json!({"value": "v"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        client.call("PUT", "/secrets/a", body).await
    };
    for wrong in [
        json!({"tags": many(16)}),
        json!({"tags": {"k".repeat(257): "v"}}),
        json!({"tags": {"k": "v".repeat(257)}}),
        json!({"tags": {"k": 1}}),
        json!({"tags": []}),
        json!({"contentType": "x".repeat(256)}),
        json!({"contentType": 1}),
    ] {
        put(wrong).await.bad();
    }
    let set = put(json!({"tags": many(15), "contentType": "x".repeat(255)})).await.ok();
    assert_eq!(set["tags"], json!(many(15)));
    put(json!({"tags": {"é".repeat(256): "é".repeat(256)}})).await.ok();
    // Each version has its own.
    assert_eq!(client.set("v").await.ok().get("tags"), None);
    assert_eq!(client.get(&format!("/secrets/a/{}", version(&set))).await.ok()["tags"], json!(many(15)));
}

#[tokio::test]
async fn a_patch_changes_what_it_names() {
    let client = Client::new().await;
    let body = json!({"value": "1", "tags": {"a": "b"}, "contentType": "text/plain"});
    let first = version(&client.call("PUT", "/secrets/a", body).await.ok());
    let second = version(&client.set("2").await.ok());
    let patch = async |path: &str, body| client.call("PATCH", path, body).await;
    let old = format!("/secrets/a/{first}");
    let changed = patch(&old, json!({"attributes": {"enabled": false, "exp": 1_800_000_000}})).await.ok();
    assert_eq!((&changed["tags"], &changed["contentType"]), (&json!({"a": "b"}), &json!("text/plain")));
    assert_eq!(
        (&changed["attributes"]["enabled"], &changed["attributes"]["exp"]),
        (&json!(false), &json!(1_800_000_000))
    );
    assert_eq!(changed.get("value"), None);
    // Tags are replaced all together.
    let changed = patch(&old, json!({"tags": {"c": "d"}})).await.ok();
    assert_eq!((&changed["tags"], &changed["attributes"]["enabled"]), (&json!({"c": "d"}), &json!(false)));
    // Without a version it is the newest, and only that.
    let changed = patch("/secrets/a", json!({"contentType": "x"})).await.ok();
    assert_eq!((version(&changed), &changed["contentType"]), (second, &json!("x")));
    for wrong in [json!({"value": "3"}), json!({"tags": {"k": 1}}), json!({"attributes": {"enabled": "no"}})]
    {
        patch(&old, wrong).await.bad();
    }
    patch("/secrets/a/0", json!({})).await.missing();
    patch("/secrets/b", json!({})).await.missing();
}

#[tokio::test]
async fn a_disabled_version_is_not_read() {
    let client = Client::new().await;
    let first = version(&client.set("1").await.ok());
    let path = format!("/secrets/a/{first}");
    client.call("PATCH", &path, json!({"attributes": {"enabled": false}})).await.ok();
    client.get(&path).await.refused(403, "Forbidden", "SecretDisabled");
    // The newest is the newest, disabled or not.
    client.get("/secrets/a").await.refused(403, "Forbidden", "SecretDisabled");
    assert_eq!(client.get("/secrets/a/versions").await.ok()["value"][0]["attributes"]["enabled"], false);
    client.call("PATCH", &path, json!({"attributes": {"enabled": true}})).await.ok();
    client.get(&path).await.ok();
    // Times do not matter to reads.
    client.call("PATCH", &path, json!({"attributes": {"exp": 1, "nbf": 4_000_000_000_u64}})).await.ok();
    client.get(&path).await.ok();
}

#[tokio::test]
async fn what_nobody_knows_is_refused() {
    let client = Client::new().await;
    for wrong in [json!({"value": "v", "tag": {}}), json!({"value": "v", "attributes": {"enable": true}})] {
        client.call("PUT", "/secrets/a", wrong).await.bad();
    }
    for (method, path) in
        [("POST", "/secrets/a"), ("PUT", "/secrets"), ("GET", "/keys"), ("DELETE", "/secrets/a/0")]
    {
        client.call(method, path, json!({})).await.refused(405, "MethodNotAllowed", "");
    }
    for wrong in
        ["/secrets", "/secrets?api-version=", "/secrets?api-version=8.0", "/secrets?api-version=latest"]
    {
        client.raw(&client.token, "GET", wrong, Value::Null).await.bad();
    }
    for right in ["7.0", "7.6", "2025-07-01", "2025-06-01-preview.1"] {
        client.raw(&client.token, "GET", &format!("/secrets?api-version={right}"), Value::Null).await.ok();
    }
}
