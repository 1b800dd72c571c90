//! Many callers in one process: races, and callers that go away.

mod site;

use futures::future::{join_all, poll_fn};
use site::{CANARY, Site, assert_audited, files, main_store, one, quick, text};
use std::{pin::pin, sync::Arc, task::Poll, time::Duration};
use strongroom_core::{
    ErrorKind, NewSecret, Revision, SecretFilter, SecretId, SecretName, SecretUpdate, Secrets, ValuesChange,
};
use strongroom_testkit::{
    Held, Random,
    faults::{Call, Delay},
};

/// 64 tasks create one public name.
async fn race(site: &Site, held: Option<&Held>) {
    let moment = Duration::from_millis(3);
    let stores = held.map(|held| {
        main_store(
            Delay::new(Arc::new(site.service(held)), |_: Call| true, site.clock.clone(), moment),
            false,
        )
    });
    let engine = site.engine(stores.into_iter().collect(), quick()).await;
    let racers = (0..64).map(|i| {
        let secrets = site.secrets(&engine);
        tokio::spawn(async move { secrets.create("db", [("by", i.to_string())]).await })
    });
    let answers = join_all(racers).await.into_iter().map(|answer| answer.unwrap());
    let (won, lost): (Vec<_>, Vec<_>) = answers.partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for error in lost.into_iter().map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error:?}");
    }
    let winner = won.into_iter().next().unwrap().unwrap();
    let read = site.secrets(&engine).get("db").await.unwrap();
    assert_eq!((read.meta.id, text(&read, "by")), (winner.meta.id, text(&winner, "by")));
    assert_eq!(site.secrets(&engine).list(&SecretFilter::new()).await.unwrap().total, 1);
    site.settle(&engine).await;
    if let Some(held) = held {
        site.assert_accounted(held).await;
    }
    assert_audited(&engine, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_64_wins_a_name_inline() {
    race(&Site::in_memory().await, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_64_wins_a_name_at_a_service() {
    race(&Site::in_memory().await, Some(&Held::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_64_wins_a_name_in_a_file() {
    let (_directory, site) = files::file().await;
    race(&site, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_64_wins_a_name_in_a_file_and_at_a_service() {
    let (_directory, site) = files::file().await;
    race(&site, Some(&Held::new())).await;
}

/// Runs a future for so many steps at most, then drops it.
async fn steps<T>(most: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = most;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Something that a caller who may go away asks for.
async fn something(secrets: &Secrets, random: u64, id: SecretId, round: u64) -> Result<(), ErrorKind> {
    let both = |by: u64| [("a", by.to_string()), ("b", by.to_string())].into_iter().collect();
    let answer = match random % 6 {
        0 => secrets.create(&format!("new-{round}"), [("a", "0"), ("b", "0")]).await.map(drop),
        1 => secrets.get("db").await.map(drop),
        2 => {
            let name = SecretName::new(format!("name-{round}")).unwrap();
            secrets.update(&id.into(), SecretUpdate::new().name(name)).await.map(drop)
        }
        3 => secrets.delete(&format!("new-{}", round.saturating_sub(3))).await,
        _ => {
            let values = ValuesChange::Replace(both(round));
            secrets.update(&id.into(), SecretUpdate::new().values(values)).await.map(drop)
        }
    };
    answer.map_err(|error| error.kind())
}

/// What a caller who went away half way leaves behind is accounted for, and holds nobody up.
async fn callers_go_away(site: &Site, seed: u64, most: usize) {
    let held = Held::new();
    let moment = Duration::from_micros(200);
    let service = Delay::new(Arc::new(site.service(&held)), |_: Call| true, site.clock.clone(), moment);
    let engine = site.engine(vec![main_store(service, false)], quick()).await;
    let secrets = site.secrets(&engine);
    let id = secrets.create("db", [("a", "0"), ("b", "0")]).await.unwrap().meta.id;
    let mut random = Random::new(seed);
    let (mut done, mut dropped) = (0, 0);
    for round in 1..=120 {
        let what = random.bits();
        match steps(random.below(most), something(&secrets, what, id, round)).await {
            None => dropped += 1,
            Some(Ok(()) | Err(ErrorKind::NotFound)) => done += 1,
            Some(Err(kind)) => panic!("round {round} of seed {seed}: {kind:?}"),
        }
        // Another caller is served, and sees all of a change or nothing.
        let patient = secrets.on_behalf_of(site.context().with_timeout(Duration::from_secs(20)));
        let read = patient.get_ref(&id.into(), &strongroom_core::GetOptions::new()).await.unwrap();
        assert_eq!(text(&read, "a"), text(&read, "b"), "half a change");
        // An attempt of somebody who is gone is waited for until its lease is over.
        site.clock.skip(Duration::from_secs(61));
    }
    assert!(done > 10 && dropped > 10, "{done} were done, {dropped} were dropped");
    site.settle(&engine).await;
    site.assert_accounted(&held).await;
    let again = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    let secrets = site.secrets(&again);
    for meta in secrets.list(&SecretFilter::new().size(500)).await.unwrap().items {
        let read = secrets.get(meta.name.as_str()).await.unwrap();
        assert_eq!(text(&read, "a"), text(&read, "b"), "half a change");
    }
    assert_audited(&again, 1).await;
}

#[tokio::test]
async fn callers_that_go_away_leave_nothing_unaccounted_for() {
    for seed in 0..4 {
        callers_go_away(&Site::in_memory().await, seed, 4).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_go_away_leave_nothing_unaccounted_for_in_a_file() {
    for seed in 0..2 {
        let (_directory, site) = files::file().await;
        callers_go_away(&site, seed, 24).await;
    }
}

#[tokio::test]
async fn a_stale_revision_changes_nothing() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let engine = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    let secrets = site.secrets(&engine);
    let id = secrets.create("db", [("a", "1")]).await.unwrap().meta.id;
    secrets.set("db", "a", "2").await.unwrap();
    let before = secrets.get("db").await.unwrap();
    for expected in [0, 1, 3, u64::MAX] {
        let update = SecretUpdate::new()
            .name(SecretName::new("other").unwrap())
            .private(true)
            .values(ValuesChange::Replace(one("a", CANARY)))
            .expecting(Revision(expected));
        let error = secrets.update(&id.into(), update).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
        assert!(error.to_string().contains("actual revision: 2"), "{error}");
        assert!(!error.to_string().contains(CANARY), "{error}");
        let error = secrets.delete_at(id, Revision(expected)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    }
    let after = secrets.get("db").await.unwrap();
    assert_eq!((&after.meta, text(&after, "a")), (&before.meta, "2".to_owned()));
    assert_eq!(secrets.versions("db").await.unwrap().len(), 2);
    site.settle(&engine).await;
    site.assert_accounted(&held).await;
    assert_audited(&engine, 2).await;
}

#[tokio::test]
async fn name_privacy_and_values_change_together_or_not_at_all() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let engine = site.engine(vec![main_store(site.service(&held), false)], quick()).await;
    let secrets = site.secrets(&engine);
    let id = secrets.create("db", [("a", "1")]).await.unwrap().meta.id;
    secrets.create("taken", [("a", "1")]).await.unwrap();
    let private = NewSecret::new(SecretName::new("taken").unwrap(), one("a", "1")).private(true);
    secrets.store().create(&site.context(), private).await.unwrap();
    let change = async |name: &str, private| {
        let update = SecretUpdate::new().name(SecretName::new(name).unwrap()).private(private);
        secrets.update(&id.into(), update.values(ValuesChange::Replace(one("b", "2")))).await
    };
    let before = secrets.get("db").await.unwrap();
    for private in [false, true] {
        let error = change("taken", private).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error:?}");
        let after = secrets.get("db").await.expect("it has another name");
        assert_eq!((&after.meta, text(&after, "a")), (&before.meta, "1".to_owned()));
        assert!(!after.values.contains_key("b"));
    }
    let meta = change("free", true).await.unwrap();
    assert_eq!((meta.name.as_str(), meta.private, meta.revision), ("free", true, Revision(2)));
    assert_eq!(text(&secrets.get("free").await.unwrap(), "b"), "2");
    site.settle(&engine).await;
    site.assert_accounted(&held).await;
    assert_audited(&engine, 4).await;
}
