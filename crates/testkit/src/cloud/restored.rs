//! A database that knows less than the service holds: an older copy that was put back, or another one of the same
//! namespace. What nobody can explain is told of, and stays.

use super::{CloudSubject, Site, all_unknown, everything, text, uncached};
use crate::wire::{Fault, Order, Wire};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use strongroom_core::{Backend, ErrorKind, ObjectId, VersionRef};
use strongroom_engine::{Engine, Misplaced, RepairOptions, Unknown};

type Held = BTreeSet<(ObjectId, Option<VersionRef>)>;

/// One database, and its engine on the service.
struct Process {
    site: Site,
    engine: Engine,
    backend: Arc<dyn Backend>,
}

impl Process {
    async fn new(subject: &dyn CloudSubject, site: Site) -> Self {
        Self::through(None, subject, site).await
    }

    async fn through(wire: Option<&Wire>, subject: &dyn CloudSubject, site: Site) -> Self {
        let backend = subject.open(site.identity.namespace, wire).await;
        let mut options = uncached();
        options.history = 3;
        let engine = site.engine(backend.clone(), options).await;
        Self { site, engine, backend }
    }

    /// What the service holds.
    async fn held(&self) -> Held {
        everything(&*self.backend).await.into_iter().map(|found| (found.object, found.at)).collect()
    }

    /// What the database names.
    async fn known(&self) -> Held {
        let all = Misplaced::NotIn(None);
        let rows = self
            .site
            .catalog
            .versions_to_move(None, 100_000, &all)
            .await
            .expect("the rows could not be read");
        rows.iter().map(super::site::outside).map(|(object, at)| (object, Some(at))).collect()
    }

    async fn value(&self, name: &str) -> Result<String, ErrorKind> {
        let read = self.site.secrets(&self.engine).get(name).await;
        read.map(|read| text(&read, "a")).map_err(|error| error.kind())
    }

    async fn set(&self, name: &str, value: &str) {
        self.site.secrets(&self.engine).set(name, "a", value).await.expect("an update failed");
    }

    async fn create(&self, name: &str, value: &str) {
        self.site.secrets(&self.engine).create(name, [("a", value)]).await.expect("a create failed");
    }

    async fn delete(&self, name: &str) {
        self.site.secrets(&self.engine).delete(name).await.expect("a deletion failed");
    }

    /// Sweeps, looks and repairs: `unknown` is told of each time, and nothing is removed.
    async fn assert_told_and_kept(&self, repair: RepairOptions, unknown: &Held) -> Vec<Unknown> {
        self.site.settle(&self.engine).await;
        let held = self.held().await;
        let told = all_unknown(&self.engine).await.expect("the scan failed");
        assert_eq!(&places(&told), unknown, "what `status --deep` tells");
        let report = self.engine.repair(repair).await.expect("the repair failed");
        assert_eq!(&places(&report.unknown), unknown, "what `repair` tells");
        assert_eq!((report.removed, report.failed), (0, 0), "{report:?}");
        self.site.settle(&self.engine).await;
        assert_eq!(self.held().await, held, "something was removed");
        assert!(unknown.is_subset(&held), "something was removed before");
        told
    }
}

fn places(unknown: &[Unknown]) -> Held {
    unknown.iter().map(|one| (one.object, one.at.clone())).collect()
}

/// The names that the labels of versions tell.
fn names(unknown: &[Unknown]) -> BTreeSet<&str> {
    unknown.iter().filter_map(|one| Some(one.record.as_ref()?.name.as_str())).collect()
}

/// One case of [`restored_suite!`](crate::restored_suite).
#[doc(hidden)]
pub async fn an_older_copy_of_the_database_removes_nothing_newer(subject: &dyn CloudSubject) {
    let newest = Process::new(subject, Site::of(subject).await).await;
    newest.create("kept", "old").await;
    newest.create("deleted", "old").await;
    newest.site.settle(&newest.engine).await;
    let copy = newest.site.copied(subject).await;
    newest.set("kept", "new").await;
    newest.create("younger", "new").await;
    newest.delete("deleted").await;
    newest.site.settle(&newest.engine).await;
    newest.site.assert_accounted(&*newest.backend).await;
    let later = newest.held().await;

    let restored = Process::new(subject, copy).await;
    let newer: Held = later.difference(&restored.known().await).cloned().collect();
    assert_eq!(newer.len(), 2, "the case is not set up");
    restored.site.clock.skip(Duration::from_secs(3 * 3600));
    let told = restored.assert_told_and_kept(RepairOptions::new().restored(true), &newer).await;
    assert_eq!(names(&told), BTreeSet::from(["kept", "younger"]), "{told:?}");
    assert_eq!(restored.value("kept").await.as_deref(), Ok("old"));
    assert_eq!(restored.value("deleted").await, Err(ErrorKind::Lost), "it is gone, and said to be");

    // Life goes on beside it: the history moves on, and secrets go.
    for n in 0..5 {
        restored.set("kept", &n.to_string()).await;
    }
    restored.create("again", "1").await;
    restored.delete("again").await;
    restored.delete("deleted").await;
    restored.assert_told_and_kept(RepairOptions::new(), &newer).await;
    assert_eq!(restored.value("kept").await.as_deref(), Ok("4"));

    // Whoever has the newer database still has all of it.
    assert_eq!(newest.value("kept").await.as_deref(), Ok("new"));
    assert_eq!(newest.value("younger").await.as_deref(), Ok("new"));

    // And it goes only when told to: the versions, and the object of which nothing is left.
    let remove = RepairOptions::new().remove_foreign(true);
    let report = restored.engine.repair(remove).await.expect("the repair failed");
    assert_eq!(report.removed, 2, "{report:?}");
    restored.site.settle(&restored.engine).await;
    assert_eq!(restored.held().await, restored.known().await, "left: at the service, right: in the catalog");
}

/// One case of [`restored_suite!`](crate::restored_suite).
#[doc(hidden)]
pub async fn an_update_that_was_under_way_in_the_copy_is_not_undone(subject: &dyn CloudSubject) {
    let wire = Wire::to(&subject.server()).await;
    let newest = Process::through(Some(&wire), subject, Site::of(subject).await).await;
    newest.create("db", "1").await;
    newest.site.settle(&newest.engine).await;
    let (method, path) = subject.faults().put;
    wire.order(Order::new(method, path, Fault::Slow(Duration::from_millis(800))));
    let updating = {
        let secrets = newest.site.secrets(&newest.engine);
        tokio::spawn(async move { secrets.set("db", "a", "2").await })
    };
    while newest.site.catalog.pending(1).await.expect("the rows could not be read").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let copy = newest.site.copied(subject).await;
    updating.await.expect("an update panicked").expect("an update failed");
    newest.site.settle(&newest.engine).await;
    let later = newest.held().await;

    // The place is the same one.
    let restored = Process::through(Some(&wire), subject, copy).await;
    let open = restored.site.catalog.pending(9).await.expect("the rows could not be read");
    assert_eq!(open.len(), 1, "the copy has no open update");
    restored.site.clock.skip(Duration::from_secs(3 * 3600));
    let report =
        restored.engine.repair(RepairOptions::new().restored(true)).await.expect("the repair failed");
    assert_eq!((report.forgotten.len(), report.unknown.len(), report.removed), (1, 1, 0), "{report:?}");
    let newer: Held = later.difference(&restored.known().await).cloned().collect();
    restored.assert_told_and_kept(RepairOptions::new(), &newer).await;
    assert_eq!(restored.value("db").await.as_deref(), Ok("1"));
    assert_eq!(newest.value("db").await.as_deref(), Ok("2"));
}

/// One case of [`restored_suite!`](crate::restored_suite).
#[doc(hidden)]
pub async fn a_second_database_of_the_same_namespace_removes_nothing_of_the_first(
    subject: &dyn CloudSubject,
) {
    let first = Process::new(subject, Site::of(subject).await).await;
    first.create("db", "first").await;
    first.set("db", "changed").await;
    first.create("mail", "first").await;
    first.site.settle(&first.engine).await;
    let theirs = first.held().await;

    let second = Process::new(subject, first.site.beside(subject).await).await;
    assert_eq!(second.held().await, theirs, "it is another namespace");
    let told = second.assert_told_and_kept(RepairOptions::new(), &theirs).await;
    // Labels with another key's MAC are nobody's word.
    assert_eq!(names(&told), BTreeSet::new(), "{told:?}");
    second.assert_told_and_kept(RepairOptions::new().restored(true), &theirs).await;

    // The same names, changed and deleted.
    second.create("db", "second").await;
    second.create("mail", "second").await;
    second.set("db", "second, changed").await;
    second.delete("mail").await;
    second.assert_told_and_kept(RepairOptions::new(), &theirs).await;
    let ours: Held = second.held().await.difference(&theirs).cloned().collect();
    first.assert_told_and_kept(RepairOptions::new(), &ours).await;
    assert_eq!(first.value("db").await.as_deref(), Ok("changed"));
    assert_eq!(first.value("mail").await.as_deref(), Ok("first"));
    assert_eq!(second.value("db").await.as_deref(), Ok("second, changed"));
}

/// Makes one `#[tokio::test]` of each case about a database that knows less than the service of a
/// [`CloudSubject`](crate::CloudSubject) holds; with `ignore = "why"`, ignored ones.
#[macro_export]
macro_rules! restored_suite {
    ($subject:expr $(, ignore = $why:literal)? $(,)?) => {
        $crate::cloud_cases! { restored, $subject, [$($why)?],
            an_older_copy_of_the_database_removes_nothing_newer
            an_update_that_was_under_way_in_the_copy_is_not_undone
            a_second_database_of_the_same_namespace_removes_nothing_of_the_first
        }
    };
}
