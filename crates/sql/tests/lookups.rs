//! Lookups that share a transaction, in a SQLite file.
#![cfg(feature = "sqlite")]

mod common;

use common::{claimed, place};
use futures::FutureExt as _;
use std::{sync::Arc, time::Duration};
use strongroom_core::{ErrorKind, SecretId};
use strongroom_engine::{Catalog, Lookup, NameKey};
use tokio::time::timeout;
use uuid::Uuid;

/// Whoever waits as long waits for ever.
const EVER: Duration = Duration::from_secs(30);

#[tokio::test]
async fn nobody_waits_for_those_who_stopped_asking() {
    let (_directory, path) = place();
    let claimed = claimed(&path).await;
    let row = claimed.created("db", b"x").await;
    let which = [Lookup::Id(row.meta.id)];
    for gone in [1, 31, 32, 33, 1000] {
        let mut asked: Vec<_> = (0..gone).map(|_| claimed.catalog.current(&which)).collect();
        for one in &mut asked {
            assert!(one.now_or_never().is_none(), "answered before others could ask");
        }
        drop(asked);
        let found = timeout(EVER, claimed.catalog.current(&which)).await.expect("an answer").unwrap();
        assert_eq!(found[0].as_ref().unwrap().meta.id, row.meta.id);
    }
}

#[tokio::test]
async fn nobody_waits_for_those_who_do_not_come_back() {
    let (_directory, path) = place();
    let claimed = claimed(&path).await;
    let row = claimed.created("db", b"x").await;
    let which = [Lookup::Id(row.meta.id)];
    let mut asked: Vec<_> = (0..100).map(|_| claimed.catalog.current(&which)).collect();
    for one in &mut asked {
        assert!(one.now_or_never().is_none());
    }
    let found = timeout(EVER, claimed.catalog.current(&which)).await.expect("an answer").unwrap();
    assert!(found[0].is_some());
    // And they find their own answers, or ask for them, when they do.
    for one in asked {
        assert!(timeout(EVER, one).await.expect("an answer").unwrap()[0].is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everybody_is_answered_while_others_go_away() {
    let (_directory, path) = place();
    let claimed = Arc::new(claimed(&path).await);
    let row = claimed.created("db", b"x").await;
    let askers = (0..64).map(|asker: u32| {
        let (claimed, id, name) = (Arc::clone(&claimed), row.meta.id, NameKey::of(&row.meta));
        tokio::spawn(async move {
            let several = [Lookup::Id(id), Lookup::Id(SecretId(Uuid::new_v4())), Lookup::Name(name.clone())];
            for round in 0..100 {
                let which = &several[..1 + round as usize % 3];
                let mut asked = claimed.catalog.current(which);
                if (asker + round).is_multiple_of(5) {
                    assert!((&mut asked).now_or_never().is_none());
                    continue;
                }
                let found = timeout(EVER, asked).await.expect("an answer").unwrap();
                let seen: Vec<bool> = found.iter().map(Option::is_some).collect();
                assert_eq!(seen, [true, false, true][..which.len()]);
            }
        })
    });
    for asker in askers.collect::<Vec<_>>() {
        asker.await.unwrap();
    }
}

#[tokio::test]
async fn more_than_share_a_transaction_are_found_as_well() {
    let (_directory, path) = place();
    let claimed = claimed(&path).await;
    let row = claimed.created("db", b"x").await;
    for many in [31, 32, 33, 500] {
        let found = claimed.catalog.current(&vec![Lookup::Id(row.meta.id); many]).await.unwrap();
        assert_eq!(found.iter().flatten().count(), many);
        let stamps = claimed.catalog.stamps(&vec![row.meta.id; many]).await.unwrap();
        assert_eq!(stamps.iter().flatten().count(), many);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_close_lets_nobody_wait_and_leaves_no_log() {
    let (directory, path) = place();
    let claimed = Arc::new(claimed(&path).await);
    let row = claimed.created("db", b"x").await;
    let askers: Vec<_> = (0..16)
        .map(|_| {
            let (claimed, id) = (Arc::clone(&claimed), row.meta.id);
            tokio::spawn(async move {
                let which = [Lookup::Id(id)];
                loop {
                    let asked = claimed.catalog.current(&which);
                    if let Err(error) = timeout(EVER, asked).await.expect("an answer") {
                        return error;
                    }
                }
            })
        })
        .collect();
    timeout(EVER, claimed.catalog.close()).await.expect("an end").unwrap();
    for asker in askers {
        assert_eq!(asker.await.unwrap().kind(), ErrorKind::Unavailable);
    }
    assert!(!directory.path().join("strongroom.db-wal").exists());
}
