//! Deleting.

use super::{
    CatalogSubject,
    fixture::{Fixture, LONG, answered, object_of, store},
};
use crate::{Broken, together};
use strongroom_core::{ObjectId, Revision};
use strongroom_engine::{Begun, Committed, Debris, Delete, Deleted, Lookup, NameKey, Refusal, Settled};
use uuid::Uuid;

cases! {
    macro __catalog_deletes in catalog, deletes; subject CatalogSubject;

    /// A deleted secret is gone with its versions, and its name is free at once.
    async fn a_deleted_secret_is_gone(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.done(&fx.writing(&fx.create("a").await?)).await?;
        let id = row.meta.id;
        let Deleted::Done(rows) = fx.catalog.delete(&fx.deletion(&row)).await? else {
            return Err(Broken("it was not deleted".into()));
        };
        ensure!(
            rows.is_empty() && fx.pending().await?.is_empty(),
            "inline values leave nothing to remove: {rows:?}"
        );
        let by_name = Lookup::Name(NameKey::of(&row.meta));
        let read = fx.catalog.current(&[Lookup::Id(id), by_name]).await?;
        ensure!(read.iter().all(Option::is_none), "it can be read");
        ensure!(fx.catalog.version(id, Revision(9)).await?.is_none(), "a version can be read");
        ensure!(
            fx.catalog.history(id).await?.is_none() && fx.catalog.stamps(&[id]).await? == [None],
            "it is there"
        );
        fx.create("a").await?;
        Ok(())
    }

    /// Each object of a deleted secret is left in one garbage row, claimed by the caller.
    async fn its_objects_are_left_claimed(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.write_external(&fx.create_external("a").await?, "2").await?;
        let Deleted::Done(rows) = fx.catalog.delete(&fx.deletion(&row)).await? else {
            return Err(Broken("it was not deleted".into()));
        };
        let [left] = rows.as_slice() else { return Err(Broken(format!("{} rows", rows.len()))) };
        ensure!(
            left.object == object_of(&row) && left.store == store() && left.debris == Debris::Object,
            "{left:?}"
        );
        ensure!(left.secret == row.meta.id && !left.locked, "{left:?}");
        ensure!(left.claimed.is_some() && left.due == left.born.plus(LONG), "it is not claimed: {left:?}");
        ensure!(fx.pending().await? == rows, "the rows were answered differently from what they are");
        ensure!(fx.catalog.claim(10, LONG, false).await?.is_empty(), "somebody else may claim it");
        ensure!(fx.catalog.settle(left, Settled::Drop).await?, "the caller cannot settle it");
        ensure!(fx.pending().await?.is_empty(), "it is still there");
        Ok(())
    }

    /// Versions in several objects leave a row for each object; inline ones leave none.
    async fn each_object_is_left_once(s) {
        let fx = Fixture::open(s).await?;
        let one = fx.write_external(&fx.create_external("a").await?, "2").await?;
        let attempt = fx.attempt(one.meta.id, Some(one.version.uid), ObjectId(Uuid::new_v4()));
        fx.begun(&attempt).await?;
        let mut commit = fx.edit(&one);
        fx.attach(&mut commit, &attempt, "1");
        let two = fx.done(&commit).await?;
        let three = fx.done(&fx.writing(&two)).await?;
        let Deleted::Done(rows) = fx.catalog.delete(&fx.deletion(&three)).await? else {
            return Err(Broken("it was not deleted".into()));
        };
        let mut objects: Vec<_> = rows.iter().map(|row| row.object).collect();
        objects.sort_unstable();
        let mut wanted = vec![object_of(&one), attempt.object];
        wanted.sort_unstable();
        ensure!(objects == wanted, "{} rows for two objects", rows.len());
        Ok(())
    }

    /// An open attempt on a deleted secret is fenced: due and reborn, and it cannot commit.
    async fn its_attempts_are_fenced(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let attempt = fx.again(&row);
        fx.begun(&attempt).await?;
        fx.catalog.delete(&fx.deletion(&row)).await?;
        let rows = fx.pending().await?;
        let Some(fenced) = rows.iter().find(|row| row.uid == attempt.uid) else {
            return Err(Broken("nothing explains what it may still write".into()));
        };
        ensure!(!fenced.locked && fenced.due == fenced.born && fenced.claimed.is_none(), "{fenced:?}");
        let mut commit = fx.edit(&row);
        fx.attach(&mut commit, &attempt, "2");
        answered!(fx.catalog.commit(&commit).await?, Committed::Fenced | Committed::Refused(_), "its commit");
        answered!(fx.catalog.begin(&attempt).await?, Begun::Fenced, "the same attempt again");
        let another = fx.again(&row);
        answered!(fx.catalog.begin(&another).await?, Begun::Gone, "another attempt");
        ensure!(fx.row(row.meta.id).await?.is_none(), "it is there again");
        Ok(())
    }

    /// With doubt, a deletion that had committed is found by its id; without, there is nothing to delete.
    async fn a_doubtful_deletion_is_found(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let delete = fx.deletion(&row);
        fx.catalog.delete(&delete).await?;
        let again = fx.catalog.delete(&Delete { doubt: true, ..delete.clone() }).await?;
        ensure!(matches!(again, Deleted::Before), "again it was {again:?}");
        let another = fx.catalog.delete(&Delete { doubt: true, ..fx.deletion(&row) }).await?;
        ensure!(matches!(another, Deleted::Refused(Refusal::NotFound)), "another one was {another:?}");
        ensure!(fx.log().await?.len() == 2, "it is in the log twice");
        Ok(())
    }

    /// With doubt, a deletion that had not committed is done.
    async fn a_doubtful_deletion_that_was_lost_is_done(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let deleted = fx.catalog.delete(&Delete { doubt: true, ..fx.deletion(&row) }).await?;
        ensure!(matches!(deleted, Deleted::Done(_)), "it was {deleted:?}");
        Ok(())
    }

    /// Of racing deletions one succeeds; the others find nothing.
    async fn of_racing_deletions_one_succeeds(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let answers = together((0..16).map(|_| {
            let (delete, catalog) = (fx.deletion(&row), fx.catalog.clone());
            async move { catalog.delete(&delete).await }
        }))
        .await?;
        let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        let done = answers.iter().filter(|answer| matches!(answer, Deleted::Done(_))).count();
        let missed = answers.iter().filter(|a| matches!(a, Deleted::Refused(Refusal::NotFound))).count();
        ensure!(done == 1 && missed == 15, "{done} succeeded and {missed} found nothing");
        ensure!(fx.pending().await?.len() == 1, "{} rows are left", fx.pending().await?.len());
        Ok(())
    }

    /// A deletion that races with a change comes before or after it, and the secret is gone.
    async fn a_deletion_races_with_changes(s) {
        let fx = Fixture::open(s).await?;
        for n in 0..4 {
            let row = fx.create(&format!("secret {n}")).await?;
            let (edits, catalog) = ([fx.edit(&row), fx.edit(&row), fx.edit(&row)], fx.catalog.clone());
            let changing = tokio::spawn(async move {
                for edit in edits {
                    catalog.commit(&edit).await?;
                }
                Ok::<_, strongroom_core::Error>(())
            });
            let deleted = fx.catalog.delete(&fx.deletion(&row)).await?;
            changing.await.map_err(|_| Broken("a change panicked".into()))??;
            ensure!(matches!(deleted, Deleted::Done(_)), "the deletion was {deleted:?}");
            ensure!(fx.row(row.meta.id).await?.is_none(), "it is still there");
        }
        Ok(())
    }
}
