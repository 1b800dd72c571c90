//! Shared commits on SQLite.
#![cfg(feature = "sqlite")]

mod common;

use common::{claimed, done, place};
use std::{sync::Arc, time::Instant};
use strongroom_core::ErrorKind;
use strongroom_engine::{Catalog, Committed, Lookup, NameKey};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_racers_for_one_name_one_wins() {
    let (_directory, path) = place();
    let claimed = Arc::new(claimed(&path).await);
    let racers = (0..64).map(|_| {
        let claimed = Arc::clone(&claimed);
        tokio::spawn(async move { claimed.catalog.commit(&claimed.create("db", false, b"x")).await.unwrap() })
    });
    let (mut won, mut lost) = (0, 0);
    for outcome in futures::future::join_all(racers).await {
        match outcome.unwrap() {
            Committed::Done(_) => won += 1,
            Committed::NameTaken => lost += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((won, lost), (1, 63));
    let summary = claimed.catalog.summary().await.unwrap();
    assert_eq!((summary.secrets, summary.versions, summary.audit_entries), (1, vec![(None, 1)], 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_chain_has_no_gap_and_no_fork_under_load() {
    let (_directory, path) = place();
    let claimed = Arc::new(claimed(&path).await);
    let writers = (0..100).map(|i| {
        let claimed = Arc::clone(&claimed);
        // Every third one is refused, between others that are not.
        let name = if i % 3 == 0 { "taken".to_owned() } else { format!("secret {i}") };
        tokio::spawn(
            async move { claimed.catalog.commit(&claimed.create(&name, false, b"x")).await.unwrap() },
        )
    });
    futures::future::join_all(writers).await;
    let entries = claimed.catalog.audit("test", 0, 1000).await.unwrap();
    let sequences: Vec<u64> = entries.iter().map(|entry| entry.sequence).collect();
    assert_eq!(sequences, (1..=67).collect::<Vec<_>>());
    assert_eq!(claimed.catalog.summary().await.unwrap().secrets, 67);
}

#[tokio::test]
async fn a_caller_that_goes_away_holds_nobody_up() {
    let (_directory, path) = place();
    let claimed = claimed(&path).await;
    let gone = claimed.create("gone", false, b"x");
    {
        let commit = claimed.catalog.commit(&gone);
        // Polled once, so that it waits in the queue, and then dropped.
        futures::pin_mut!(commit);
        assert!(futures::poll!(commit.as_mut()).is_pending());
    }
    claimed.created("after", b"y").await;
    let names = ["gone", "after"].map(|name| {
        let name = strongroom_core::SecretName::new(name).unwrap();
        Lookup::Name(NameKey::new(&name, false, claimed.owner))
    });
    assert!(claimed.catalog.current(&names).await.unwrap().iter().all(Option::is_some));
}

#[test]
fn a_catalog_lives_as_long_as_the_runtime_that_it_was_opened_on() {
    let (_directory, path) = place();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let claimed = first.block_on(claimed(&path));
    drop(first);
    let create = claimed.create("db", false, b"x");
    let error = runtime().block_on(claimed.catalog.commit(&create)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_write_the_same_file() {
    let (_directory, path) = place();
    let one = Arc::new(claimed(&path).await);
    let two = Arc::new(claimed(&path).await);
    let writers = (0..60).map(|i| {
        let of = Arc::clone(if i % 2 == 0 { &one } else { &two });
        tokio::spawn(async move {
            let row = done(of.catalog.commit(&of.create(&format!("s{i}"), false, b"x")).await.unwrap());
            done(of.catalog.commit(&of.update(&row, b"y")).await.unwrap())
        })
    });
    for outcome in futures::future::join_all(writers).await {
        assert_eq!(outcome.unwrap().meta.revision.0, 2);
    }
    assert_eq!(one.catalog.summary().await.unwrap().audit_entries, 120);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: cargo xtask bench"]
#[allow(clippy::print_stderr, reason = "the number is what it is for")]
async fn creates_per_second() {
    let (_directory, path) = place();
    let claimed = Arc::new(claimed(&path).await);
    let start = Instant::now();
    let (tasks, each) = (64, 100);
    let writers = (0..tasks).map(|task| {
        let claimed = Arc::clone(&claimed);
        tokio::spawn(async move {
            for i in 0..each {
                done(
                    claimed
                        .catalog
                        .commit(&claimed.create(&format!("{task}/{i}"), false, &[7; 300]))
                        .await
                        .unwrap(),
                );
            }
        })
    });
    futures::future::join_all(writers).await;
    let rate = f64::from(tasks * each) / start.elapsed().as_secs_f64();
    eprintln!("{rate:.0} durable creates a second");
    // Without shared commits a disk that syncs 400 times a second would allow no more than that.
    assert!(rate > 800.0, "{rate:.0} creates a second");
}
