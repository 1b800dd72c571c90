//! What is set up wrongly is named, with the remedy.

use crate::common::{Account, engine::kind, open, server::MOUNT, through};
use serde_json::json;
use strongroom_core::{
    Error, ErrorKind, Labels, NamespaceId, NewVersion, ObjectId, Payload, Result, SecretId, VersionRef,
    VersionUid,
};
use uuid::Uuid;

type Section = Vec<(&'static str, String)>;

async fn checked(section: &Section) -> Error {
    open(section, NamespaceId(Uuid::new_v4())).await.unwrap().check().await.unwrap_err()
}

async fn probe(section: &Section) -> Result<VersionRef> {
    let backend = open(section, NamespaceId(Uuid::new_v4())).await?;
    let (payload, labels) = (Payload::new("probe".into()), Labels::new(SecretId(Uuid::new_v4()), ""));
    let (object, uid) = (ObjectId(Uuid::new_v4()), VersionUid(Uuid::new_v4()));
    backend.put(&NewVersion::new(object, uid, &payload, &labels)).await
}

fn with(section: &Section, key: &'static str, value: &str) -> Section {
    let mut section = section.clone();
    section.retain(|(known, _)| *known != key);
    section.push((key, value.to_owned()));
    section
}

fn says(error: &Error, expected: ErrorKind, words: &[&str]) {
    let text = error.to_string();
    assert_eq!(error.kind(), expected, "{text}");
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn wrong_credentials_addresses_and_mounts() {
    let account = Account::new().await;
    let section = account.with_token().await;
    says(
        &checked(&with(&section, "token", "s.nobody")).await,
        ErrorKind::StoreRefused,
        &["credentials", "login"],
    );
    // A policy says nothing of a mount that it does not name.
    let nowhere = checked(&with(&section, "mount", "elsewhere")).await;
    says(&nowhere, ErrorKind::StoreRefused, &["`mount`", "there may be none", "-version=2"]);
    let root = with(&section, "token", &account.server.token);
    let missing = with(&root, "mount", "elsewhere");
    assert!(matches!(checked(&missing).await.kind(), ErrorKind::ConfigInvalid | ErrorKind::StoreRefused));
    says(&probe(&missing).await.unwrap_err(), ErrorKind::ConfigInvalid, &["`mount`"]);
    let nobody = through(&section, "http://127.0.0.1:9");
    says(&checked(&nobody).await, ErrorKind::Unavailable, &["`address`"]);
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn kv_of_version_1() {
    let account = Account::new().await;
    let mount = format!("v1-{}", account.prefix);
    account.server.admin("POST", &format!("sys/mounts/{mount}"), json!({ "type": "kv" })).await;
    let root = with(&account.with_token().await, "token", &account.server.token);
    let old = with(&root, "mount", &mount);
    says(&checked(&old).await, ErrorKind::ConfigInvalid, &["version 2", "-version=2"]);
    assert!(probe(&old).await.is_err());
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn no_permission_to_write() {
    let account = Account::new().await;
    let section = account.with_token().await;
    account.allow(&account.least().replace("\"create\", \"update\", ", "")).await;
    let backend = open(&section, NamespaceId(Uuid::new_v4())).await.unwrap();
    backend.check().await.unwrap();
    says(&probe(&section).await.unwrap_err(), ErrorKind::StoreRefused, &["policy"]);
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_mount_that_deletes_versions_by_itself() {
    let account = Account::new().await;
    let mount = format!("fading-{}", account.prefix);
    account.server.mount_at(&mount).await;
    account.server.admin("POST", &format!("{mount}/config"), json!({ "delete_version_after": "1h" })).await;
    let section = with(&account.with_token().await, "token", &account.server.token);
    let section = with(&section, "mount", &mount);
    says(&probe(&section).await.unwrap_err(), ErrorKind::ConfigInvalid, &["delete_version_after"]);
    // What was refused does not stay, nor is what was written before it gone.
    let plain = json!({ "delete_version_after": "0s" });
    account.server.admin("POST", &format!("{mount}/config"), plain).await;
    let backend = open(&section, NamespaceId(Uuid::new_v4())).await.unwrap();
    let (object, payload) = (ObjectId(Uuid::new_v4()), Payload::new(b"{\"a\":\"1\"}".to_vec()));
    let labels = Labels::new(SecretId(Uuid::new_v4()), "");
    let new = || NewVersion::new(object, VersionUid(Uuid::new_v4()), &payload, &labels);
    let first = backend.put(&new()).await.unwrap();
    account.server.admin("POST", &format!("{mount}/config"), json!({ "delete_version_after": "1h" })).await;
    let refused = backend.put(&new().after(&first)).await.unwrap_err();
    says(&refused, ErrorKind::ConfigInvalid, &["delete_version_after"]);
    let found = backend.scan(Some(object), None).await.unwrap().found;
    let there: Vec<_> = found.iter().map(|found| found.at.clone()).collect();
    assert_eq!(there, [Some(first.clone())], "{found:?}");
    backend.get(object, &first).await.unwrap();
    assert_eq!(kind(probe(&with(&section, "mount", MOUNT)).await), None);
}
