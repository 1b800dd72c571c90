//! Processes that run.

use super::{
    CatalogSubject,
    fixture::{Fixture, LONG, OVER, SHORT, new_key, wrap},
};
use crate::{refused, together};
use futures::future::{BoxFuture, FutureExt};
use strongroom_core::{ErrorKind, Result};
use strongroom_engine::{
    Replica,
    crypto::{KeyKind, RootId},
};
use uuid::Uuid;

fn replica(name: &str, root: RootId) -> Replica {
    Replica { id: Uuid::new_v4(), name: name.to_owned(), root }
}

/// Another root key that opens everything.
async fn second_root(fx: &Fixture) -> Result<RootId, crate::Broken> {
    let second = RootId::from_bytes(Uuid::new_v4().into_bytes());
    let wraps: Vec<_> = fx.keys.values().map(|key| wrap(*key, second)).collect();
    fx.catalog.add_wraps(&wraps).await?;
    Ok(second)
}

/// How often a root key is dropped beside processes that start.
const ROUNDS: usize = 12;
/// How many start at once.
const STARTING: usize = 4;

cases! {
    macro __catalog_replicas in catalog, replicas; subject CatalogSubject;

    /// Those that were announced are listed by name until they are withdrawn; withdrawing twice is no error.
    async fn announced_ones_are_listed(s) {
        let fx = Fixture::open(s).await?;
        let (b, a) = (replica("b", fx.root), replica("a", fx.root));
        fx.catalog.announce(&b, LONG).await?;
        fx.catalog.announce(&a, LONG).await?;
        fx.catalog.announce(&b, LONG).await?;
        ensure!(fx.catalog.replicas().await? == [a.clone(), b.clone()], "{:?}", fx.catalog.replicas().await?);
        fx.catalog.withdraw(b.id).await?;
        fx.catalog.withdraw(b.id).await?;
        ensure!(fx.catalog.replicas().await? == [a], "{:?}", fx.catalog.replicas().await?);
        Ok(())
    }

    /// One that does not say again that it runs is taken to be gone when its time is over, and can come back.
    async fn silent_ones_are_gone(s) {
        let fx = Fixture::open(s).await?;
        let (silent, other) = (replica("silent", fx.root), replica("other", fx.root));
        fx.catalog.announce(&silent, SHORT).await?;
        s.sleep(OVER).await;
        ensure!(fx.catalog.replicas().await?.is_empty(), "{:?}", fx.catalog.replicas().await?);
        fx.catalog.announce(&other, LONG).await?;
        fx.catalog.announce(&silent, LONG).await?;
        ensure!(fx.catalog.replicas().await? == [other, silent], "{:?}", fx.catalog.replicas().await?);
        Ok(())
    }

    /// One that is noted until longer from now than any can say does not run, and holds nothing back: its clock was ahead.
    async fn ones_of_the_future_are_gone(s) {
        let fx = Fixture::open(s).await?;
        let second = second_root(&fx).await?;
        let (ahead, other) = (replica("ahead", fx.root), replica("other", second));
        fx.catalog.announce(&ahead, Replica::LONGEST * 40).await?;
        ensure!(fx.catalog.replicas().await?.is_empty(), "{:?}", fx.catalog.replicas().await?);
        fx.catalog.announce(&other, LONG).await?;
        ensure!(fx.catalog.drop_wraps(fx.root, false).await? == 5, "it was not dropped");
        ensure!(fx.catalog.replicas().await? == [other], "{:?}", fx.catalog.replicas().await?);
        Ok(())
    }

    /// A root key that a running replica was opened with is not dropped, unless forced; that of one that is gone is.
    async fn a_root_in_use_stays(s) {
        let fx = Fixture::open(s).await?;
        second_root(&fx).await?;
        let user = replica("the user", fx.root);
        fx.catalog.announce(&user, LONG).await?;
        let Err(error) = fx.catalog.drop_wraps(fx.root, false).await else {
            return Err(crate::Broken("it was dropped though a replica needs it".into()));
        };
        ensure!(error.kind() == ErrorKind::Conflict && error.to_string().contains("the user"), "{error}");
        ensure!(fx.catalog.keys().await?.wraps.len() == 10, "something was dropped");
        ensure!(fx.catalog.drop_wraps(fx.root, true).await? == 5, "it was not dropped though forced");
        Ok(())
    }

    /// The root key of a replica that is gone, or of none, is dropped.
    async fn a_root_that_nobody_uses_is_dropped(s) {
        let fx = Fixture::open(s).await?;
        let second = second_root(&fx).await?;
        let (gone, other) = (replica("gone", fx.root), replica("other", second));
        fx.catalog.announce(&gone, LONG).await?;
        fx.catalog.announce(&other, LONG).await?;
        fx.catalog.withdraw(gone.id).await?;
        ensure!(fx.catalog.drop_wraps(fx.root, false).await? == 5, "it was not dropped");
        Ok(())
    }

    /// One whose root key does not open every key is not announced, and one that was before is so no longer than it said.
    async fn a_root_that_opens_not_all_is_refused(s) {
        let fx = Fixture::open(s).await?;
        let second = second_root(&fx).await?;
        let (old, new) = (replica("old", fx.root), replica("new", second));
        fx.catalog.announce(&old, SHORT).await?;
        fx.catalog.drop_wraps(fx.root, true).await?;
        refused(fx.catalog.announce(&old, LONG).await, ErrorKind::ConfigInvalid, "announcing without a key")?;
        fx.catalog.announce(&new, LONG).await?;
        s.sleep(OVER).await;
        ensure!(fx.catalog.replicas().await? == [new], "{:?}", fx.catalog.replicas().await?);
        Ok(())
    }

    /// Of replicas that start while another process drops their root key, either all are seen, and the root key stays, or
    /// it is dropped, and none of them is announced.
    async fn a_root_is_dropped_or_used(s) {
        let fx = Fixture::open(s).await?;
        second_root(&fx).await?;
        let ours: Vec<_> = fx.keys.values().map(|key| wrap(*key, fx.root)).collect();
        for round in 0..ROUNDS {
            let starting: Vec<_> =
                (0..STARTING).map(|n| replica(&format!("{round}-{n}"), fx.root)).collect();
            let mut calls: Vec<BoxFuture<'static, Result<u64>>> = Vec::new();
            for one in starting.clone() {
                let catalog = fx.catalog.clone();
                calls.push(async move { catalog.announce(&one, LONG).await.map(|()| 0) }.boxed());
            }
            let (catalog, root) = (fx.catalog.clone(), fx.root);
            // In the middle, so that some come before it and some after.
            calls.insert(round % (STARTING + 1), async move { catalog.drop_wraps(root, false).await }.boxed());
            let mut answers = together(calls).await?;
            let dropped = answers.remove(round % (STARTING + 1));
            let left = fx.catalog.keys().await?.wraps.iter().filter(|wrap| wrap.root == fx.root).count();
            let running = fx.catalog.replicas().await?.len();
            match dropped {
                Ok(count) => {
                    ensure!(count == 5 && left == 0, "{count} of 5 were dropped, {left} are left");
                    ensure!(running == 0, "{running} run with a root key that was dropped");
                    for answer in answers {
                        refused(answer, ErrorKind::ConfigInvalid, "announcing with a dropped root key")?;
                    }
                }
                Err(error) => {
                    ensure!(error.kind() == ErrorKind::Conflict, "{error}");
                    ensure!(left == 5, "the root key was not to be dropped, but {left} of 5 are left");
                    ensure!(
                        answers.iter().all(|answer| answer.is_ok()) && running == STARTING,
                        "{running} run: {answers:?}"
                    );
                }
            }
            for one in starting {
                fx.catalog.withdraw(one.id).await?;
            }
            fx.catalog.add_wraps(&ours).await?;
        }
        Ok(())
    }

    /// A key that a running replica could not unwrap is not added, unless forced.
    async fn a_key_for_all_or_none(s) {
        let fx = Fixture::open(s).await?;
        let second = second_root(&fx).await?;
        fx.catalog.announce(&replica("the other", second), LONG).await?;
        fx.catalog.announce(&replica("ours", fx.root), LONG).await?;
        let key = new_key(KeyKind::Seal);
        let Err(error) = fx.catalog.add_key(&key, &[wrap(key.id, fx.root)], false).await else {
            return Err(crate::Broken("a key was added that a replica cannot unwrap".into()));
        };
        let text = error.to_string();
        ensure!(error.kind() == ErrorKind::Conflict && text.contains("the other") && !text.contains("ours"), "{text}");
        ensure!(fx.catalog.keys().await?.keys.len() == 5, "it was added nevertheless");
        fx.catalog.add_key(&key, &[wrap(key.id, fx.root), wrap(key.id, second)], false).await?;
        let another = new_key(KeyKind::Seal);
        fx.catalog.add_key(&another, &[wrap(another.id, fx.root)], true).await?;
        ensure!(fx.catalog.keys().await?.keys.len() == 7, "one is missing");
        Ok(())
    }

    /// A key that no root key could open together with the others is not added, not even by force: nobody could open the
    /// database any more.
    async fn a_key_that_would_lock_everybody_out(s) {
        let fx = Fixture::open(s).await?;
        let second = second_root(&fx).await?;
        // As if somebody had begun to add one, while somebody else dropped the root key that they were opened with.
        fx.catalog.drop_wraps(fx.root, false).await?;
        for force in [false, true] {
            let key = new_key(KeyKind::Seal);
            let added = fx.catalog.add_key(&key, &[wrap(key.id, fx.root)], force).await;
            refused(added, ErrorKind::ConfigInvalid, "adding a key that the others' root key does not open")?;
        }
        ensure!(fx.catalog.keys().await?.keys.len() == 5, "it was added nevertheless");
        let key = new_key(KeyKind::Seal);
        fx.catalog.add_key(&key, &[wrap(key.id, fx.root), wrap(key.id, second)], false).await?;
        Ok(())
    }
}
