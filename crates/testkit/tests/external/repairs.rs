//! What somebody did to a service behind our back: a repair tells of each by name, and mends what can be mended.

use crate::{
    Switch,
    site::{Site, main_store, named, one, quick, replace, text},
};
use std::{sync::Arc, time::Duration};
use strongroom_core::{
    Backend as _, ErrorKind, Labels, NewVersion, Payload, Reason, Revision, SecretId, SecretUpdate,
    VersionUid,
};
use strongroom_engine::{Engine, RepairOptions, RepairReport};
use strongroom_testkit::{
    Held,
    faults::{Call, FailBefore, Method},
};
use uuid::Uuid;

/// A secret with two versions that nobody calls young any more.
struct Scene {
    site: Site,
    held: Held,
    id: SecretId,
}

impl Scene {
    async fn new(sealed: bool) -> Self {
        let (site, held) = (Site::in_memory().await, Held::new());
        let engine = site.engine(vec![main_store(site.service(&held), sealed)], quick()).await;
        let secrets = site.secrets(&engine);
        let id = secrets.create("db", [("a", "one")]).await.unwrap().meta.id;
        secrets.set("db", "a", "two").await.unwrap();
        site.settle(&engine).await;
        Self { site, held, id }
    }

    /// As another process opens it.
    async fn engine(&self, sealed: bool) -> Engine {
        self.site.engine(vec![main_store(self.site.service(&self.held), sealed)], quick()).await
    }

    async fn repair(&self, options: RepairOptions) -> RepairReport {
        self.engine(false).await.repair(options).await.unwrap()
    }

    /// The current version is removed.
    async fn lose(&self) {
        let (object, at) = self.site.place(self.id).await;
        self.site.service(&self.held).remove(object, &at).await.unwrap();
    }
}

/// What is lost: the revision, whether it is the current one, and how.
fn lost(report: &RepairReport) -> Vec<(Revision, bool, ErrorKind)> {
    report.lost.iter().map(|lost| (lost.revision, lost.current, lost.kind)).collect()
}

#[tokio::test]
async fn nothing_is_told_of_what_is_whole() {
    let scene = Scene::new(false).await;
    for options in [RepairOptions::new(), RepairOptions::new().read(true)] {
        assert_eq!(scene.repair(options).await, RepairReport::default());
    }
}

#[tokio::test]
async fn what_is_gone_is_told_by_name_once_it_is_old_enough() {
    let scene = Scene::new(false).await;
    let secrets = scene.site.secrets(&scene.engine(false).await);
    secrets.set("db", "a", "three").await.unwrap();
    scene.lose().await;
    // A service may show it later: nobody says that all is well until then.
    for options in [RepairOptions::new(), RepairOptions::new().read(true)] {
        let report = scene.repair(options).await;
        let reasons: Vec<_> = report.refusals.iter().map(|one| (one.reason, one.times)).collect();
        assert_eq!(reasons, [(Some(Reason::NotShownYet), 1)], "{report:?}");
        assert_eq!((lost(&report), report.failed, report.unseen.len()), (vec![], 1, 0), "{report:?}");
    }
    scene.site.clock.skip(Duration::from_secs(3600));
    let report = scene.repair(RepairOptions::new()).await;
    assert_eq!(lost(&report), [(Revision(3), true, ErrorKind::Lost)]);
    let lone = &report.lost[0];
    assert_eq!((lone.secret, lone.name.as_ref().map(|name| name.as_str())), (scene.id, Some("db")));
    assert!(lone.told.contains("roll back to an older version or write them again"), "{}", lone.told);

    // Written again, it is one of the past; of a private secret the id alone is told.
    let update = SecretUpdate::new().private(true);
    secrets.update(&scene.id.into(), update).await.unwrap();
    assert_eq!(scene.repair(RepairOptions::new()).await.lost[0].name, None);
    replace(&secrets, scene.id, one("a", "four")).await;
    let report = scene.repair(RepairOptions::new()).await;
    assert_eq!(lost(&report), [(Revision(3), false, ErrorKind::Lost)]);
    assert_eq!(report.overlaid, []);
}

#[tokio::test]
async fn what_is_damaged_is_found_by_reading() {
    let scene = Scene::new(false).await;
    let (object, at) = scene.site.place(scene.id).await;
    let other = Payload::new(br#"{"a":"evil"}"#.to_vec());
    assert!(scene.held.tamper(scene.site.identity.namespace, object, &at, other));
    assert_eq!(lost(&scene.repair(RepairOptions::new()).await), [], "it is there");
    let report = scene.repair(RepairOptions::new().read(true)).await;
    assert_eq!(lost(&report), [(Revision(2), true, ErrorKind::Corrupt)]);
    assert!(report.lost[0].told.contains("roll back to an older version"), "{report:?}");
}

#[tokio::test]
async fn what_lies_on_top_stays_until_it_is_removed_and_then_the_committed_value_does() {
    for sealed in [false, true] {
        let scene = Scene::new(sealed).await;
        let (object, at) = scene.site.place(scene.id).await;
        let (payload, labels) = (Payload::new(b"{}".to_vec()), Labels::new(SecretId(Uuid::new_v4()), ""));
        let new = NewVersion::new(object, VersionUid(Uuid::new_v4()), &payload, &labels);
        scene.site.service(&scene.held).put(&new.after(&at)).await.unwrap();
        let engine = scene.engine(sealed).await;
        for _ in 0..2 {
            let report = engine.repair(RepairOptions::new()).await.unwrap();
            let overlaid: Vec<_> = report.overlaid.iter().map(|one| (one.secret, one.mended)).collect();
            // What is sealed nobody reads there.
            let expected = if sealed { vec![] } else { vec![(scene.id, false)] };
            assert_eq!((report.unknown.len(), overlaid), (1, expected));
        }
        let report = engine.repair(RepairOptions::new().remove_foreign(true)).await.unwrap();
        assert!(report.removed == 1 && report.overlaid.iter().all(|one| one.mended), "{report:?}");
        scene.site.settle(&engine).await;
        let found = scene.site.service(&scene.held).scan(Some(object), None).await.unwrap().found;
        let (_, at) = scene.site.place(scene.id).await;
        let newest = found.iter().find(|found| found.newest).and_then(|found| found.at.clone());
        assert!(sealed || newest == Some(at), "{found:?}");
        assert_eq!(engine.repair(RepairOptions::new().read(true)).await.unwrap(), RepairReport::default());
        assert_eq!(text(&scene.site.secrets(&engine).get("db").await.unwrap(), "a"), "two");
    }
}

#[tokio::test]
async fn what_one_place_holds_under_two_names_is_explained_under_both() {
    let (site, held) = (Site::in_memory().await, Held::new());
    // Configured together, before anything is there: later the second name is refused.
    let both = || {
        let service = || Arc::new(site.service(&held));
        vec![named("first", service(), false), named("main", service(), false)]
    };
    let engine = site.engine(both(), quick()).await;
    site.secrets(&engine).create("db", [("a", "one")]).await.unwrap();
    site.settle(&engine).await;
    let report = engine.repair(RepairOptions::new().remove_foreign(true).read(true)).await.unwrap();
    assert_eq!(report, RepairReport::default());
    assert_eq!(text(&site.secrets(&engine).get("db").await.unwrap(), "a"), "one");
    drop(engine);
    site.engine(both(), quick()).await;
}

#[tokio::test]
async fn a_store_that_cannot_be_looked_through_does_not_hide_what_is_told_of_another() {
    let scene = Scene::new(false).await;
    scene.lose().await;
    let (fails, other) = (Switch::off(&[Method::Scan]), Held::new());
    let service =
        Arc::new(FailBefore::new(Arc::new(scene.site.service(&other).endpoint("other")), fails.decide()));
    let main = main_store(scene.site.service(&scene.held), false);
    // Stores are looked through in the order of their names.
    let engine = scene.site.engine(vec![main, named("first", service, false)], quick()).await;
    fails.set(true);
    let report = engine.repair(RepairOptions::new()).await.unwrap();
    assert_eq!(lost(&report), [(Revision(2), true, ErrorKind::Lost)]);
    let unseen: Vec<_> = report.unseen.iter().map(|one| (one.store.to_string(), one.kind)).collect();
    assert_eq!(unseen, [("first".to_owned(), ErrorKind::Unavailable)], "{report:?}");
    fails.set(false);
    assert_eq!(engine.repair(RepairOptions::new()).await.unwrap().unseen, []);
}

#[tokio::test]
async fn what_was_found_before_a_service_fails_is_told() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let engine = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    let secrets = site.secrets(&engine);
    let mut ids = Vec::new();
    for name in ["a", "b"] {
        ids.push(secrets.create(name, [("k", name)]).await.unwrap().meta.id);
    }
    site.settle(&engine).await;
    // Secrets are looked at in the order of their ids.
    ids.sort_unstable();
    let ((object, at), (fails, _)) = (site.place(ids[0]).await, site.place(ids[1]).await);
    site.service(&held).remove(object, &at).await.unwrap();
    let service = Arc::new(site.service(&held));
    let failing =
        FailBefore::new(service, move |call: Call| call.method == Method::Get && call.object == Some(fails));
    let engine = site.engine(vec![main_store(failing, false)], quick()).await;
    let report = engine.repair(RepairOptions::new().read(true)).await.unwrap();
    assert_eq!(
        (lost(&report), report.unseen.len()),
        (vec![(Revision(1), true, ErrorKind::Lost)], 1),
        "{report:?}"
    );
}
