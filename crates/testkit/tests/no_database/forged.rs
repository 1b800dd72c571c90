//! Labels that this deployment did not write, and what somebody with access to the back-end can do.

use super::{Deployment, secrets};
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use strongroom_core::{
    Backend as _, ErrorKind, Found, Labels, NewVersion, ObjectId, Payload, SecretId, VersionUid,
};
use strongroom_engine::{Finding, RepairOptions};
use strongroom_testkit::{DirectoryBackend, Held, MemoryBackend};
use uuid::Uuid;

fn service(deployment: &Deployment, held: &Held) -> Arc<MemoryBackend> {
    Arc::new(MemoryBackend::new(held, deployment.namespace()))
}

/// Everything that is there, in one page after the other.
async fn everything(backend: &MemoryBackend) -> Vec<Found> {
    let (mut all, mut from) = (Vec::new(), None::<String>);
    loop {
        let page = backend.scan(None, from.as_deref()).await.unwrap();
        all.extend(page.found);
        match page.next {
            Some(next) => from = Some(next),
            None => return all,
        }
    }
}

#[tokio::test]
async fn a_changed_record_is_not_believed_and_nothing_is_removed() {
    for seal in [false, true] {
        let (deployment, held) = (Deployment::new(seal), Held::new());
        let backend = service(&deployment, &held);
        let engine = deployment.open(backend.clone()).await;
        secrets(&engine).create("db", [("a", "1")]).await.unwrap();
        secrets(&engine).set("db", "a", "2").await.unwrap();
        let found = everything(&backend).await.remove(0);
        let right = found.labels.clone().unwrap();
        let before = held.inventory(deployment.namespace());
        for at in (0..right.record.len()).step_by(7) {
            let mut record = right.record.clone().into_bytes();
            record[at] = if record[at] == b'A' { b'B' } else { b'A' };
            let record = String::from_utf8(record).unwrap();
            backend.relabel(found.object, &Labels::new(right.secret, record)).await.unwrap();
            let (engine, loaded) = deployment.try_open(backend.clone()).await.unwrap();
            assert_eq!(loaded.secrets, 0, "a record that was changed at {at} is believed");
            assert_eq!(loaded.left.len(), 1);
            assert_eq!((&loaded.left[0].why, loaded.left[0].object), (&Finding::NotOurs, found.object));
            engine.sweep().await.unwrap();
        }
        // Of another secret, or cut off, or none at all.
        let half = right.record[..right.record.len() / 2].to_owned();
        for (labels, why) in [
            (Labels::new(SecretId(Uuid::new_v4()), right.record.clone()), Finding::NotOurs),
            (Labels::new(right.secret, half), Finding::NotOurs),
            (Labels::new(right.secret, ""), Finding::Unlabelled),
        ] {
            backend.relabel(found.object, &labels).await.unwrap();
            let (engine, loaded) = deployment.try_open(backend.clone()).await.unwrap();
            assert_eq!((loaded.secrets, &loaded.left[0].why), (0, &why));
            engine.repair(RepairOptions::new()).await.unwrap();
        }
        assert_eq!(held.inventory(deployment.namespace()), before, "something was removed");
        backend.relabel(found.object, &right).await.unwrap();
        let engine = deployment.open(backend.clone()).await;
        secrets(&engine).get("db").await.unwrap();
    }
}

#[tokio::test]
async fn another_root_key_opens_nothing() {
    let (mut deployment, held) = (Deployment::new(false), Held::new());
    deployment.namespace = Some(deployment.namespace());
    let backend = service(&deployment, &held);
    let engine = deployment.open(backend.clone()).await;
    secrets(&engine).create("db", [("a", "1")]).await.unwrap();
    let mut stranger = Deployment::new(false);
    stranger.namespace = deployment.namespace;
    let (_, loaded) = stranger.try_open(backend).await.unwrap();
    assert_eq!((loaded.secrets, &loaded.left[0].why), (0, &Finding::NotOurs));
}

#[tokio::test]
async fn labels_of_one_object_are_not_those_of_another() {
    let (deployment, held) = (Deployment::new(false), Held::new());
    let backend = service(&deployment, &held);
    let engine = deployment.open(backend.clone()).await;
    secrets(&engine).create("db", [("a", "1")]).await.unwrap();
    let labels = everything(&backend).await.remove(0).labels.unwrap();
    let (object, payload) = (ObjectId(Uuid::new_v4()), Payload::new(b"{\"a\":\"mine\"}".to_vec()));
    let version = NewVersion::new(object, VersionUid(Uuid::new_v4()), &payload, &labels);
    backend.put(&version).await.unwrap();
    let (engine, loaded) = deployment.try_open(backend.clone()).await.unwrap();
    assert_eq!((loaded.secrets, loaded.left.len()), (1, 1));
    assert_eq!((loaded.left[0].object, &loaded.left[0].why), (object, &Finding::NotOurs));
    let db = secrets(&engine).get("db").await.unwrap();
    assert_eq!(db.values.get("a").unwrap().expose_secret(), "1");
}

#[tokio::test]
async fn values_that_were_changed_or_added_are_not_believed() {
    for seal in [false, true] {
        let (deployment, held) = (Deployment::new(seal), Held::new());
        let backend = service(&deployment, &held);
        let engine = deployment.open(backend.clone()).await;
        secrets(&engine).create("db", [("a", "1")]).await.unwrap();
        let found = everything(&backend).await.remove(0);
        let (object, at) = (found.object, found.at.unwrap());
        // A newer version by another hand.
        let (payload, labels) = (Payload::new(b"{\"a\":\"theirs\"}".to_vec()), found.labels.unwrap());
        let theirs = NewVersion::new(object, VersionUid(Uuid::new_v4()), &payload, &labels).after(&at);
        let theirs = backend.put(&theirs).await.unwrap();
        let (engine, loaded) = deployment.try_open(backend.clone()).await.unwrap();
        assert_eq!((&loaded.left[0].why, &loaded.left[0].at), (&Finding::Unlisted, &Some(theirs.clone())));
        let db = secrets(&engine).get("db").await.unwrap();
        assert_eq!(db.values.get("a").unwrap().expose_secret(), "1");
        // It is removed when somebody asks for that.
        let report = engine.repair(RepairOptions::new().remove_foreign(true)).await.unwrap();
        assert_eq!((report.unknown.len(), report.removed), (1, 1));
        // Where people see values there, the committed one was put on top again; what it was put from is nobody's.
        let (engine, loaded) = deployment.try_open(backend.clone()).await.unwrap();
        assert!(loaded.left.iter().all(|left| left.why == Finding::Unlisted && !seal), "{loaded:?}");
        engine.repair(RepairOptions::new().remove_foreign(true)).await.unwrap();
        deployment.open(backend.clone()).await;
        let mut left = everything(&backend).await;
        let at = left.remove(0).at.unwrap();
        assert_eq!(left, []);

        assert!(held.tamper(deployment.namespace(), object, &at, payload));
        let engine = deployment.open(backend.clone()).await;
        assert_eq!(secrets(&engine).get("db").await.unwrap_err().kind(), ErrorKind::Corrupt);
        backend.remove(object, &at).await.unwrap();
        let (engine, loaded) = deployment.try_open(backend.clone()).await.unwrap();
        assert_eq!(loaded.left[0].why, Finding::Missing);
        // Young: the service may only be late.
        let kind = secrets(&engine).get("db").await.unwrap_err().kind();
        assert!([ErrorKind::Unavailable, ErrorKind::Lost].contains(&kind), "{kind:?}");
        secrets(&engine).delete("db").await.unwrap();
        deployment.open(backend).await;
        assert_eq!(held.inventory(deployment.namespace()), []);
    }
}

#[tokio::test]
async fn a_store_that_shows_no_labels_is_refused_before_anything_is_lost_in_it() {
    let (deployment, held) = (Deployment::new(true), Held::new());
    let mute = || Arc::new(MemoryBackend::new(&held, deployment.namespace()).shows_labels(false));
    let refused = async || {
        let error = deployment.try_open(mute()).await.expect_err("it was opened");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        let text = error.to_string();
        assert!(text.contains("store: main") && text.contains("database.url"), "{text}");
    };
    refused().await;
    assert_eq!(held.inventory(deployment.namespace()), [], "something is left of what was tried");
    // One that stops to show them is not taken for one that is empty.
    let engine = deployment.open(service(&deployment, &held)).await;
    secrets(&engine).create("db", [("a", "1")]).await.unwrap();
    let before = held.inventory(deployment.namespace());
    refused().await;
    assert_eq!(held.inventory(deployment.namespace()), before);
    deployment.open(service(&deployment, &held)).await;
}

#[tokio::test]
async fn what_is_damaged_is_told_and_hides_nothing_else() {
    let (deployment, place) = (Deployment::new(true), tempfile::tempdir().unwrap());
    let open = || Arc::new(DirectoryBackend::new(place.path(), deployment.namespace()));
    let engine = deployment.open(open()).await;
    secrets(&engine).create("db", [("a", "1")]).await.unwrap();
    let damaged = open().scan(None, None).await.unwrap().found[0].object;
    secrets(&engine).create("web", [("a", "2")]).await.unwrap();
    let labels =
        place.path().join(deployment.namespace().to_string()).join(damaged.to_string()).join("labels");
    let whole = std::fs::read(&labels).unwrap();
    std::fs::write(&labels, "canary").unwrap();

    let (engine, loaded) = deployment.try_open(open()).await.unwrap();
    let [left] = &*loaded.left else { panic!("{:?}", loaded.left) };
    assert_eq!((left.object, &left.why, loaded.secrets), (damaged, &Finding::Damaged, 1));
    assert!(left.why.to_string().contains("a secret may be missing"), "{}", left.why);
    assert_eq!(secrets(&engine).get("web").await.unwrap().meta.revision.0, 1);
    // Nothing of it is removed, whoever asks.
    let report = engine.repair(RepairOptions::new().remove_foreign(true)).await.unwrap();
    assert_eq!(report.damaged.iter().map(|(_, object)| *object).collect::<Vec<_>>(), [damaged]);
    assert_eq!((report.unknown.len(), report.removed), (0, 0));
    std::fs::write(&labels, whole).unwrap();
    let engine = deployment.open(open()).await;
    secrets(&engine).get("db").await.unwrap();
}
