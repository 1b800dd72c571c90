//! Reads that share a statement, of which one never ends or panics.

use futures::{FutureExt as _, future::BoxFuture, pin_mut};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use strongroom_core::{Error, ErrorKind, Result};
use strongroom_engine::Batch;
use strongroom_testkit::TestEnv;

/// The first statement never ends, the others answer with their keys. It keeps something for as long as it runs.
fn stuck(env: &TestEnv, held: &Arc<()>) -> Batch<u8, u8> {
    let (held, asked) = (Arc::downgrade(held), AtomicUsize::new(0));
    Batch::new(Arc::new(env.clone()), move |keys: Vec<u8>| -> BoxFuture<'static, Result<Vec<u8>>> {
        if asked.fetch_add(1, Ordering::Relaxed) > 0 {
            return async { Ok(keys) }.boxed();
        }
        let held = held.upgrade();
        async move {
            std::future::pending::<()>().await;
            drop(held);
            Ok(keys)
        }
        .boxed()
    })
}

#[test]
fn a_statement_ends_with_those_who_wait_for_it() {
    let (env, held) = (TestEnv::new(1), Arc::new(()));
    let batch = stuck(&env, &held);
    {
        let (first, second) = (batch.read(&[1]), batch.read(&[2]));
        pin_mut!(first, second);
        assert!(first.as_mut().now_or_never().is_none());
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(Arc::strong_count(&held), 2);
    }
    assert_eq!(Arc::strong_count(&held), 1, "nobody waits, and it goes on");
    assert_eq!(batch.read(&[3]).now_or_never().unwrap().unwrap(), [3], "nothing is in the way any more");
}

#[test]
fn whoever_waits_behind_a_statement_that_does_not_end_is_answered_all_the_same() {
    let (env, held) = (TestEnv::new(1), Arc::new(()));
    let batch = stuck(&env, &held);
    let (first, second) = (batch.read(&[1]), batch.read(&[2]));
    pin_mut!(first, second);
    assert!(first.as_mut().now_or_never().is_none());
    assert!(second.as_mut().now_or_never().is_none(), "it waits for the one before");
    env.advance(Duration::from_secs(5));
    assert_eq!(second.as_mut().now_or_never().unwrap().unwrap(), [2]);
    assert!(first.as_mut().now_or_never().is_none());
    assert_eq!(batch.read(&[3]).now_or_never().unwrap().unwrap(), [3], "and nobody waits for it again");
}

#[test]
fn a_statement_that_panics_fails_for_those_who_share_it_alone() {
    let asked = AtomicUsize::new(0);
    let batch = Batch::new(Arc::new(TestEnv::new(1)), move |keys: Vec<u8>| {
        let panics = asked.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            futures::pending!();
            assert!(!panics, "on purpose");
            Ok(keys)
        }
        .boxed()
    });
    let (first, second) = (batch.read(&[1]), batch.read(&[2]));
    pin_mut!(first, second);
    assert!(first.as_mut().now_or_never().is_none());
    assert!(second.as_mut().now_or_never().is_none(), "its own statement has begun");
    assert_eq!(first.as_mut().now_or_never().unwrap().unwrap_err().kind(), ErrorKind::Unexpected);
    assert_eq!(second.as_mut().now_or_never().unwrap().unwrap(), [2]);
}

#[tokio::test]
async fn what_is_damaged_fails_for_those_alone_who_asked_for_it() {
    let batch = Batch::new(Arc::new(TestEnv::new(1)), |keys: Vec<u8>| {
        async move {
            tokio::task::yield_now().await;
            if keys.contains(&2) {
                return Err(Error::new(ErrorKind::Corrupt, "a damaged row"));
            }
            Ok(keys)
        }
        .boxed()
    });
    // The others share the statement that comes after the first.
    let reads = [1, 2, 3, 4].map(|key| {
        let batch = &batch;
        async move { batch.read(&[key]).await.map_err(|error| error.kind()) }
    });
    let answers = futures::future::join_all(reads).await;
    let [first, damaged, third, fourth] = answers.try_into().unwrap();
    assert_eq!((first, third, fourth), (Ok(vec![1]), Ok(vec![3]), Ok(vec![4])));
    assert_eq!(damaged, Err(ErrorKind::Corrupt));
}
