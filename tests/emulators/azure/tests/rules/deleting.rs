//! What becomes of a secret that is deleted.

use crate::client::{Client, options};
use serde_json::{Value, json};
use std::time::Duration;
use strongroom_emulator_azure::Quotas;

const LEISURE: Duration = Duration::from_secs(30);

/// A vault that takes half a minute.
async fn slow() -> Client {
    let mut options = options().quotas(Quotas::none());
    options.leisure = LEISURE;
    Client::with(options).await.slow()
}

#[tokio::test]
async fn a_deleted_secret_keeps_its_name() {
    let client = Client::new().await;
    client.delete().await.missing();
    let set = client.set("1").await.ok();
    let gone = client.delete().await.ok();
    assert!(gone["recoveryId"].as_str().unwrap().ends_with("/deletedsecrets/a"), "{gone}");
    let days =
        (gone["scheduledPurgeDate"].as_u64().unwrap() - gone["deletedDate"].as_u64().unwrap()) / 86_400;
    assert_eq!((days, &gone["attributes"]["recoverableDays"]), (90, &json!(90)));
    assert_eq!(gone["attributes"]["recoveryLevel"], "Recoverable+Purgeable");
    assert_eq!((&gone["id"], gone.get("value")), (&set["id"], None));
    client.set("2").await.refused(409, "Conflict", "ObjectIsDeletedButRecoverable");
    client.get("/secrets/a").await.missing();
    client.call("PATCH", "/secrets/a", json!({})).await.missing();
    client.delete().await.missing();
    assert_eq!(client.get("/secrets").await.ok()["value"], json!([]));
    assert_eq!(client.get("/deletedsecrets").await.ok()["value"], json!([gone]));
    assert_eq!(client.get("/deletedsecrets/a").await.ok(), gone);
}

#[tokio::test]
async fn a_deleted_secret_is_recovered_with_its_versions() {
    let client = Client::new().await;
    let (one, two) = (client.set("1").await.ok(), client.set("2").await.ok());
    client.recover().await.missing();
    client.delete().await.ok();
    assert_eq!(client.recover().await.ok()["id"], two["id"]);
    assert_eq!(client.get("/secrets/a").await.ok(), two);
    let path = one["id"].as_str().unwrap();
    let path = &path[path.find("/secrets").unwrap()..];
    assert_eq!(client.get(path).await.ok()["value"], "1");
    client.get("/deletedsecrets/a").await.missing();
    client.recover().await.missing();
}

#[tokio::test]
async fn a_purged_secret_is_gone() {
    let client = Client::new().await;
    client.purge().await.missing();
    client.set("1").await.ok();
    client.purge().await.missing();
    client.delete().await.ok();
    let purged = client.purge().await;
    assert_eq!((purged.status, &purged.body), (204, &json!("")));
    client.recover().await.missing();
    client.purge().await.missing();
    client.set("2").await.ok();
    assert_eq!(client.get("/secrets/a/versions").await.ok()["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn deleting_takes_a_while() {
    let client = slow().await;
    client.set("1").await.ok();
    client.delete().await.ok();
    client.get("/secrets/a").await.missing();
    client.get("/deletedsecrets/a").await.missing();
    assert_eq!(client.get("/deletedsecrets").await.ok()["value"], json!([]));
    client.set("2").await.refused(409, "Conflict", "ObjectIsBeingDeleted");
    client.purge().await.refused(409, "Conflict", "ObjectIsBeingDeleted");
    client.recover().await.refused(409, "Conflict", "ObjectIsBeingDeleted");
    client.emulator.skip(LEISURE);
    client.get("/deletedsecrets/a").await.ok();
    client.set("2").await.refused(409, "Conflict", "ObjectIsDeletedButRecoverable");
}

#[tokio::test]
async fn purging_takes_a_while() {
    let client = slow().await;
    client.set("1").await.ok();
    client.delete().await.ok();
    client.emulator.skip(LEISURE);
    assert_eq!(client.purge().await.status, 204);
    client.get("/deletedsecrets/a").await.missing();
    client.set("2").await.refused(409, "Conflict", "ObjectIsBeingDeleted");
    client.purge().await.missing();
    client.emulator.skip(LEISURE);
    client.set("2").await.ok();
}

#[tokio::test]
async fn recovering_takes_a_while() {
    let client = slow().await;
    client.set("1").await.ok();
    client.delete().await.ok();
    client.emulator.skip(LEISURE);
    client.recover().await.ok();
    client.get("/secrets/a").await.missing();
    client.set("2").await.refused(409, "Conflict", "ObjectIsBeingRecovered");
    client.emulator.skip(LEISURE);
    assert_eq!(client.get("/secrets/a").await.ok()["value"], "1");
}

#[tokio::test]
async fn what_is_deleted_goes_by_itself_after_90_days() {
    let client = Client::new().await;
    client.set("1").await.ok();
    client.delete().await.ok();
    client.emulator.skip(Duration::from_secs(89 * 86_400));
    // Tokens have expired meanwhile.
    let client = client.logged_in_as(strongroom_emulator_azure::Application::Writer).await;
    client.get("/deletedsecrets/a").await.ok();
    client.emulator.skip(Duration::from_secs(86_400));
    let client = client.logged_in_as(strongroom_emulator_azure::Application::Writer).await;
    assert_eq!(client.get("/deletedsecrets").await.ok()["value"], json!([]));
    client.set("2").await.ok();
}

#[tokio::test]
async fn nobody_purges_in_a_protected_vault() {
    let mut options = options();
    options.purge_protection = true;
    let client = Client::with(options).await;
    client.set("1").await.ok();
    let gone = client.delete().await.ok();
    assert_eq!(gone["attributes"]["recoveryLevel"], "Recoverable");
    client.call("DELETE", "/deletedsecrets/a", Value::Null).await.refused(403, "Forbidden", "");
    client.recover().await.ok();
}
