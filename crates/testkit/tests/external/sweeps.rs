//! What is left behind by outages and lost answers, and how it goes.

use crate::{
    Switch,
    site::{CANARY, Site, assert_audited, main_store, one, quick, replace, text, uncached},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use strongroom_core::{Backend, Error, ErrorKind, Payload, SecretId};
use strongroom_engine::RepairOptions;
use strongroom_testkit::{
    Held, MemoryBackend,
    faults::{Call, DeliverLate, FailBefore, Later, LoseAnswer, Method},
};

/// How many versions the service holds.
fn versions(site: &Site, held: &Held) -> usize {
    held.inventory(site.identity.namespace).iter().map(|(_, versions)| versions.len()).sum()
}

/// What people see who look at the service directly.
async fn newest(site: &Site, service: &MemoryBackend, id: SecretId) -> Option<Payload> {
    let (object, _) = site.place(id).await;
    let mut from = None;
    loop {
        let page = service.scan(Some(object), from.as_deref()).await.unwrap();
        if let Some(found) = page.found.iter().find(|found| found.newest) {
            return Some(service.get(object, found.at.as_ref().unwrap()).await.unwrap());
        }
        from = Some(page.next?);
    }
}

/// Services that can tell who wrote a version or not, and that store a repeated put twice or not.
const SERVICES: [(bool, bool); 4] = [(true, false), (true, true), (false, false), (false, true)];

#[tokio::test]
async fn a_deletion_succeeds_during_an_outage_and_is_made_up_for() {
    let (site, held, down) = (Site::in_memory().await, Held::new(), Switch::off(Method::FOR_SECRETS));
    let service = FailBefore::new(Arc::new(site.service(&held)), down.decide());
    let engine = site.engine(vec![main_store(service, false)], quick()).await;
    let secrets = site.secrets(&engine);
    secrets.create("db", [("password", CANARY)]).await.unwrap();
    secrets.set("db", "password", "other").await.unwrap();
    down.set(true);
    secrets.delete("db").await.expect("a deletion does not depend on the service");
    assert_eq!(secrets.get("db").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(versions(&site, &held), 2, "it cannot have been removed");
    assert_eq!(engine.status().await.unwrap().summary.garbage, 1, "status does not tell of it");
    // The outage goes on: nothing is forgotten.
    site.clock.skip(Duration::from_secs(120));
    let swept = engine.sweep().await.unwrap();
    assert_eq!((swept.worked, swept.failed), (0, 1));

    down.set(false);
    secrets.create("db", [("password", "another secret")]).await.expect("the name is not free");
    site.settle(&engine).await;
    assert_eq!(versions(&site, &held), 1);
    site.assert_accounted(&held).await;
    assert_audited(&engine, 4).await;
}

#[tokio::test]
async fn a_store_without_answers_is_not_asked_for_each_removal() {
    let all: &'static [Method] = &[Method::Delete, Method::Scan, Method::Check];
    // One that answers otherwise is asked for each.
    for (methods, asked) in [(all, 1), (&all[..1], 5)] {
        let (site, held, down) = (Site::in_memory().await, Held::new(), Switch::off(methods));
        let service = FailBefore::new(Arc::new(site.service(&held)), down.decide());
        let engine = site.engine(vec![main_store(service, false)], quick()).await;
        let secrets = site.secrets(&engine);
        let names = ["a", "b", "c", "d", "e"];
        for name in names {
            secrets.create(name, [("a", "1")]).await.unwrap();
        }
        site.settle(&engine).await;
        down.set(true);
        for name in names {
            secrets.delete(name).await.unwrap();
        }
        let sent = || {
            let calls = engine.stats().calls;
            calls.iter().filter(|(key, _)| key.1 == "delete").map(|(_, stats)| stats.sent).sum::<u64>()
        };
        let before = sent();
        let report = engine.repair(RepairOptions::new()).await.unwrap();
        let refused: Vec<_> = report.refusals.iter().map(|one| (one.kind, one.times)).collect();
        assert_eq!((report.failed, refused), (5, vec![(ErrorKind::Unavailable, 5)]), "{report:?}");
        assert_eq!(sent() - before, u64::from(quick().call_attempts) * asked);
        down.set(false);
        site.settle(&engine).await;
        site.assert_accounted(&held).await;
    }
}

#[tokio::test]
async fn a_sweep_ends_although_what_failed_first_is_due_again() {
    const MANY: usize = 130;
    let (site, held, down) = (Site::in_memory().await, Held::new(), Switch::off(&[Method::Delete]));
    let (clock, fails) = (site.clock.clone(), down.decide());
    // The service tells that it is there, and takes its time to refuse.
    let slow = move |call: Call| {
        let fails = fails(call);
        if fails {
            clock.skip(Duration::from_secs(1));
        }
        fails
    };
    let service = FailBefore::new(Arc::new(site.service(&held)), slow);
    let engine = site.engine(vec![main_store(service, false)], quick()).await;
    let secrets = site.secrets(&engine);
    let names: Vec<String> = (0..MANY).map(|i| format!("secret-{i}")).collect();
    for name in &names {
        secrets.create(name, [("a", "1")]).await.unwrap();
    }
    site.settle(&engine).await;
    down.set(true);
    for name in &names {
        secrets.delete(name).await.unwrap();
    }
    site.clock.skip(Duration::from_secs(120));
    let swept = engine.sweep().await.unwrap();
    assert!(swept.worked == 0 && (1..MANY as u64).contains(&swept.failed), "{swept:?}");
    down.set(false);
    site.settle(&engine).await;
    site.assert_accounted(&held).await;
}

#[tokio::test]
async fn a_lost_answer_is_no_failure_and_its_twin_goes() {
    for (tells_uids, twins) in SERVICES {
        let (site, held) = (Site::in_memory().await, Held::new());
        let service = || site.service(&held).tells_uids(tells_uids).twins(twins);
        // Every second answer to a put is lost.
        let lost = AtomicBool::new(false);
        let lossy = LoseAnswer::new(Arc::new(service()), move |call: Call| {
            call.method == Method::Put && !lost.fetch_xor(true, Ordering::SeqCst)
        });
        let engine = site.engine(vec![main_store(lossy, false)], quick()).await;
        let secrets = site.secrets(&engine);
        let id = secrets.create("db", [("a", "0")]).await.unwrap().meta.id;
        for i in 1..4 {
            secrets.set("db", "a", i.to_string()).await.unwrap();
        }
        assert_eq!(versions(&site, &held), if twins { 8 } else { 4 });
        site.settle(&engine).await;
        site.assert_accounted(&held).await;
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "3");
        let cold = site.engine(vec![main_store(service(), false)], uncached()).await;
        let back = strongroom_core::GetOptions::new().as_of(strongroom_core::Revision(2));
        let older = site.secrets(&cold).get_ref(&id.into(), &back).await.unwrap();
        assert_eq!(text(&older, "a"), "1");
        let seen = newest(&site, &service(), id).await.expect("the service shows no newest version");
        assert_eq!(seen.expose(), br#"{"a":"3"}"#, "tells uids: {tells_uids}, twins: {twins}");
    }
}

#[tokio::test]
async fn a_write_without_any_answer_changes_nothing() {
    for (tells_uids, twins) in SERVICES {
        let (site, held, lose) = (Site::in_memory().await, Held::new(), Switch::off(&[Method::Put]));
        let service = || site.service(&held).tells_uids(tells_uids).twins(twins);
        let lossy = LoseAnswer::new(Arc::new(service()), lose.decide());
        let engine = site.engine(vec![main_store(lossy, false)], quick()).await;
        let secrets = site.secrets(&engine);
        let id = secrets.create("db", [("a", "0")]).await.unwrap().meta.id;
        lose.set(true);
        let error = secrets.set("db", "a", "1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
        let error = secrets.create("other", [("a", "1")]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
        lose.set(false);
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "0");
        assert_eq!(secrets.get("db").await.unwrap().meta.revision.0, 1);
        site.settle(&engine).await;
        site.assert_accounted(&held).await;
        let seen = newest(&site, &service(), id).await.expect("the service shows no newest version");
        assert_eq!(seen.expose(), br#"{"a":"0"}"#, "tells uids: {tells_uids}, twins: {twins}");
        assert_audited(&engine, 1).await;
    }
}

#[tokio::test]
async fn a_newest_version_that_was_never_committed_is_covered_by_the_committed_one() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let (lose, down) = (Switch::off(&[Method::Put]), Switch::off(&[Method::Scan, Method::Remove]));
    let lossy = LoseAnswer::new(Arc::new(site.service(&held)), lose.decide());
    let service = FailBefore::new(Arc::new(lossy), down.decide());
    let engine = site.engine(vec![main_store(service, false)], quick()).await;
    let secrets = site.secrets(&engine);
    let id = secrets.create("db", [("a", "committed")]).await.unwrap().meta.id;
    let service = site.service(&held);
    lose.set(true);
    down.set(true);
    secrets.set("db", "a", "lost").await.unwrap_err();
    let seen = newest(&site, &service, id).await.unwrap();
    assert_eq!(seen.expose(), br#"{"a":"lost"}"#, "the case is not set up");
    lose.set(false);
    down.set(false);
    site.clock.skip(Duration::from_secs(120));
    engine.sweep().await.unwrap();
    let seen = newest(&site, &service, id).await.expect("the service shows no newest version");
    assert_eq!(seen.expose(), br#"{"a":"committed"}"#);
    site.settle(&engine).await;
    site.assert_accounted(&held).await;
    assert_eq!(secrets.get("db").await.unwrap().meta.revision.0, 1, "nobody changed it");
}

/// A service that cannot tell who wrote a version, and for a while not what it holds either.
#[tokio::test]
async fn what_cannot_be_told_from_others_for_a_while_is_not_forgotten() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let (lose, closed) = (Switch::off(&[Method::Put]), Switch::off(&[Method::Get]));
    let lossy = LoseAnswer::new(Arc::new(site.service(&held).tells_uids(false)), lose.decide());
    let reason = Error::new(ErrorKind::Unexpected, "the key of the service is disabled");
    let service = FailBefore::new(Arc::new(lossy), closed.decide()).saying(reason);
    let engine = site.engine(vec![main_store(service, false)], quick()).await;
    let secrets = site.secrets(&engine);
    secrets.create("db", [("a", "committed")]).await.unwrap();
    lose.set(true);
    secrets.set("db", "a", "lost").await.unwrap_err();
    lose.set(false);
    closed.set(true);
    for _ in 0..3 {
        site.clock.skip(Duration::from_secs(2 * 3600));
        let swept = engine.sweep().await.unwrap();
        assert!(swept.worked == 0 && swept.failed > 0, "{swept:?}");
    }
    closed.set(false);
    site.settle(&engine).await;
    site.assert_accounted(&held).await;
}

#[tokio::test]
async fn a_put_that_arrives_an_hour_late_goes_too() {
    for first in [true, false] {
        let (site, held, late) = (Site::in_memory().await, Held::new(), Switch::off(&[Method::Put]));
        let later = Later::new();
        let service = DeliverLate::new(Arc::new(site.service(&held)), late.decide(), &later);
        let mut options = quick();
        options.call_attempts = 1;
        let engine = site.engine(vec![main_store(service, false)], options).await;
        let secrets = site.secrets(&engine);
        let id = secrets.create("db", [("a", "committed")]).await.unwrap().meta.id;
        late.set(true);
        let failed = if first {
            secrets.create("other", [("a", "late")]).await.err()
        } else {
            secrets.set("db", "a", "late").await.err()
        };
        assert_eq!(failed.expect("it succeeded").kind(), ErrorKind::Timeout);
        late.set(false);
        // Swept when there is nothing yet; then it arrives.
        site.clock.skip(Duration::from_secs(3000));
        engine.sweep().await.unwrap();
        let service = site.service(&held);
        later.deliver(0, &service).await.unwrap().unwrap();
        assert_eq!(versions(&site, &held), 2);
        site.settle(&engine).await;
        site.assert_accounted(&held).await;
        let seen = newest(&site, &service, id).await.expect("the service shows no newest version");
        assert_eq!(seen.expose(), br#"{"a":"committed"}"#);
    }
}

#[tokio::test]
async fn history_is_trimmed() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let mut options = quick();
    options.history = 3;
    let engine = site.engine(vec![main_store(site.service(&held), false)], options).await;
    let secrets = site.secrets(&engine);
    let id = secrets.create("db", [("a", "1")]).await.unwrap().meta.id;
    for i in 2..=8 {
        replace(&secrets, id, one("a", &i.to_string())).await;
    }
    let kept: Vec<u64> =
        secrets.versions("db").await.unwrap().iter().map(|version| version.revision.0).collect();
    assert_eq!(kept, [8, 7, 6]);
    site.settle(&engine).await;
    assert_eq!(versions(&site, &held), 3);
    site.assert_accounted(&held).await;
    assert_audited(&engine, 8).await;
}

#[tokio::test]
async fn an_outage_of_writes_alone_does_not_pile_up_work() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let (lose, down) = (Switch::off(&[Method::Put]), Switch::off(&[Method::Put]));
    let lossy = LoseAnswer::new(Arc::new(site.service(&held)), lose.decide());
    let service = FailBefore::new(Arc::new(lossy), down.decide());
    let engine = site.engine(vec![main_store(service, false)], quick()).await;
    let secrets = site.secrets(&engine);
    secrets.create("db", [("a", "committed")]).await.unwrap();
    // What was put is removed again, and with it the service's own newest version, which cannot be put anew.
    lose.set(true);
    secrets.set("db", "a", "lost").await.unwrap_err();
    lose.set(false);
    down.set(true);
    let sweeps = 12;
    for _ in 0..sweeps {
        site.clock.skip(Duration::from_secs(61));
        engine.sweep().await.unwrap();
    }
    let pending = site.catalog.pending(u32::MAX).await.unwrap().len();
    assert!(pending <= sweeps + 2, "{pending} rows after {sweeps} sweeps");
    down.set(false);
    site.settle(&engine).await;
    site.assert_accounted(&held).await;
}
