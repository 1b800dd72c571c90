//! What people see who read the service with its own tools.

use crate::common::{
    Account,
    engine::Deployment,
    server::{MOUNT, variable},
};
use serde_json::{Value, json};
use std::process::Command;
use strongroom_core::SecretRef;

/// What `kv get` prints.
fn kv_get(account: &Account, token: &str, key: &str) -> Value {
    let mut command = Command::new(variable("STRONGROOM_TEST_VAULT_BIN"));
    command.args(["kv", "get", "-format=json", &format!("-mount={MOUNT}"), key]);
    for prefix in ["BAO", "VAULT"] {
        command.env(format!("{prefix}_ADDR"), &account.server.url).env(format!("{prefix}_TOKEN"), token);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn written(account: &Account, seal: bool) -> String {
    let deployment = Deployment::new(account.with_token().await, seal);
    let process = deployment.process().await;
    let pairs = [("user", "app"), ("password", "hunter2 <&> ä")];
    let secret = process.secrets().create("db", pairs).await.unwrap();
    let (object, _) = process.place(&SecretRef::Id(secret.meta.id)).await;
    account.key(process.namespace(), object)
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn an_unsealed_secret_is_a_plain_object() {
    let account = Account::new().await;
    let key = written(&account, false).await;
    let shown = kv_get(&account, &account.token(json!({})).await, &key);
    assert_eq!(shown["data"]["data"], json!({ "user": "app", "password": "hunter2 <&> ä" }));
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_sealed_secret_tells_nothing() {
    let account = Account::new().await;
    let key = written(&account, true).await;
    let shown = kv_get(&account, &account.token(json!({})).await, &key);
    let data = shown["data"]["data"].as_object().unwrap();
    assert_eq!(data.keys().collect::<Vec<_>>(), ["strongroom_sealed"]);
    let all = shown.to_string();
    assert!(["hunter2", "user", "password", "\"app\""].iter().all(|word| !all.contains(word)), "{all}");
}
