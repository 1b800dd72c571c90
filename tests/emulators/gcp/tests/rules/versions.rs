//! Payloads and states.

use crate::client::Client;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn versions_are_numbered_from_1() {
    let client = Client::new();
    client.furnished().await;
    let third = client.add(json!({"data": "eA=="})).await.ok();
    assert!(third["name"].as_str().unwrap().ends_with("/secrets/strongroom-a/versions/3"), "{third}");
    assert_eq!(third["state"], "ENABLED");
    // A destroyed one's number is not used again.
    client.change("3", "destroy").await.ok();
    let fourth = client.add(json!({"data": "eA=="})).await.ok();
    assert!(fourth["name"].as_str().unwrap().ends_with("/versions/4"), "{fourth}");
    let time = |version: &serde_json::Value| version["createTime"].as_str().unwrap().to_owned();
    assert!(time(&third) < time(&fourth));
}

#[tokio::test]
async fn a_payload_has_1_to_65536_bytes() {
    let client = Client::new();
    client.create("strongroom-a", json!({})).await.ok();
    let bytes = |n| json!({"data": STANDARD.encode(vec![b'x'; n])});
    assert_eq!(client.add(bytes(0)).await.invalid(), "Secret Payload cannot be empty.");
    client.add(json!({})).await.invalid();
    client.add(json!(null)).await.invalid();
    client.add(bytes(65_537)).await.invalid();
    client.add(json!({"data": "!"})).await.invalid();
    client.add(json!({"data": 1})).await.invalid();
    client.add(bytes(65_536)).await.ok();
    assert_eq!(client.access("1").await.ok()["payload"]["data"], bytes(65_536)["data"]);
    // Any bytes, in either alphabet of base64.
    client.add(json!({"data": "-_8"})).await.ok();
    assert_eq!(client.access("2").await.ok()["payload"]["data"], "+/8=");
}

#[tokio::test]
async fn the_checksum_is_checked_and_told() {
    let client = Client::new();
    client.create("strongroom-a", json!({})).await.ok();
    // The check value of CRC32C.
    let (data, sum) = (STANDARD.encode("123456789"), 0xE306_9283_u32);
    for wrong in [json!("1"), json!(1), json!("x"), json!(-1)] {
        client.add(json!({"data": data, "dataCrc32c": wrong})).await.invalid();
    }
    for right in [json!(sum), json!(sum.to_string())] {
        let added = client.add(json!({"data": data, "dataCrc32c": right})).await.ok();
        assert_eq!(added["clientSpecifiedPayloadChecksum"], true);
    }
    let added = client.add(json!({"data": data})).await.ok();
    assert_eq!(added.get("clientSpecifiedPayloadChecksum"), None);
    for version in ["1", "3"] {
        assert_eq!(client.access(version).await.ok()["payload"]["dataCrc32c"], sum.to_string());
    }
}

#[tokio::test]
async fn only_enabled_versions_are_read() {
    let client = Client::new();
    client.furnished().await;
    assert_eq!(client.change("1", "disable").await.ok()["state"], "DISABLED");
    let said = client.access("1").await.precondition();
    assert!(said.ends_with("/versions/1] is in DISABLED state."), "{said}");
    client.change("1", "disable").await.ok();
    assert_eq!(client.change("1", "enable").await.ok()["state"], "ENABLED");
    client.access("1").await.ok();
}

#[tokio::test]
async fn a_destroyed_version_is_so_for_ever_and_stays_in_the_list() {
    let client = Client::new();
    client.furnished().await;
    let gone = client.change("2", "destroy").await.ok();
    assert_eq!(gone["state"], "DESTROYED");
    assert!(gone["destroyTime"].as_str() > gone["createTime"].as_str(), "{gone}");
    client.access("2").await.precondition();
    for verb in ["enable", "disable", "destroy"] {
        client.change("2", verb).await.precondition();
    }
    assert_eq!(client.get("secrets/strongroom-a/versions/2").await.ok(), gone);
    assert_eq!(client.get("secrets/strongroom-a/versions").await.ok()["versions"][0], gone);
}

#[tokio::test]
async fn destroying_is_put_off_if_the_secret_says_so() {
    let client = Client::new();
    for wrong in ["86399s", "1d", "s", "-90000s", "86400.s", "86400"] {
        client.create("strongroom-a", json!({"versionDestroyTtl": wrong})).await.invalid();
    }
    let made = client.create("strongroom-a", json!({"versionDestroyTtl": "86400.5s"})).await.ok();
    assert_eq!(made["versionDestroyTtl"], "86400s");
    for _ in 0..2 {
        client.add(json!({"data": "eA=="})).await.ok();
        // Disabled at first, and that can be taken back.
        let put_off = client.change("1", "destroy").await.ok();
        assert_eq!(put_off["state"], "DISABLED");
        assert!(put_off["scheduledDestroyTime"].as_str() > put_off["createTime"].as_str(), "{put_off}");
        client.access("1").await.precondition();
        let back = client.change("1", "enable").await.ok();
        assert_eq!((&back["state"], back.get("scheduledDestroyTime")), (&json!("ENABLED"), None));
    }
    client.change("1", "destroy").await.ok();
    client.emulator.skip(Duration::from_secs(86_400 - 60));
    assert_eq!(client.get("secrets/strongroom-a/versions/1").await.ok()["state"], "DISABLED");
    client.emulator.skip(Duration::from_secs(120));
    let gone = client.get("secrets/strongroom-a/versions/1").await.ok();
    assert_eq!((&gone["state"], gone.get("scheduledDestroyTime")), (&json!("DESTROYED"), None));
    client.change("1", "enable").await.precondition();
}

#[tokio::test]
async fn latest_is_the_newest_in_any_state() {
    let client = Client::new();
    client.create("strongroom-a", json!({})).await.ok();
    client.access("latest").await.missing();
    for data in ["b25l", "dHdv"] {
        client.add(json!({"data": data})).await.ok();
        assert_eq!(client.access("latest").await.ok()["payload"]["data"], data);
    }
    client.change("2", "disable").await.ok();
    client.access("latest").await.precondition();
    let newest = client.get("secrets/strongroom-a/versions/latest").await.ok();
    assert!(newest["name"].as_str().unwrap().ends_with("/versions/2"), "{newest}");
}

#[tokio::test]
async fn a_version_tells_where_it_is_kept() {
    let client = Client::new();
    client.create("strongroom-a", json!({})).await.ok();
    let added = client.add(json!({"data": "eA=="})).await.ok();
    assert_eq!(added["replicationStatus"], json!({"automatic": {}}));

    let key = "projects/p/locations/w/keyRings/r/cryptoKeys/k";
    let replica = json!({"location": "w", "customerManagedEncryption": {"kmsKeyName": key}});
    let replication = json!({"userManaged": {"replicas": [replica]}});
    client.create("strongroom-b", json!({"replication": replication})).await.ok();
    let body = json!({"payload": {"data": "eA=="}});
    let added = client.post("secrets/strongroom-b:addVersion", body).await.ok();
    let kept = &added["replicationStatus"]["userManaged"]["replicas"][0];
    assert_eq!(kept["location"], "w");
    let used = format!("{key}/cryptoKeyVersions/1");
    assert_eq!(kept["customerManagedEncryption"], json!({"kmsKeyVersionName": used}));
}

#[tokio::test]
async fn states_are_numbers_for_clients_that_ask_for_them() {
    let client = Client::new();
    client.furnished().await;
    for (version, verb, number) in [("1", "disable", 2), ("1", "destroy", 3), ("2", "enable", 1)] {
        client.change(version, verb).await.ok();
        let path = format!("secrets/strongroom-a/versions/{version}?$alt=json;enum-encoding=int");
        assert_eq!(client.get(&path).await.ok()["state"], number);
    }
}
