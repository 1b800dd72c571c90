//! What is acknowledged lasts; what is not is there whole or not at all.

use super::{Deployment, Switch, secrets};
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use strongroom_core::{Backend, ErrorKind, Revision, SecretName, SecretUpdate, Secrets};
use strongroom_engine::Finding;
use strongroom_testkit::{
    Held, MemoryBackend,
    faults::{FailBefore, LoseAnswer, Method},
};

struct Site {
    deployment: Deployment,
    held: Held,
    switch: Switch,
}

impl Site {
    fn new() -> Self {
        Self { deployment: Deployment::new(false), held: Held::new(), switch: Switch::default() }
    }

    fn healthy(&self) -> Arc<dyn Backend> {
        Arc::new(MemoryBackend::new(&self.held, self.deployment.namespace()))
    }

    /// While the switch is on, these methods do nothing.
    fn failing(&self, methods: &'static [Method]) -> Arc<dyn Backend> {
        Arc::new(FailBefore::new(self.healthy(), self.switch.of(methods)))
    }
}

async fn value(secrets: &Secrets, name: &str) -> String {
    secrets.get(name).await.unwrap().values.get("a").unwrap().expose_secret().to_owned()
}

#[tokio::test]
async fn a_create_whose_labels_are_not_written_is_not_acknowledged() {
    let site = Site::new();
    let engine = site.deployment.open(site.failing(&[Method::Relabel])).await;
    site.switch.set(true);
    let error = secrets(&engine).create("db", [("a", "1")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    // It dies here.
    let (other, loaded) = site.deployment.try_open(site.healthy()).await.unwrap();
    assert_eq!((loaded.secrets, &loaded.left[0].why), (0, &Finding::Uncommitted));
    assert_eq!(secrets(&other).get("db").await.unwrap_err().kind(), ErrorKind::NotFound);
    // Or it lives, and tries again.
    site.switch.set(false);
    assert_eq!(engine.sweep().await.unwrap().failed, 0);
    let engine = site.deployment.open(site.healthy()).await;
    assert_eq!(value(&secrets(&engine), "db").await, "1");
}

#[tokio::test]
async fn an_update_whose_labels_are_not_written_is_not_acknowledged() {
    let site = Site::new();
    let engine = site.deployment.open(site.failing(&[Method::Relabel])).await;
    secrets(&engine).create("db", [("a", "1")]).await.unwrap();
    site.switch.set(true);
    let error = secrets(&engine).set("db", "a", "2").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    assert!(error.to_string().contains("read the secret"), "{error}");
    let (other, loaded) = site.deployment.try_open(site.healthy()).await.unwrap();
    assert_eq!(loaded.left.iter().map(|left| &left.why).collect::<Vec<_>>(), [&Finding::Unlisted]);
    assert_eq!(value(&secrets(&other), "db").await, "1");
    site.switch.set(false);
    assert_eq!(engine.sweep().await.unwrap().failed, 0);
    let engine = site.deployment.open(site.healthy()).await;
    assert_eq!(value(&secrets(&engine), "db").await, "2");
    assert_eq!(secrets(&engine).get("db").await.unwrap().meta.revision, Revision(2));
}

#[tokio::test]
async fn nothing_is_removed_that_the_labels_still_list() {
    let mut site = Site::new();
    site.deployment.options.history = 1;
    let engine = site.deployment.open(site.failing(&[Method::Relabel])).await;
    secrets(&engine).create("db", [("a", "1")]).await.unwrap();
    site.switch.set(true);
    secrets(&engine).set("db", "a", "2").await.unwrap_err();
    // The first version fell out of the history; but the labels know nothing of the second one.
    assert!(engine.sweep().await.unwrap().failed > 0);
    let (other, _) = site.deployment.try_open(site.healthy()).await.unwrap();
    assert_eq!(value(&secrets(&other), "db").await, "1");
    site.switch.set(false);
    assert_eq!(engine.repair(strongroom_engine::RepairOptions::new()).await.unwrap().failed, 0);
    let other = site.deployment.open(site.healthy()).await;
    assert_eq!(value(&secrets(&other), "db").await, "2");
    assert_eq!(site.held.inventory(site.deployment.namespace())[0].1.len(), 1);
}

#[tokio::test]
async fn a_put_without_an_answer_is_cleaned_up_and_changes_nothing() {
    let site = Site::new();
    let lossy = Arc::new(LoseAnswer::new(site.healthy(), site.switch.of(&[Method::Put])));
    let engine = site.deployment.open(lossy).await;
    secrets(&engine).create("db", [("a", "1")]).await.unwrap();
    site.switch.set(true);
    secrets(&engine).set("db", "a", "2").await.unwrap_err();
    secrets(&engine).create("other", [("a", "1")]).await.unwrap_err();
    site.switch.set(false);
    // It dies before anything is swept: the values are the old ones.
    let (other, loaded) = site.deployment.try_open(site.healthy()).await.unwrap();
    assert_eq!(loaded.secrets, 1);
    assert_eq!(value(&secrets(&other), "db").await, "1");
    assert_eq!(value(&secrets(&engine), "db").await, "1");
    secrets(&engine).set("db", "a", "3").await.unwrap();
    let (other, _) = site.deployment.try_open(site.healthy()).await.unwrap();
    assert_eq!(value(&secrets(&other), "db").await, "3");
}

#[tokio::test]
async fn a_deletion_lasts_once_it_is_acknowledged() {
    let site = Site::new();
    let engine = site.deployment.open(site.failing(&[Method::Delete])).await;
    secrets(&engine).create("db", [("a", "1")]).await.unwrap();
    site.switch.set(true);
    let error = secrets(&engine).delete("db").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    let other = site.deployment.open(site.healthy()).await;
    assert_eq!(value(&secrets(&other), "db").await, "1");
    site.switch.set(false);
    let report = engine.repair(strongroom_engine::RepairOptions::new()).await.unwrap();
    assert_eq!(report.failed, 0);
    let engine = site.deployment.open(site.healthy()).await;
    assert_eq!(secrets(&engine).get("db").await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn of_two_that_have_one_name_the_younger_keeps_it_and_the_other_is_not_lost() {
    let site = Site::new();
    let engine = site.deployment.open(site.failing(&[Method::Relabel])).await;
    let older = secrets(&engine).create("db", [("a", "older")]).await.unwrap().meta.id;
    site.switch.set(true);
    let rename = SecretUpdate::new().name(SecretName::new("moved").unwrap());
    let error = secrets(&engine).update(&older.into(), rename).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    site.switch.set(false);
    // The labels of the first one still say `db`.
    secrets(&engine).create("db", [("a", "younger")]).await.unwrap();
    let (other, loaded) = site.deployment.try_open(site.healthy()).await.unwrap();
    assert_eq!(loaded.secrets, 2);
    assert_eq!(value(&secrets(&other), "db").await, "younger");
    let [left] = &*loaded.left else { panic!("{:?}", loaded.left) };
    let Finding::Renamed(name) = &left.why else { panic!("{left:?}") };
    assert_eq!(left.secret, Some(older));
    assert_eq!(value(&secrets(&other), name.as_str()).await, "older");
    // Once it is changed, it is called so for good.
    secrets(&other).set(name.as_str(), "a", "kept").await.unwrap();
    let last = site.deployment.open(site.healthy()).await;
    assert_eq!(value(&secrets(&last), name.as_str()).await, "kept");
}

#[tokio::test]
async fn the_name_in_place_of_one_that_is_taken_is_nobodys() {
    let site = Site::new();
    let engine = site.deployment.open(site.failing(&[Method::Relabel])).await;
    let older = secrets(&engine).create("db", [("a", "older")]).await.unwrap().meta.id;
    site.switch.set(true);
    let rename = SecretUpdate::new().name(SecretName::new("moved").unwrap());
    secrets(&engine).update(&older.into(), rename).await.unwrap_err();
    site.switch.set(false);
    secrets(&engine).create("db", [("a", "younger")]).await.unwrap();
    let id = older.0.simple().to_string();
    let short = format!("db-{}", &id[..8]);
    secrets(&engine).create(&short, [("a", "third")]).await.unwrap();
    let (other, loaded) = site.deployment.try_open(site.healthy()).await.unwrap();
    assert_eq!(loaded.secrets, 3);
    let secrets = secrets(&other);
    assert_eq!(value(&secrets, &short).await, "third");
    assert_eq!(value(&secrets, &format!("db-{id}")).await, "older");
}
