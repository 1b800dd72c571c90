//! What a secret may be.

use crate::client::Client;
use serde_json::json;
use strongroom_emulator_gcp::PROJECT_NUMBER;

#[tokio::test]
async fn answers_name_the_project_by_its_number() {
    let client = Client::new();
    let made = client.create("strongroom-a", json!({})).await.ok();
    assert_eq!(made["name"], format!("projects/{PROJECT_NUMBER}/secrets/strongroom-a"));
    let path = format!("/v1/projects/{PROJECT_NUMBER}/secrets/strongroom-a");
    let token = client.emulator.access_token(strongroom_emulator_gcp::Account::Writer);
    assert_eq!(client.anywhere(&token, "GET", &path, json!(null)).await.ok(), made);
}

#[tokio::test]
async fn ids_are_of_letters_digits_underscores_and_dashes() {
    let client = Client::new();
    for wrong in ["", "a.b", "a%2Fb", "%C3%A9", "a%20b", &"x".repeat(256)] {
        client.create(wrong, json!({})).await.invalid();
    }
    for right in ["A-b_9", &"x".repeat(255)] {
        client.create(right, json!({})).await.ok();
    }
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let client = Client::new();
    client.create("strongroom-a", json!({})).await.ok();
    client.create("strongroom-a", json!({})).await.refused(409, "ALREADY_EXISTS");
    // Upper and lower case are two.
    client.create("strongroom-A", json!({})).await.ok();
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let client = Client::new();
    let said = client.get("secrets/strongroom-a").await.missing();
    assert_eq!(said, format!("Secret [projects/{PROJECT_NUMBER}/secrets/strongroom-a] not found."));
    client.post("secrets/strongroom-a:addVersion", json!({"payload": {"data": "eA=="}})).await.missing();
    client.call("DELETE", "secrets/strongroom-a", json!(null)).await.missing();
    client.get("secrets/strongroom-a/versions").await.missing();
    client.furnished().await;
    for version in ["3", "0", "-1", "newest", "18446744073709551616"] {
        client.access(version).await.missing();
    }
}

#[tokio::test]
async fn labels_keep_their_rules() {
    let client = Client::new();
    let many = |n: usize| (0..n).map(|n| (format!("k{n}"), json!("v"))).collect::<serde_json::Map<_, _>>();
    for wrong in [
        json!({"": "x"}),
        json!({"Upper": "x"}),
        json!({"1st": "x"}),
        json!({"-x": "x"}),
        json!({"a.b": "x"}),
        json!({"k": "Upper"}),
        json!({"k": "a b"}),
        // Letters that are neither small nor without case, a mark, and a sign with a letter in it.
        json!({"ǅ": "x"}),
        json!({"ʰ": "x"}),
        json!({"k": "ʰ"}),
        json!({"k": "का"}),
        json!({"k": "ⓐ"}),
        // A number, which no key begins with.
        json!({"ⅷ": "x"}),
        json!({"k".repeat(64): "x"}),
        json!({"k": "x".repeat(64)}),
        // 63 characters, and too many bytes.
        json!({"k": "語".repeat(43)}),
        json!({"k": 1}),
        json!(many(65)),
    ] {
        client.create("strongroom-a", json!({"labels": wrong})).await.invalid();
    }
    let right = json!({"k".repeat(63): "x".repeat(63), "é-_9": "", "語": "語".repeat(42), "ªⅷ": "Ⅷ½٣"});
    let made = client.create("strongroom-a", json!({"labels": right})).await.ok();
    assert_eq!(made["labels"], right);
    client.create("strongroom-b", json!({"labels": many(64)})).await.ok();
}

#[tokio::test]
async fn annotations_keep_their_rules() {
    let client = Client::new();
    for wrong in [
        json!({"": "x"}),
        json!({"-x": "x"}),
        json!({"x.": "x"}),
        json!({"a/b": "x"}),
        json!({"k".repeat(64): "x"}),
        json!({"k": "x".repeat(16 * 1024 - 1)}),
    ] {
        client.create("strongroom-a", json!({"annotations": wrong})).await.invalid();
    }
    let right = json!({"A.b_c-9": "Anything / at é all \u{1F600}", "k".repeat(63): ""});
    let made = client.create("strongroom-a", json!({"annotations": right})).await.ok();
    assert_eq!(made["annotations"], right);
    client.create("strongroom-b", json!({"annotations": {"k": "x".repeat(16 * 1024 - 2)}})).await.ok();
}

#[tokio::test]
async fn replication_is_set_when_a_secret_is_made() {
    let client = Client::new();
    for wrong in [
        json!({}),
        json!({"automatic": {}, "userManaged": {"replicas": [{"location": "europe-west1"}]}}),
        json!({"userManaged": {}}),
        json!({"userManaged": {"replicas": [{}]}}),
        json!({"userManaged": {"replicas": [{"location": "a"}, {"location": "a"}]}}),
        json!({"automatic": []}),
    ] {
        client.create("strongroom-a", json!({"replication": wrong})).await.invalid();
    }
    let right =
        json!({"userManaged": {"replicas": [{"location": "europe-west1"}, {"location": "us-east1"}]}});
    let made = client.create("strongroom-a", json!({"replication": right})).await.ok();
    assert_eq!(made["replication"], right);
}

#[tokio::test]
async fn a_key_is_one_of_the_location() {
    let client = Client::new();
    let key = |at: &str| json!({"kmsKeyName": format!("projects/p/locations/{at}/keyRings/r/cryptoKeys/k")});
    let automatic = |key| json!({"replication": {"automatic": {"customerManagedEncryption": key}}});
    for wrong in [key("europe-west1"), json!({"kmsKeyName": "k"}), json!({})] {
        client.create("strongroom-a", automatic(wrong)).await.invalid();
    }
    client.create("strongroom-a", automatic(key("global"))).await.ok();
    // Every replica or none.
    let replicas = |keys: [_; 2]| {
        let [west, east] = keys.map(|(at, key)| json!({"location": at, "customerManagedEncryption": key}));
        json!({"replication": {"userManaged": {"replicas": [west, east]}}})
    };
    let (west, east) = (("w", key("w")), ("e", key("e")));
    for wrong in [[west.clone(), ("e", json!(null))], [west.clone(), ("e", key("w"))]] {
        client.create("strongroom-b", replicas(wrong)).await.invalid();
    }
    client.create("strongroom-b", replicas([west, east])).await.ok();
    // One without a region has it in its replication.
    client.create("strongroom-c", json!({"customerManagedEncryption": key("global")})).await.invalid();
}

#[tokio::test]
async fn secrets_of_a_region_are_apart() {
    let client = Client::new();
    let path = "locations/europe-west1/secrets";
    let key = |at: &str| json!({"kmsKeyName": format!("projects/p/locations/{at}/keyRings/r/cryptoKeys/k")});
    let create = async |body| client.post(&format!("{path}?secretId=strongroom-a"), body).await;
    create(json!({"replication": {"automatic": {}}})).await.invalid();
    create(json!({"customerManagedEncryption": key("global")})).await.invalid();
    let made = create(json!({"customerManagedEncryption": key("europe-west1")})).await.ok();
    assert_eq!(made["name"], format!("projects/{PROJECT_NUMBER}/{path}/strongroom-a"));
    client.get("secrets/strongroom-a").await.missing();
    client.get("locations/europe-west4/secrets/strongroom-a").await.missing();
    client.create("strongroom-a", json!({})).await.ok();
    assert_eq!(client.get(path).await.ok()["secrets"], json!([made]));
}

#[tokio::test]
async fn what_nobody_knows_is_refused() {
    let client = Client::new();
    for wrong in [json!({"label": {}}), json!({"labels": []}), json!({"labels": {}, "Labels_": 1})] {
        client.create("strongroom-a", wrong).await.invalid();
    }
    client.post("secrets?secretId=strongroom-a", json!([])).await.invalid();
    client
        .post("secrets?secretId=strongroom-a", json!({"replication": {"automatic": {"x": 1}}}))
        .await
        .invalid();
    // The service has it, the emulator has not.
    for field in ["ttl", "expireTime", "rotation", "topics", "versionAliases", "tags"] {
        client.create("strongroom-a", json!({field: "x"})).await.refused(501, "UNIMPLEMENTED");
    }
    client.get("secrets/strongroom-a:getIamPolicy").await.refused(501, "UNIMPLEMENTED");
    // Names may be in either form.
    client.create("strongroom-a", json!({"version_destroy_ttl": "86400s"})).await.ok();
}

#[tokio::test]
async fn deleting_leaves_nothing_and_numbers_begin_anew() {
    let client = Client::new();
    client.furnished().await;
    let etag = client.get("secrets/strongroom-a").await.ok()["etag"].as_str().unwrap().replace('"', "%22");
    client.call("DELETE", "secrets/strongroom-a?etag=%22x%22", json!(null)).await.precondition();
    let gone = client.call("DELETE", &format!("secrets/strongroom-a?etag={etag}"), json!(null)).await.ok();
    assert_eq!(gone, json!({}));
    client.access("1").await.missing();
    client.create("strongroom-a", json!({})).await.ok();
    assert_eq!(client.get("secrets/strongroom-a/versions").await.ok(), json!({}));
    let added = client.add(json!({"data": "eA=="})).await.ok();
    assert!(added["name"].as_str().unwrap().ends_with("/versions/1"), "{added}");
}
