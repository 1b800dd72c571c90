//! Attempts and their locks.

use super::{
    CatalogSubject,
    fixture::{Fixture, LONG, OVER, SHORT, answered, object_of},
};
use crate::together;
use strongroom_core::{ObjectId, SecretId, VersionRef, VersionUid};
use strongroom_engine::{Attempt, Begun, Committed, Debris, NewVersionRow, Rehome, Rehomed};
use uuid::Uuid;

/// An attempt to write the first version of a secret.
fn first(fx: &Fixture) -> Attempt {
    fx.attempt(SecretId(Uuid::new_v4()), None, ObjectId(Uuid::new_v4()))
}

cases! {
    macro __catalog_attempts in catalog, attempts; subject CatalogSubject;

    /// An attempt leaves a row that says everything about it before the first call.
    async fn begin_records_the_attempt(s) {
        let fx = Fixture::open(s).await?;
        let attempt = first(&fx);
        fx.begun(&attempt).await?;
        let rows = fx.pending().await?;
        let [row] = rows.as_slice() else { return Err(crate::Broken(format!("{} rows", rows.len()))) };
        ensure!(
            row.uid == attempt.uid && row.version == attempt.version && row.secret == attempt.secret,
            "{row:?}"
        );
        ensure!(row.locked && row.attempted && row.debris == Debris::Unknown, "{row:?}");
        ensure!(
            row.store == attempt.store && row.object == attempt.object && row.key == attempt.key,
            "{row:?}"
        );
        ensure!(row.digest.as_ref() == Some(&attempt.digest) && row.claimed.is_none(), "{row:?}");
        ensure!(row.due == row.born.plus(LONG), "the lease is {:?}", row.due.since(row.born));
        Ok(())
    }

    /// Another attempt on the same secret is busy, on another one it is not.
    async fn one_attempt_a_secret_is_open(s) {
        let fx = Fixture::open(s).await?;
        let one = first(&fx);
        fx.begun(&one).await?;
        let two = fx.attempt(one.secret, None, ObjectId(Uuid::new_v4()));
        answered!(fx.catalog.begin(&two).await?, Begun::Busy, "a second attempt");
        fx.begun(&first(&fx)).await?;
        ensure!(fx.pending().await?.len() == 2, "the busy one left a row");
        Ok(())
    }

    /// The same attempt again is answered by what became of it: open while it has the lock.
    async fn the_same_attempt_again_is_open(s) {
        let fx = Fixture::open(s).await?;
        let attempt = first(&fx);
        fx.begun(&attempt).await?;
        fx.begun(&attempt).await?;
        ensure!(fx.pending().await?.len() == 1, "it left a second row");
        Ok(())
    }

    /// An attempt on values that are not current any more is stale; on a secret that is not there, gone.
    async fn the_base_must_be_current(s) {
        let fx = Fixture::open(s).await?;
        let one = fx.create_external("a").await?;
        let two = fx.write_external(&one, "2").await?;
        let stale = fx.again(&one);
        answered!(fx.catalog.begin(&stale).await?, Begun::Stale, "an attempt on old values");
        let gone = fx.attempt(SecretId(Uuid::new_v4()), Some(one.version.uid), object_of(&one));
        answered!(fx.catalog.begin(&gone).await?, Begun::Gone, "an attempt on nothing");
        ensure!(fx.pending().await?.is_empty(), "they left rows");
        // A rename moves no values.
        let renamed = fx.done(&fx.renaming(&two, "b")?).await?;
        fx.begun(&fx.again(&renamed)).await
    }

    /// An attempt on an object that no version of the secret is in any more is stale: it may be deleted at
    /// any time.
    async fn the_object_must_be_fresh_or_named(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let unnamed = Attempt { object: ObjectId(Uuid::new_v4()), ..fx.again(&row) };
        answered!(
            fx.catalog.begin(&unnamed).await?,
            Begun::Stale,
            "an attempt on an object that is not named"
        );
        let others = Attempt { object: object_of(&fx.create_external("b").await?), ..fx.again(&row) };
        answered!(fx.catalog.begin(&others).await?, Begun::Stale, "an attempt on another secret's object");
        // The version moves out of it, and is current as before.
        let to = NewVersionRow { uid: row.version.uid, ..fx.inline() };
        let (secret, from) = (row.meta.id, row.version.place.clone());
        let rehome = Rehome { secret, from, to, attempt: None, twin: false, labelled: None, grace: LONG };
        ensure!(fx.catalog.rehome(&rehome).await? == Rehomed::Done, "the version cannot be moved");
        answered!(
            fx.catalog.begin(&fx.again(&row)).await?,
            Begun::Stale,
            "an attempt on an object that was left"
        );
        ensure!(fx.pending().await?.iter().all(|left| !left.locked), "one of them has the lock");
        fx.begun(&fx.attempt(secret, Some(row.version.uid), ObjectId(Uuid::new_v4()))).await
    }

    /// A lock whose lease ran out is fenced and taken: its row is due and reborn, and what it did cannot
    /// commit.
    async fn an_overdue_lock_is_fenced_and_taken(s) {
        let fx = Fixture::open(s).await?;
        let mut commit = fx.creation("a", false, fx.owner)?;
        let slow = Attempt { lease: SHORT, ..fx.attempt(commit.secret, None, ObjectId(Uuid::new_v4())) };
        fx.begun(&slow).await?;
        let born = fx.pending().await?[0].born;
        s.sleep(OVER).await;
        let quick = fx.attempt(commit.secret, None, ObjectId(Uuid::new_v4()));
        fx.begun(&quick).await?;
        let rows = fx.pending().await?;
        let Some(row) = rows.iter().find(|row| row.uid == slow.uid) else {
            return Err(crate::Broken("the fenced attempt's row is gone".into()));
        };
        ensure!(!row.locked && row.claimed.is_none() && row.debris == Debris::Unknown, "{row:?}");
        ensure!(row.born >= born.plus(SHORT) && row.due == row.born, "it is not due and reborn: {row:?}");
        answered!(fx.catalog.begin(&slow).await?, Begun::Fenced, "the fenced attempt");
        let mut late = commit.clone();
        fx.attach(&mut late, &slow, "1");
        answered!(fx.catalog.commit(&late).await?, Committed::Fenced, "the fenced attempt's commit");
        ensure!(fx.row(commit.secret).await?.is_none() && fx.log().await?.is_empty(), "it changed something");
        fx.attach(&mut commit, &quick, "2");
        fx.done(&commit).await?;
        Ok(())
    }

    /// An overdue attempt that nobody fenced may still commit.
    async fn an_overdue_lock_that_nobody_took_commits(s) {
        let fx = Fixture::open(s).await?;
        let mut commit = fx.creation("a", false, fx.owner)?;
        let slow = Attempt { lease: SHORT, ..fx.attempt(commit.secret, None, ObjectId(Uuid::new_v4())) };
        fx.begun(&slow).await?;
        s.sleep(OVER).await;
        fx.attach(&mut commit, &slow, "1");
        fx.done(&commit).await?;
        Ok(())
    }

    /// Of 32 attempts at the same time one gets the lock.
    async fn of_racing_attempts_one_is_open(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let answers = together((0..32).map(|_| {
            let attempt = fx.again(&row);
            let catalog = fx.catalog.clone();
            async move { catalog.begin(&attempt).await }
        }))
        .await?;
        let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        let open = answers.iter().filter(|begun| **begun == Begun::Open).count();
        let busy = answers.iter().filter(|begun| **begun == Begun::Busy).count();
        ensure!(open == 1 && busy == 31, "{open} are open and {busy} busy");
        ensure!(fx.pending().await?.len() == 1, "there are {} rows", fx.pending().await?.len());
        Ok(())
    }

    /// Of 32 that take over an overdue lock at the same time one gets it.
    async fn of_racing_takeovers_one_is_open(s) {
        let fx = Fixture::open(s).await?;
        let slow = Attempt { lease: SHORT, ..first(&fx) };
        fx.begun(&slow).await?;
        s.sleep(OVER).await;
        let answers = together((0..32).map(|_| {
            let (attempt, catalog) =
                (fx.attempt(slow.secret, None, ObjectId(Uuid::new_v4())), fx.catalog.clone());
            async move { catalog.begin(&attempt).await }
        }))
        .await?;
        let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        let open = answers.iter().filter(|begun| **begun == Begun::Open).count();
        ensure!(open == 1, "{open} are open");
        let locked = fx.pending().await?.iter().filter(|row| row.locked).count();
        ensure!(locked == 1, "{locked} rows have the lock");
        Ok(())
    }

    /// Locks whose lease is over are taken away, and counted; the others stay.
    async fn overdue_locks_are_fenced(s) {
        let fx = Fixture::open(s).await?;
        let stays = first(&fx);
        fx.begun(&stays).await?;
        for _ in 0..3 {
            fx.begun(&Attempt { lease: SHORT, ..first(&fx) }).await?;
        }
        s.sleep(OVER).await;
        let fenced = fx.catalog.fence_overdue(false).await?;
        ensure!(fenced == 3, "{fenced} of 3 were fenced");
        ensure!(fx.catalog.fence_overdue(false).await? == 0, "they were fenced twice");
        for row in fx.pending().await? {
            ensure!(row.locked == (row.uid == stays.uid), "{row:?}");
            ensure!(
                row.locked || (row.due == row.born && row.claimed.is_none()),
                "not due and reborn: {row:?}"
            );
        }
        let claimed = fx.catalog.claim(10, LONG, false).await?;
        ensure!(claimed.len() == 3, "{} are due", claimed.len());
        Ok(())
    }

    /// All locks are taken away where that is asked for, over or not.
    async fn all_locks_are_fenced_if_asked_for(s) {
        let fx = Fixture::open(s).await?;
        let attempt = first(&fx);
        fx.begun(&attempt).await?;
        fx.begun(&first(&fx)).await?;
        ensure!(fx.catalog.fence_overdue(false).await? == 0, "a lock was taken whose lease is not over");
        ensure!(fx.catalog.fence_overdue(true).await? == 2, "not all were taken");
        ensure!(
            fx.pending().await?.iter().all(|row| !row.locked && row.due == row.born),
            "not due and reborn"
        );
        answered!(fx.catalog.begin(&attempt).await?, Begun::Fenced, "the same attempt again");
        ensure!(fx.catalog.claim(10, LONG, false).await?.len() == 2, "they are not due");
        Ok(())
    }

    /// An attempt that is abandoned gives the lock back; its row stays, claimed by the caller.
    async fn an_abandoned_attempt_gives_the_lock_back(s) {
        let fx = Fixture::open(s).await?;
        let attempt = first(&fx);
        fx.begun(&attempt).await?;
        let born = fx.pending().await?[0].born;
        let Some(row) = fx.catalog.abandon(attempt.uid, None, LONG).await? else {
            return Err(crate::Broken("its row is gone".into()));
        };
        ensure!(!row.locked && row.debris == Debris::Unknown && row.born >= born, "{row:?}");
        ensure!(
            row.claimed == Some(row.born) && row.due == row.born.plus(LONG),
            "it is not claimed: {row:?}"
        );
        ensure!(fx.pending().await? == [row], "the row was answered differently from what it is");
        ensure!(fx.catalog.claim(10, LONG, false).await?.is_empty(), "somebody else may claim it");
        answered!(fx.catalog.begin(&attempt).await?, Begun::Fenced, "the same attempt again");
        fx.begun(&fx.attempt(attempt.secret, None, ObjectId(Uuid::new_v4()))).await
    }

    /// An abandoned attempt says which version it wrote, where that is known, and is forgotten once it is
    /// cleaned up.
    async fn an_abandoned_attempt_names_its_version(s) {
        let fx = Fixture::open(s).await?;
        let (attempt, at) = (first(&fx), VersionRef::new("7"));
        fx.begun(&attempt).await?;
        let Some(row) = fx.catalog.abandon(attempt.uid, Some(&at), LONG).await? else {
            return Err(crate::Broken("its row is gone".into()));
        };
        ensure!(row.debris == Debris::Version(at) && row.object == attempt.object, "{row:?}");
        ensure!(fx.pending().await? == [row.clone()], "it was not written down");
        ensure!(fx.catalog.settle(&row, strongroom_engine::Settled::Drop).await?, "it cannot be settled");
        ensure!(fx.catalog.abandon(attempt.uid, None, LONG).await?.is_none(), "it is still there");
        let never = fx.catalog.abandon(VersionUid(Uuid::new_v4()), None, LONG).await?;
        ensure!(never.is_none(), "an attempt that never was is there");
        Ok(())
    }

    /// An abandoned attempt cannot commit.
    async fn an_abandoned_attempt_cannot_commit(s) {
        let fx = Fixture::open(s).await?;
        let mut commit = fx.creation("a", false, fx.owner)?;
        let attempt = fx.attempt(commit.secret, None, ObjectId(Uuid::new_v4()));
        fx.begun(&attempt).await?;
        fx.catalog.abandon(attempt.uid, None, LONG).await?;
        fx.attach(&mut commit, &attempt, "1");
        answered!(fx.catalog.commit(&commit).await?, Committed::Fenced, "its commit");
        ensure!(fx.row(commit.secret).await?.is_none(), "it changed something");
        ensure!(fx.pending().await?.len() == 1, "its row is gone");
        Ok(())
    }
}
