//! How often one may ask.

use crate::client::Client;
use serde_json::json;
use std::time::Duration;
use strongroom_emulator_gcp::Quotas;

#[tokio::test]
async fn a_project_has_quotas_of_three_kinds_a_minute() {
    let client = Client::with(Quotas { access: Some(5), read: Some(2), write: Some(3) });
    client.furnished().await;
    let said = client.add(json!({"data": "eA=="})).await.refused(429, "RESOURCE_EXHAUSTED");
    assert!(said.contains("'Write requests per minute'"), "{said}");
    client.change("1", "disable").await.refused(429, "RESOURCE_EXHAUSTED");
    // Each kind for itself.
    client.get("secrets/strongroom-a").await.ok();
    client.get("secrets/strongroom-a/versions").await.ok();
    client.get("secrets").await.refused(429, "RESOURCE_EXHAUSTED");
    for _ in 0..5 {
        client.access("1").await.ok();
    }
    client.access("1").await.refused(429, "RESOURCE_EXHAUSTED");
    client.emulator.skip(Duration::from_secs(60));
    client.access("1").await.ok();
    client.get("secrets").await.ok();
    let documented = Quotas::documented();
    assert_eq!((documented.access, documented.read, documented.write), (Some(90_000), Some(600), Some(600)));
}
