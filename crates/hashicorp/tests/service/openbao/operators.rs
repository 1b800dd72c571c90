//! An operator of the service does what the service lets operators do, behind our back.

use crate::common::{
    Account,
    engine::{Deployment, Process, deployed, kind, text},
    server::MOUNT,
};
use serde_json::{Value, json};
use std::time::Duration;
use strongroom_core::{ErrorKind, GetOptions, ObjectId, SecretRef, SecretUpdate, SecretValues, ValuesChange};
use strongroom_engine::RepairOptions;

/// A secret with two versions, and its key.
struct Kept {
    account: Account,
    deployment: Deployment,
    writer: Process,
    which: SecretRef,
    object: ObjectId,
    key: String,
}

impl Kept {
    async fn new() -> Self {
        let (account, deployment) = deployed().await;
        let writer = deployment.process().await;
        let secret = writer.secrets().create("db", [("a", "1"), ("b", "x")]).await.unwrap();
        writer.secrets().set("db", "a", "2").await.unwrap();
        let which = SecretRef::Id(secret.meta.id);
        let (object, _) = writer.place(&which).await;
        let key = account.key(writer.namespace(), object);
        Self { account, deployment, writer, which, object, key }
    }

    /// With an empty cache, and no patience for a service that lags.
    async fn reader(&self) -> Process {
        let section = self.account.with_token().await;
        self.deployment
            .process_with(&section, |options| {
                options.call_timeout = Duration::from_millis(500);
                options.call_attempts = 1;
            })
            .await
    }

    /// Until what is missing counts as lost.
    async fn wait() {
        tokio::time::sleep(Duration::from_millis(600)).await;
    }

    async fn operator(&self, method: &str, path: &str, body: Value) {
        self.account.server.admin(method, &format!("{MOUNT}/{path}/{}", self.key), body).await;
    }

    /// A repair names the secret, whose current version is lost, and what to do.
    async fn assert_lost(&self, remedy: &str) {
        let report = self.reader().await.repair().await;
        let current: Vec<_> = report.lost.iter().filter(|lost| lost.current).collect();
        assert_eq!(current.len(), 1, "{report:?}");
        assert_eq!(current[0].name.as_ref().map(|name| name.as_str()), Some("db"), "{report:?}");
        assert!(current[0].kind == ErrorKind::Lost && current[0].told.contains(remedy), "{report:?}");
    }

    /// What a repair finds: unknown, lost, with another version on top.
    async fn repaired(&self) -> (usize, usize, usize) {
        let report = self.reader().await.repair().await;
        (report.unknown.len(), report.lost.len(), report.overlaid.len())
    }

    /// What people see who ask for no version.
    async fn shown(&self) -> Value {
        let path = format!("{MOUNT}/data/{}", self.key);
        self.account.server.admin("GET", &path, Value::Null).await["data"]["data"]["a"].clone()
    }

    async fn value(&self) -> String {
        text(&self.reader().await.secrets().get("db").await.unwrap(), "a")
    }
}

fn replaced(value: &str) -> SecretUpdate {
    SecretUpdate::new().values(ValuesChange::Replace(SecretValues::from_iter([("a", value)])))
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_deleted_version_is_lost_until_it_is_brought_back() {
    let kept = Kept::new().await;
    kept.operator("DELETE", "data", Value::Null).await;
    Kept::wait().await;
    let reader = kept.reader().await;
    assert_eq!(kind(reader.secrets().get("db").await), Some(ErrorKind::Lost));
    kept.assert_lost("write them again").await;
    kept.operator("POST", "undelete", json!({ "versions": [2] })).await;
    assert_eq!(kept.value().await, "2");
    assert_eq!(kept.repaired().await, (0, 0, 0));
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_destroyed_version_is_lost_and_can_be_rolled_back_or_written_again() {
    let kept = Kept::new().await;
    kept.operator("PUT", "destroy", json!({ "versions": [2] })).await;
    Kept::wait().await;
    let secrets = kept.reader().await.secrets();
    let lost = secrets.get("db").await.unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::Lost, "{lost:?}");
    kept.assert_lost("roll back to an older version").await;
    // The older version is as it was.
    let first = secrets.versions("db").await.unwrap().iter().map(|version| version.revision).min().unwrap();
    let read = secrets.get_ref(&kept.which, &GetOptions::new().as_of(first)).await.unwrap();
    assert_eq!(text(&read, "a"), "1");
    secrets.update(&kept.which, SecretUpdate::new().values(ValuesChange::Restore(first))).await.unwrap();
    assert_eq!(kept.value().await, "1");
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_deleted_key_is_lost_and_can_be_written_again() {
    let kept = Kept::new().await;
    kept.operator("DELETE", "metadata", Value::Null).await;
    Kept::wait().await;
    let secrets = kept.reader().await.secrets();
    assert_eq!(kind(secrets.get("db").await), Some(ErrorKind::Lost));
    secrets.update(&kept.which, replaced("3")).await.unwrap();
    assert_eq!(kept.value().await, "3");
    // Its number is that of the first version, which is still not this one.
    let first = secrets.versions("db").await.unwrap().iter().map(|version| version.revision).min().unwrap();
    let old = kept.reader().await.secrets().get_ref(&kept.which, &GetOptions::new().as_of(first)).await;
    assert_eq!(kind(old), Some(ErrorKind::Lost));
    secrets.delete("db").await.unwrap();
    assert!(kept.writer.held().await.is_empty());
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_key_made_anew_with_the_same_numbers_is_never_served() {
    let kept = Kept::new().await;
    kept.operator("DELETE", "metadata", Value::Null).await;
    for _ in 0..2 {
        kept.operator("POST", "data", json!({ "data": { "a": "evil", "b": "x" } })).await;
    }
    Kept::wait().await;
    assert_eq!(kind(kept.reader().await.secrets().get("db").await), Some(ErrorKind::Lost));
    // A removal of ours does not hit what has our numbers.
    let (object, at) = (kept.object, kept.writer.named().await.pop().unwrap().2);
    kept.writer.backend.remove(object, &at).await.unwrap();
    let shown = kept.account.server.metadata(&kept.key).await;
    assert_eq!(shown["versions"]["2"]["destroyed"], json!(false), "{shown}");
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_changed_value_is_reported_and_not_served() {
    let kept = Kept::new().await;
    kept.operator("POST", "data", json!({ "data": { "a": "evil", "b": "x" } })).await;
    assert_eq!(kept.value().await, "2");
    let report = kept.writer.repair().await;
    let unknown: Vec<_> = report.unknown.iter().map(|unknown| unknown.object).collect();
    assert_eq!(unknown, [kept.object], "{report:?}");
    // The next write goes on top of it.
    kept.writer.secrets().set("db", "a", "3").await.unwrap();
    assert_eq!(kept.value().await, "3");
    let remove = RepairOptions::new().remove_foreign(true);
    assert_eq!(kept.writer.engine.repair(remove).await.unwrap().removed, 1);
    kept.writer.assert_whole().await;
    assert_eq!(kept.value().await, "3");
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_restored_old_version_is_reported_and_not_served() {
    let kept = Kept::new().await;
    // What `kv rollback -version=1` does.
    kept.operator("POST", "data", json!({ "data": { "a": "1", "b": "x" }, "options": { "cas": 2 } })).await;
    assert_eq!(kept.value().await, "2");
    // It may be the truth of somebody else: it is told of, and goes when asked for.
    assert_eq!(kept.repaired().await, (1, 0, 1));
    assert_eq!(kept.shown().await, "1");
    let remove = RepairOptions::new().remove_foreign(true);
    let report = kept.writer.engine.repair(remove).await.unwrap();
    assert!(report.removed == 1 && report.overlaid[0].mended, "{report:?}");
    assert_eq!(kept.shown().await, "2");
    assert_eq!(kept.repaired().await, (0, 0, 0));
    kept.writer.secrets().set("db", "b", "y").await.unwrap();
    let secret = kept.reader().await.secrets().get("db").await.unwrap();
    assert_eq!((text(&secret, "a"), text(&secret, "b")), ("2".into(), "y".into()));
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn what_is_not_ours_in_our_folder_is_passed_over() {
    let (account, deployment) = deployed().await;
    let process = deployment.process().await;
    process.secrets().create("db", [("a", "1")]).await.unwrap();
    let folder = format!("{MOUNT}/data/{}/{}", account.prefix, process.namespace());
    // More than a page, before and behind ours, with names that must not break the way to the next page.
    for n in 0..60 {
        for name in [format!("!%26 a%3Db {n:02}"), format!("z{n:02}"), format!("folder{n}/x")] {
            let path = format!("{folder}/{}", name.replace(' ', "%20"));
            account.server.admin("POST", &path, json!({ "data": { "a": "b" } })).await;
        }
    }
    assert_eq!(process.held().await.len(), 1);
    process.assert_whole().await;
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_policy_for_one_prefix_keeps_another_safe() {
    let (ours, deployment) = deployed().await;
    let process = deployment.process().await;
    let secret = process.secrets().create("db", [("a", "1")]).await.unwrap();
    let (object, at) = process.place(&SecretRef::Id(secret.meta.id)).await;
    let theirs = Account::new().await;
    let mut section = ours.section();
    section.push(("token", theirs.token(json!({})).await));
    let intruder = crate::common::open(&section, process.namespace()).await.unwrap();
    assert_eq!(kind(intruder.get(object, &at).await), Some(ErrorKind::StoreRefused));
    assert_eq!(kind(intruder.scan(None, None).await), Some(ErrorKind::StoreRefused));
    assert_eq!(kind(intruder.delete(object).await), Some(ErrorKind::StoreRefused));
    assert_eq!(kind(intruder.remove(object, &at).await), Some(ErrorKind::StoreRefused));
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn the_mount_is_left_as_it_is() {
    let (account, deployment) = deployed().await;
    let path = format!("{MOUNT}/config");
    let config = || account.server.admin("GET", &path, Value::Null);
    let before = config().await["data"].clone();
    let process = deployment.process().await;
    process.secrets().create("db", [("a", "1")]).await.unwrap();
    process.secrets().set("db", "a", "2").await.unwrap();
    process.repair().await;
    assert_eq!(config().await["data"], before);
}
