//! Somebody with rights of their own works on the same secrets, with the client of the service's vendor: found, reported
//! as what it is, never served as ours, and repairable.

use super::{CANARY, CloudSubject, Site, everything, replacing, text, uncached};
use crate::wire::{Fault, Order, Wire};
use std::sync::Arc;
use strongroom_core::{Backend, ErrorKind, NamespaceId, SecretId, Secrets, async_trait};
use strongroom_engine::{Engine, RepairOptions};

/// A service, and somebody who works on it with the vendor's client.
#[async_trait]
pub trait CloudOperator: CloudSubject {
    /// The same namespace under another prefix, as of a clone for staging.
    async fn staging(&self, namespace: NamespaceId) -> Arc<dyn Backend>;

    /// The value of a secret's newest version, as programs see it that ask for no version.
    fn value(&self, name: &str) -> String;

    /// Adds a version with this value, which becomes the newest.
    fn add(&self, name: &str, value: &str);

    /// What is shown of a secret without its values.
    fn shown(&self, name: &str) -> String;

    /// Deletes a secret for good.
    fn delete(&self, name: &str);

    /// Whether the service keeps labels of a secret and not of each version: then they tell whose an added one is.
    fn labels_secrets(&self) -> bool {
        true
    }
}

/// A deployment with a secret of two versions that nobody calls young any more.
pub struct Watched {
    /// The deployment.
    pub site: Site,
    /// Its back-end.
    pub backend: Arc<dyn Backend>,
    /// The secret, which is called `db`; its value `a` was `one` and is `two`.
    pub id: SecretId,
    /// What the service calls it.
    pub name: String,
}

impl Watched {
    /// Makes one.
    ///
    /// # Panics
    /// If that fails.
    pub async fn of(subject: &dyn CloudSubject) -> Self {
        let site = Site::of(subject).await;
        let backend = subject.open(site.identity.namespace, None).await;
        let engine = site.engine(backend.clone(), uncached()).await;
        let secrets = site.secrets(&engine);
        let id = secrets.create("db", [("a", "one")]).await.expect("it was refused").meta.id;
        secrets.update(&id.into(), replacing("a", "two")).await.expect("it was refused");
        site.settle(&engine).await;
        let name = subject.object(site.identity.namespace, site.place(id).await.0);
        Self { site, backend, id, name }
    }

    /// An engine that reads each time.
    pub async fn engine(&self) -> Engine {
        self.site.engine(self.backend.clone(), uncached()).await
    }

    /// A handle on one.
    pub async fn secrets(&self) -> Secrets {
        self.site.secrets(&self.engine().await)
    }

    /// What is read of the secret.
    ///
    /// # Panics
    /// If it cannot be read.
    pub async fn read(&self) -> String {
        text(&self.secrets().await.get("db").await.expect("it cannot be read"), "a")
    }

    /// A repair that reads every version finds all as it should be.
    ///
    /// # Panics
    /// If not.
    pub async fn assert_nothing_to_repair(&self) {
        let report = self.engine().await.repair(RepairOptions::new().read(true)).await.expect("no repair");
        let found = (report.unknown.len(), report.lost.len(), report.overlaid.len(), report.failed);
        assert_eq!(found, (0, 0, 0, 0), "{report:?}");
    }

    /// A repair names the secret, whose current version is lost, and what to do; `read`: if it reads every version.
    ///
    /// # Panics
    /// If not.
    pub async fn assert_lost(&self, read: bool, remedy: &str) {
        let report = self.engine().await.repair(RepairOptions::new().read(read)).await.expect("no repair");
        let current: Vec<_> = report.lost.iter().filter(|lost| lost.current).collect();
        assert_eq!(current.len(), 1, "{report:?}");
        let name = current[0].name.as_ref().map(|name| name.as_str());
        assert_eq!((current[0].secret, name), (self.id, Some("db")), "{report:?}");
        assert_eq!(current[0].kind, ErrorKind::Lost, "{report:?}");
        assert!(current[0].told.contains(remedy), "{report:?}");
    }

    /// With an update all is well, for others, too.
    ///
    /// # Panics
    /// If not.
    pub async fn assert_repaired_by_an_update(&self, operator: &dyn CloudOperator) {
        let update = replacing("a", "mended");
        self.secrets().await.update(&self.id.into(), update).await.expect("it was refused");
        assert_eq!(self.read().await, "mended");
        assert_eq!(operator.value(&self.name), r#"{"a":"mended"}"#);
    }
}

/// One case of [`operator_suite!`](crate::operator_suite).
#[doc(hidden)]
pub async fn what_was_written_is_seen_as_json_and_sealed_it_is_not(operator: &dyn CloudOperator) {
    let watched = Watched::of(operator).await;
    assert_eq!(operator.value(&watched.name), r#"{"a":"two"}"#);

    let site = Site::of(operator).await;
    let backend = operator.open(site.identity.namespace, None).await;
    let engine = site.sealing_engine(backend, uncached(), true).await;
    let id = site.secrets(&engine).create("db", [("a", CANARY)]).await.expect("a create failed").meta.id;
    let name = operator.object(site.identity.namespace, site.place(id).await.0);
    let sealed = operator.value(&name);
    assert!(sealed.len() > 100 && !sealed.contains(CANARY) && !sealed.contains('{'), "{sealed}");
    let shown = operator.shown(&name);
    assert!(shown.contains(&id.to_string()) && !shown.contains(CANARY), "{shown}");
}

/// One case of [`operator_suite!`](crate::operator_suite).
#[doc(hidden)]
pub async fn a_changed_value_is_not_served_and_an_added_one_is_reported(operator: &dyn CloudOperator) {
    let watched = Watched::of(operator).await;
    operator.add(&watched.name, r#"{"a":"foreign"}"#);
    // Reads name the version: what somebody added is no change of ours.
    assert_eq!(watched.read().await, "two");
    let engine = watched.engine().await;
    let report = engine.repair(RepairOptions::new()).await.expect("the repair failed");
    assert_eq!((report.unknown.len(), report.removed), (1, 0), "{report:?}");
    let named = report.unknown[0].record.as_ref().map(|record| record.name.as_str());
    // Where versions have labels, those of one that was put in the same second may do for it.
    assert!(named == Some("db") || named.is_none() && !operator.labels_secrets(), "{report:?}");
    // It may be the truth of somebody else: it stays on top, which is said.
    let overlaid: Vec<_> = report.overlaid.iter().map(|one| (one.secret, one.mended)).collect();
    assert_eq!(overlaid, [(watched.id, false)], "{report:?}");
    assert_eq!(operator.value(&watched.name), r#"{"a":"foreign"}"#);
    let report = engine.repair(RepairOptions::new().remove_foreign(true)).await.expect("the repair failed");
    assert_eq!(report.removed, 1, "{report:?}");
    assert!(report.overlaid.iter().all(|one| one.mended), "{report:?}");
    assert_eq!(operator.value(&watched.name), r#"{"a":"two"}"#, "people see another value");
    watched.site.settle(&engine).await;
    watched.site.assert_accounted(&*watched.backend).await;
    watched.assert_nothing_to_repair().await;
    assert_eq!(watched.read().await, "two");
    watched.assert_repaired_by_an_update(operator).await;
}

/// One case of [`operator_suite!`](crate::operator_suite).
#[doc(hidden)]
pub async fn a_deleted_secret_is_lost_and_can_be_written_again(operator: &dyn CloudOperator) {
    let watched = Watched::of(operator).await;
    operator.delete(&watched.name);
    let secrets = watched.secrets().await;
    let error = secrets.get("db").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lost, "{error:?}");
    assert!(error.to_string().contains("write them again"), "{error}");
    // A scan shows it, without a read of each secret.
    watched.assert_lost(false, "write them again").await;
    watched.assert_repaired_by_an_update(operator).await;
    // The next writes go on from there, like any other.
    for n in 0..3 {
        secrets.update(&watched.id.into(), replacing("a", &n.to_string())).await.expect("an update failed");
    }
    assert_eq!(watched.read().await, "2");
    let report = watched.engine().await.repair(RepairOptions::new()).await.expect("the repair failed");
    assert!(report.lost.iter().all(|lost| !lost.current), "{report:?}");
    assert_eq!(report.lost.len(), 2, "what was in the history before is told, too: {report:?}");
    secrets.delete("db").await.expect("a deletion failed");
    watched.site.settle(&watched.engine().await).await;
    assert_eq!(everything(&*watched.backend).await, []);
}

/// A put whose answers are all lost is the newest one there, until the sweeper comes by.
#[doc(hidden)]
pub async fn after_an_abandoned_put_people_see_the_committed_value_again(operator: &dyn CloudOperator) {
    let (site, wire) = (Site::of(operator).await, Wire::to(&operator.server()).await);
    let backend = operator.open(site.identity.namespace, Some(&wire)).await;
    let mut options = uncached();
    options.call_attempts = 2;
    let engine = site.engine(backend.clone(), options).await;
    let secrets = site.secrets(&engine);
    let id = secrets.create("db", [("a", "committed")]).await.expect("a create failed").meta.id;
    site.settle(&engine).await;
    let name = operator.object(site.identity.namespace, site.place(id).await.0);

    let table = operator.faults();
    wire.order(Order::new(table.put.0, table.put.1, Fault::LoseAnswer).times(2));
    for ((method, path), _) in &table.cleaning {
        wire.order(Order::new(method, path, Fault::Reset).always());
    }
    secrets.update(&id.into(), replacing("a", "abandoned")).await.unwrap_err();
    assert_eq!(operator.value(&name), r#"{"a":"abandoned"}"#, "the case is not set up");
    wire.heal();
    site.settle(&engine).await;
    assert_eq!(operator.value(&name), r#"{"a":"committed"}"#);
    assert_eq!(text(&secrets.get("db").await.expect("a read failed"), "a"), "committed");
    site.assert_accounted(&*backend).await;
}

/// One case of [`operator_suite!`](crate::operator_suite).
#[doc(hidden)]
pub async fn two_deployments_in_one_place_are_apart(operator: &dyn CloudOperator) {
    let (one, other) = (Watched::of(operator).await, Watched::of(operator).await);
    for (watched, value) in [(&one, "first"), (&other, "second")] {
        let secrets = watched.secrets().await;
        secrets.update(&watched.id.into(), replacing("a", value)).await.expect("an update failed");
    }
    let engine = one.engine().await;
    let report = engine.repair(RepairOptions::new().remove_foreign(true)).await.expect("the repair failed");
    assert_eq!((report.unknown.len(), report.removed), (0, 0), "{report:?}");
    one.secrets().await.delete("db").await.expect("a deletion failed");
    one.site.settle(&engine).await;
    assert_eq!(everything(&*one.backend).await, []);
    assert_eq!(other.read().await, "second");
    other.site.assert_accounted(&*other.backend).await;

    // The same namespace under another prefix is another place.
    let staging = operator.staging(other.site.identity.namespace).await;
    assert_eq!(everything(&*staging).await, []);
    assert_ne!(staging.info().endpoint, other.backend.info().endpoint);
    let (object, at) = other.site.place(other.id).await;
    assert_eq!(staging.get(object, &at).await.unwrap_err().kind(), ErrorKind::NotFound);
    staging.delete(object).await.expect("a deletion failed");
    assert_eq!(other.read().await, "second");
}

/// Makes one `#[tokio::test]` of each case about somebody who works on the same secrets with the client of the vendor, a
/// [`CloudOperator`]; with `ignore = "why"`, ignored ones.
#[macro_export]
macro_rules! operator_suite {
    ($subject:expr $(, ignore = $why:literal)? $(,)?) => {
        $crate::cloud_cases! { operator, $subject, [$($why)?],
            what_was_written_is_seen_as_json_and_sealed_it_is_not
            a_changed_value_is_not_served_and_an_added_one_is_reported
            a_deleted_secret_is_lost_and_can_be_written_again
            after_an_abandoned_put_people_see_the_committed_value_again
            two_deployments_in_one_place_are_apart
        }
    };
}
