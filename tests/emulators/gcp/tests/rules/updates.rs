//! Changes of what is set, and etags.

use crate::client::Client;
use serde_json::json;

#[tokio::test]
async fn a_mask_replaces_what_it_names_and_nothing_else() {
    let client = Client::new();
    let made =
        client.create("strongroom-a", json!({"labels": {"a": "1"}, "annotations": {"b": "2"}})).await.ok();
    let update = async |mask: &str, body| {
        client.call("PATCH", &format!("secrets/strongroom-a?updateMask={mask}"), body).await
    };
    let updated = update("labels", json!({"labels": {"c": "3"}, "annotations": {}})).await.ok();
    assert_eq!(updated["labels"], json!({"c": "3"}));
    assert_eq!(updated["annotations"], made["annotations"]);
    // In either form of names; what is named and not given is no longer set.
    let updated = update("labels,version_destroy_ttl", json!({"versionDestroyTtl": "90000s"})).await.ok();
    assert_eq!((updated.get("labels"), &updated["versionDestroyTtl"]), (None, &json!("90000s")));
    for wrong in ["", "nothing", "name", "etag", "replication", "labels,nothing"] {
        update(wrong, json!({"labels": {"d": "4"}})).await.invalid();
    }
    update("labels", json!({"labels": {"Upper": "x"}})).await.invalid();
    update("ttl", json!({})).await.refused(501, "UNIMPLEMENTED");
    assert_eq!(client.get("secrets/strongroom-a").await.ok(), updated);
    client.call("PATCH", "secrets/strongroom-b?updateMask=labels", json!({})).await.missing();
}

#[tokio::test]
async fn a_stale_etag_is_refused() {
    let client = Client::new();
    client.furnished().await;
    let etag = client.get("secrets/strongroom-a").await.ok()["etag"].clone();
    assert!(etag.as_str().unwrap().starts_with('"') && etag.as_str().unwrap().ends_with('"'), "{etag}");
    let label = async |etag| {
        let body = json!({"labels": {"a": "b"}, "etag": etag});
        client.call("PATCH", "secrets/strongroom-a?updateMask=labels", body).await
    };
    // Nothing changes, and yet the etag does.
    let next = label(etag.clone()).await.ok()["etag"].clone();
    assert_ne!(next, etag);
    label(etag.clone()).await.precondition();
    label(json!(null)).await.ok();

    let version = client.get("secrets/strongroom-a/versions/1").await.ok()["etag"].clone();
    let path = |verb: &str| format!("secrets/strongroom-a/versions/1:{verb}");
    client.post(&path("enable"), json!({"etag": version})).await.ok();
    for verb in ["enable", "disable", "destroy"] {
        client.post(&path(verb), json!({"etag": version})).await.precondition();
    }
    client.access("1").await.ok();
}

#[tokio::test]
async fn versions_leave_the_etag_of_their_secret_as_it_is() {
    let client = Client::new();
    client.furnished().await;
    let etags = async || {
        let secret = client.get("secrets/strongroom-a").await.ok()["etag"].clone();
        (secret, client.get("secrets/strongroom-a/versions/1").await.ok()["etag"].clone())
    };
    let before = etags().await;
    client.add(json!({"data": "eA=="})).await.ok();
    client.change("2", "disable").await.ok();
    assert_eq!(etags().await, before);
    let body = json!({"labels": {"x": "y"}});
    client.call("PATCH", "secrets/strongroom-a?updateMask=labels", body).await.ok();
    let after = etags().await;
    assert!(after.0 != before.0 && after.1 == before.1, "{before:?} {after:?}");
}
