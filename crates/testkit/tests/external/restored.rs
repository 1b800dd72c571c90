//! Versions that the catalog does not know of.

use crate::site::{Clock, Raw, Site, assert_audited, files, main_store, one, quick, replace, sqlite, text};
use std::{path::Path, sync::Arc, time::Duration};
use strongroom_core::{
    Backend as _, ErrorKind, Labels, NewVersion, ObjectId, Payload, Revision, SecretId, VersionRef,
    VersionUid,
};
use strongroom_engine::RepairOptions;
use strongroom_testkit::{
    Held,
    faults::{Call, Delay, Method},
};
use uuid::Uuid;

/// Puts a version that no catalog knows of.
async fn foreign(site: &Site, held: &Held, object: ObjectId, beside: Option<&VersionRef>) -> VersionRef {
    let (payload, labels) = (Payload::new(b"{}".to_vec()), Labels::new(SecretId(Uuid::new_v4()), ""));
    let mut version = NewVersion::new(object, VersionUid(Uuid::new_v4()), &payload, &labels);
    if let Some(beside) = beside {
        version = version.after(beside);
    }
    site.service(held).put(&version).await.unwrap()
}

fn count(site: &Site, held: &Held) -> usize {
    held.inventory(site.identity.namespace).iter().map(|(_, versions)| versions.len()).sum()
}

/// A deployment over a copy of another one's database.
async fn restored(of: &Site, copy: &Path) -> Site {
    let clock = Clock::start();
    Site::over(Arc::new(sqlite(copy, &clock).await), &clock, Some(of.root.clone())).await
}

#[tokio::test]
async fn what_is_unknown_is_reported_and_removed_only_when_asked() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let engine = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    let secrets = site.secrets(&engine);
    let id = secrets.create("db", [("a", "1")]).await.unwrap().meta.id;
    secrets.create("mail", [("a", "1")]).await.unwrap();
    let (object, at) = site.place(id).await;
    let beside = foreign(&site, &held, object, Some(&at)).await;
    let lone = ObjectId(Uuid::new_v4());
    let alone = foreign(&site, &held, lone, None).await;

    for _ in 0..2 {
        let report = engine.repair(RepairOptions::new()).await.unwrap();
        let mut unknown: Vec<_> = report.unknown.iter().map(|one| (one.object, one.at.clone())).collect();
        unknown.sort();
        let mut expected = vec![(object, Some(beside.clone())), (lone, Some(alone.clone()))];
        expected.sort();
        assert_eq!((unknown, report.removed), (expected, 0));
        assert_eq!(count(&site, &held), 4);
        site.settle(&engine).await;
        assert_eq!(count(&site, &held), 4, "a sweep removed what nothing explains");
    }
    let report = engine.repair(RepairOptions::new().remove_foreign(true)).await.unwrap();
    assert_eq!(report.removed, 2);
    // What people see of the secret is put right, which leaves the version that it was to be removed.
    site.settle(&engine).await;
    assert_eq!(count(&site, &held), 2);
    let report = engine.repair(RepairOptions::new()).await.unwrap();
    assert_eq!(report.unknown, [], "the object stayed, with its labels");
    let cold = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    assert_eq!(text(&site.secrets(&cold).get("db").await.unwrap(), "a"), "1");
    assert_eq!(text(&site.secrets(&cold).get("mail").await.unwrap(), "a"), "1");
}

#[tokio::test]
async fn another_namespace_is_nobodys_business() {
    let (site, other, held) = (Site::in_memory().await, Site::in_memory().await, Held::new());
    let engine = other.engine(vec![main_store(other.service(&held), false)], quick()).await;
    other.secrets(&engine).create("db", [("a", "1")]).await.unwrap();
    let engine = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    let report = engine.repair(RepairOptions::new().remove_foreign(true)).await.unwrap();
    assert_eq!((report.unknown.len(), report.removed), (0, 0));
    other.assert_accounted(&held).await;
}

#[tokio::test]
async fn what_a_dump_tells_of_and_the_service_lost_is_told_however_young_it_is() {
    let ((directory, site), held) = (files::file().await, Held::new());
    let engine = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    site.secrets(&engine).create("deleted", [("a", "old")]).await.unwrap();
    let copy = directory.path().join("copy.db");
    sqlite(&directory.path().join("strongroom.db"), &site.clock).await.backup(&copy, false).await.unwrap();
    site.secrets(&engine).delete("deleted").await.unwrap();

    let site = restored(&site, &copy).await;
    let engine = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    let report = engine.repair(RepairOptions::new()).await.unwrap();
    assert_eq!(report.lost, [], "it may only be late");
    let report = engine.repair(RepairOptions::new().restored(true)).await.unwrap();
    let lost: Vec<_> = report.lost.iter().map(|lost| (lost.revision, lost.current, lost.kind)).collect();
    assert_eq!(lost, [(Revision(1), true, ErrorKind::Lost)]);
}

#[tokio::test]
async fn a_restored_backup_removes_nothing_that_is_newer() {
    let ((directory, site), held) = (files::file().await, Held::new());
    let engine = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    let secrets = site.secrets(&engine);
    secrets.create("kept", [("a", "old")]).await.unwrap();
    secrets.create("deleted", [("a", "old")]).await.unwrap();
    let copy = directory.path().join("copy.db");
    let path = directory.path().join("strongroom.db");
    sqlite(&path, &site.clock).await.backup(&copy, false).await.unwrap();
    secrets.set("kept", "a", "new").await.unwrap();
    secrets.create("younger", [("a", "new")]).await.unwrap();
    assert_eq!(count(&site, &held), 4);

    let site = restored(&site, &copy).await;
    let engine = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    site.settle(&engine).await;
    let report = engine.repair(RepairOptions::new().restored(true)).await.unwrap();
    assert_eq!((report.unknown.len(), report.removed), (2, 0), "{report:?}");
    let named: Vec<_> =
        report.unknown.iter().filter_map(|one| Some(one.record.as_ref()?.name.clone())).collect();
    assert_eq!(named.len(), 2, "the labels tell what they were: {report:?}");
    assert!(named.contains(&"younger".to_owned()) && named.contains(&"kept".to_owned()), "{named:?}");
    let secrets = site.secrets(&engine);
    assert_eq!(text(&secrets.get("kept").await.unwrap(), "a"), "old");
    // Life goes on beside it.
    secrets.set("kept", "a", "after").await.unwrap();
    secrets.delete("deleted").await.unwrap();
    site.settle(&engine).await;
    assert_eq!(count(&site, &held), 4);
    assert_audited(&engine, 4).await;
}

#[tokio::test]
async fn an_attempt_that_was_open_when_the_copy_was_made_is_not_undone() {
    let ((directory, site), held) = (files::file().await, Held::new());
    let slow = Delay::new(
        Arc::new(site.service(&held)),
        |call: Call| call.method == Method::Put,
        site.clock.clone(),
        Duration::from_millis(600),
    );
    let engine = site.engine(vec![main_store(slow, false)], quick()).await;
    let secrets = site.secrets(&engine);
    let creating = tokio::spawn(async move { secrets.create("db", [("a", "1")]).await });
    while site.catalog.pending(1).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let copy = directory.path().join("copy.db");
    let mut raw = Raw::open(&directory.path().join("strongroom.db")).await;
    raw.run(&format!("VACUUM INTO '{}'", copy.display()), &[], 0).await;
    drop(raw);
    creating.await.unwrap().unwrap();
    std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();

    let clone = restored(&site, &copy).await;
    let other = clone.engine(vec![main_store(clone.service(&held), false)], quick()).await;
    let report = other.repair(RepairOptions::new().restored(true)).await.unwrap();
    assert_eq!((report.forgotten.len(), report.unknown.len(), report.removed), (1, 1, 0), "{report:?}");
    clone.settle(&other).await;
    // Whoever it belongs to still has it.
    let cold = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    assert_eq!(text(&site.secrets(&cold).get("db").await.unwrap(), "a"), "1");
}

#[tokio::test]
async fn what_may_be_newer_stays_while_the_current_version_is_gone() {
    let ((directory, site), held) = (files::file().await, Held::new());
    let mut options = quick();
    options.history = 2;
    let engine = site.engine(vec![main_store(site.service(&held), false)], options).await;
    let secrets = site.secrets(&engine);
    let id = secrets.create("db", [("a", "0")]).await.unwrap().meta.id;
    let copy = directory.path().join("copy.db");
    sqlite(&directory.path().join("strongroom.db"), &site.clock).await.backup(&copy, false).await.unwrap();
    for value in ["1", "2", "3"] {
        secrets.set("db", "a", value).await.unwrap();
    }
    site.settle(&engine).await;
    assert_eq!(count(&site, &held), 2, "the case is not set up");

    let site = restored(&site, &copy).await;
    let engine = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    let report = engine.repair(RepairOptions::new().restored(true).remove_foreign(true)).await.unwrap();
    assert_eq!((report.unknown.len(), report.removed, report.lost.len()), (2, 0, 1), "{report:?}");
    let spared: Vec<_> = report.spared.iter().map(|one| (one.secret, one.versions)).collect();
    assert_eq!(spared, [(id, 2)], "{report:?}");
    assert_eq!(count(&site, &held), 2);
    // Once it is written again, they are what no row explains, like all else.
    replace(&site.secrets(&engine), id, one("a", "again")).await;
    let report = engine.repair(RepairOptions::new().remove_foreign(true)).await.unwrap();
    assert_eq!((report.removed, report.spared), (2, vec![]));
    let cold = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    assert_eq!(text(&site.secrets(&cold).get("db").await.unwrap(), "a"), "again");
}
