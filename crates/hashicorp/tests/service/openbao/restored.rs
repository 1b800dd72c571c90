//! A database that knows less than the service holds: an older copy that was put back, or another one of the same
//! namespace. What nobody can explain is told of, and stays.

use crate::common::{
    Account,
    engine::{Deployment, Process, deployed, kind, text},
    through,
};
use std::{collections::BTreeSet, time::Duration};
use strongroom_core::{ErrorKind, ObjectId, VersionRef};
use strongroom_engine::{Catalog as _, EngineOptions, RepairOptions, Unknown};
use strongroom_testkit::wire::{Fault, Order, Wire};

type Held = BTreeSet<(ObjectId, Option<VersionRef>)>;

fn places(unknown: &[Unknown]) -> Held {
    unknown.iter().map(|one| (one.object, one.at.clone())).collect()
}

/// The names that the labels of versions tell.
fn names(unknown: &[Unknown]) -> BTreeSet<String> {
    unknown.iter().filter_map(|one| Some(one.record.as_ref()?.name.clone())).collect()
}

/// What the database names.
async fn known(process: &Process) -> Held {
    process.named().await.into_iter().map(|(_, object, at)| (object, Some(at))).collect()
}

/// Sweeps, looks and repairs: `unknown` is told of each time, and nothing is removed.
async fn assert_told_and_kept(process: &Process, repair: RepairOptions, unknown: &Held) -> Vec<Unknown> {
    // What is ours and no longer needed goes first.
    for _ in 0..3 {
        process.engine.sweep().await.unwrap();
        process.engine.repair(repair).await.unwrap();
    }
    let held = process.held().await;
    assert!(unknown.is_subset(&held), "something was removed");
    let told = process.engine.unknown().await.unwrap();
    assert_eq!(&places(&told), unknown, "what `status --deep` tells");
    let report = process.engine.repair(repair).await.unwrap();
    assert_eq!(&places(&report.unknown), unknown, "what `repair` tells");
    assert_eq!((report.removed, report.failed), (0, 0), "{report:?}");
    for _ in 0..3 {
        process.engine.sweep().await.unwrap();
    }
    assert_eq!(process.held().await, held, "something was removed");
    told
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn an_older_copy_of_the_database_removes_nothing_newer() {
    let (account, deployment) = deployed().await;
    let deployment = deployment.history(3);
    let newest = deployment.process().await;
    let secrets = newest.secrets();
    for name in ["kept", "deleted"] {
        secrets.create(name, [("a", "old")]).await.unwrap();
    }
    let copy = deployment.copied();
    secrets.set("kept", "a", "new").await.unwrap();
    secrets.create("younger", [("a", "new")]).await.unwrap();
    secrets.delete("deleted").await.unwrap();
    newest.assert_whole().await;
    let later = newest.held().await;

    // Without patience for a service that lags.
    let hasty = |options: &mut EngineOptions| {
        options.call_timeout = Duration::from_millis(500);
        options.call_attempts = 1;
    };
    tokio::time::sleep(Duration::from_millis(600)).await;
    let restored = copy.process_with(&account.with_token().await, hasty).await;
    let older = known(&restored).await;
    let newer: Held = later.difference(&older).cloned().collect();
    assert_eq!(newer.len(), 2, "the case is not set up");
    let told = assert_told_and_kept(&restored, RepairOptions::new().restored(true), &newer).await;
    assert_eq!(names(&told), BTreeSet::from(["kept".to_owned(), "younger".to_owned()]), "{told:?}");
    let old = restored.secrets();
    assert_eq!(text(&old.get("kept").await.unwrap(), "a"), "old");
    assert_eq!(kind(old.get("deleted").await), Some(ErrorKind::Lost), "it is gone, and said to be");

    // Life goes on beside it: the history moves on, and secrets go.
    for n in 0..5 {
        old.set("kept", "a", n.to_string()).await.unwrap();
    }
    old.create("again", [("a", "1")]).await.unwrap();
    old.delete("again").await.unwrap();
    old.delete("deleted").await.unwrap();
    assert_told_and_kept(&restored, RepairOptions::new(), &newer).await;
    assert_eq!(text(&copy.process().await.secrets().get("kept").await.unwrap(), "a"), "4");

    // Whoever has the newer database still has all of it.
    let secrets = deployment.process().await.secrets();
    for name in ["kept", "younger"] {
        assert_eq!(text(&secrets.get(name).await.unwrap(), "a"), "new", "{name}");
    }

    // And it goes only when told to: the versions, then the object of which nothing is left.
    for removed in [2, 1] {
        let report = restored.engine.repair(RepairOptions::new().remove_foreign(true)).await.unwrap();
        assert_eq!(report.removed, removed, "{report:?}");
    }
    restored.assert_whole().await;
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn an_update_that_was_under_way_in_the_copy_is_not_undone() {
    let account = Account::new().await;
    let wire = Wire::to(&account.server.url).await;
    let deployment = Deployment::new(through(&account.with_token().await, &wire.url()), false);
    let newest = deployment.process().await;
    newest.secrets().create("db", [("a", "1")]).await.unwrap();
    wire.order(Order::new("POST", "*/data/*", Fault::Slow(Duration::from_millis(800))));
    let updating = {
        let secrets = newest.secrets();
        tokio::spawn(async move { secrets.set("db", "a", "2").await })
    };
    while newest.catalog.pending(1).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let copy = deployment.copied();
    updating.await.unwrap().unwrap();
    assert_eq!(wire.broken(), 1, "the update did not wait");
    let later = newest.held().await;

    let restored = copy.process().await;
    assert_eq!(restored.catalog.pending(9).await.unwrap().len(), 1, "the copy has no open update");
    let report = restored.engine.repair(RepairOptions::new().restored(true)).await.unwrap();
    assert_eq!((report.forgotten.len(), report.unknown.len(), report.removed), (1, 1, 0), "{report:?}");
    let newer: Held = later.difference(&known(&restored).await).cloned().collect();
    assert_told_and_kept(&restored, RepairOptions::new(), &newer).await;
    assert_eq!(text(&restored.secrets().get("db").await.unwrap(), "a"), "1");
    assert_eq!(text(&deployment.process().await.secrets().get("db").await.unwrap(), "a"), "2");
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_second_database_of_the_same_namespace_removes_nothing_of_the_first() {
    let (_account, deployment) = deployed().await;
    let first = deployment.process().await;
    first.secrets().create("db", [("a", "first")]).await.unwrap();
    first.secrets().set("db", "a", "changed").await.unwrap();
    first.secrets().create("mail", [("a", "first")]).await.unwrap();
    let theirs = first.held().await;

    let other = deployment.beside(first.namespace());
    let second = other.process().await;
    assert_eq!((second.namespace(), second.held().await), (first.namespace(), theirs.clone()));
    let told = assert_told_and_kept(&second, RepairOptions::new(), &theirs).await;
    // Labels with another key's MAC are nobody's word.
    assert_eq!(names(&told), BTreeSet::new(), "{told:?}");
    assert_told_and_kept(&second, RepairOptions::new().restored(true), &theirs).await;

    // The same names, changed, moved on and deleted.
    let secrets = second.secrets();
    for name in ["db", "mail"] {
        secrets.create(name, [("a", "second")]).await.unwrap();
    }
    secrets.set("db", "a", "second, changed").await.unwrap();
    secrets.delete("mail").await.unwrap();
    assert_told_and_kept(&second, RepairOptions::new(), &theirs).await;
    let ours: Held = second.held().await.difference(&theirs).cloned().collect();
    assert_told_and_kept(&first, RepairOptions::new(), &ours).await;
    let mine = deployment.process().await.secrets();
    assert_eq!(text(&mine.get("db").await.unwrap(), "a"), "changed");
    assert_eq!(text(&mine.get("mail").await.unwrap(), "a"), "first");
    assert_eq!(text(&other.process().await.secrets().get("db").await.unwrap(), "a"), "second, changed");
}
