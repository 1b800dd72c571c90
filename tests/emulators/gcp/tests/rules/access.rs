//! Who may do what.

use crate::client::{Client, ROLE};
use serde_json::json;
use strongroom_emulator_gcp::Account;

#[tokio::test]
async fn each_call_needs_its_permission() {
    let calls = [
        ("POST", "secrets?secretId=strongroom-a", "secrets.create"),
        ("GET", "secrets", "secrets.list"),
        ("GET", "secrets/strongroom-a", "secrets.get"),
        ("PATCH", "secrets/strongroom-a?updateMask=labels", "secrets.update"),
        ("DELETE", "secrets/strongroom-a", "secrets.delete"),
        ("POST", "secrets/strongroom-a:addVersion", "versions.add"),
        ("GET", "secrets/strongroom-a/versions", "versions.list"),
        ("GET", "secrets/strongroom-a/versions/1", "versions.get"),
        ("GET", "secrets/strongroom-a/versions/1:access", "versions.access"),
        ("POST", "secrets/strongroom-a/versions/1:enable", "versions.enable"),
        ("POST", "secrets/strongroom-a/versions/1:disable", "versions.disable"),
        ("POST", "secrets/strongroom-a/versions/1:destroy", "versions.destroy"),
    ];
    for account in [Account::Nobody, Account::Impersonator, Account::Writer] {
        let client = Client::new().acting_as(account);
        for (method, path, permission) in calls {
            let told = client.call(method, path, json!(null)).await;
            if account == Account::Writer && ROLE.contains(permission) {
                assert_ne!(told.status, 403, "{told}");
                continue;
            }
            let reason = &told.body["error"]["details"][0]["reason"];
            assert_eq!(reason, "IAM_PERMISSION_DENIED", "{told}");
            let said = told.denied();
            assert!(said.starts_with(&format!("Permission 'secretmanager.{permission}' denied")), "{said}");
        }
    }
}

#[tokio::test]
async fn a_condition_limits_names() {
    let client = Client::new().acting_as(Account::Writer);
    // Whoever may create may create any; the project is what that is checked against.
    client.create("other-a", json!({})).await.ok();
    let there = client.get("secrets/other-a").await.denied();
    let not_there = client.get("secrets/other-b").await.denied();
    assert_eq!(there.replace("other-a", "other-b"), not_there, "it is told what there is");
    client.get("secrets/other-a/versions/1:access").await.denied();
    client.call("DELETE", "secrets/other-a", json!(null)).await.denied();
    assert_eq!(client.get("secrets").await.ok()["totalSize"], 1);
}

#[tokio::test]
async fn of_a_foreign_project_nothing_is_told() {
    let client = Client::new();
    let token = client.emulator.access_token(Account::Operator);
    for project in ["not-my-project", "123"] {
        let path = format!("/v1/projects/{project}/secrets/strongroom-a");
        client.anywhere(&token, "GET", &path, json!(null)).await.denied();
        let path = format!("/v1/projects/{project}/secrets?secretId=strongroom-a");
        client.anywhere(&token, "POST", &path, json!({})).await.denied();
    }
}
