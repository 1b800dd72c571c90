//! Moving a version to another place.

use super::{
    CatalogSubject,
    fixture::{Fixture, LONG, OVER, SHORT, named, new_key, object_of, wrap},
};
use crate::{Broken, together};
use strongroom_core::{ObjectId, Revision, VersionRef, VersionUid};
use strongroom_engine::{
    Attempt, Commit, Debris, NewVersionRow, Pending, Place, Rehome, Rehomed, Row, crypto::KeyKind,
};
use uuid::Uuid;

/// A move of the current version into the catalog itself.
fn inward(fx: &Fixture, row: &Row) -> Rehome {
    let to = NewVersionRow { uid: row.version.uid, ..fx.inline() };
    let from = row.version.place.clone();
    Rehome { secret: row.meta.id, from, to, attempt: None, twin: false, labelled: None, grace: LONG }
}

/// An open attempt to write a version into a fresh object of another store, and the move that follows. `current`
/// has the current version.
async fn outward(fx: &Fixture, row: &Row, current: &Row) -> Result<(Attempt, Rehome), Broken> {
    let attempt = fx.attempt(row.meta.id, Some(current.version.uid), ObjectId(Uuid::new_v4()));
    let attempt = Attempt { version: row.version.uid, store: named("second"), ..attempt };
    fx.begun(&attempt).await?;
    let place = Place::External { store: named("second"), object: attempt.object, at: VersionRef::new("1") };
    let to = NewVersionRow { place, ..fx.external(row.version.uid, attempt.object, "1") };
    let from = row.version.place.clone();
    let attempted = Some(attempt.uid);
    Ok((
        attempt,
        Rehome {
            secret: row.meta.id,
            from,
            to,
            attempt: attempted,
            twin: false,
            labelled: None,
            grace: LONG,
        },
    ))
}

/// Moves it and requires that everything but the place stays.
async fn moved(fx: &Fixture, row: &Row, rehome: &Rehome) -> Result<Row, Broken> {
    let (before, kept) = (fx.row(row.meta.id).await?, fx.heads(row.meta.id).await?);
    let answer = fx.catalog.rehome(rehome).await?;
    ensure!(answer == Rehomed::Done, "the move was {answer:?}");
    let (Some(before), Some(after)) = (before, fx.row(row.meta.id).await?) else {
        return Err(Broken("the secret is gone".into()));
    };
    ensure!(after.meta == before.meta && after.stamp == before.stamp, "revision or stamp moved: {after:?}");
    ensure!(after.version.uid == before.version.uid, "the current version is another one");
    ensure!(fx.heads(row.meta.id).await? == kept, "there are other versions");
    let found = fx.catalog.version(row.meta.id, row.version.revision).await?;
    let Some(found) = found else { return Err(Broken("the version is gone".into())) };
    let (version, to) = (&found.version, &rehome.to);
    ensure!(version.uid == to.uid && version.place == to.place && version.key == to.key, "it is {version:?}");
    ensure!(version.digest == to.digest && version.size == to.size, "it is {version:?}");
    ensure!(
        version.created == row.version.created && version.revision == row.version.revision,
        "it is {version:?}"
    );
    ensure!(version.visible_to_others == row.version.visible_to_others, "others see it differently");
    Ok(found)
}

/// The one row that is left after a move.
async fn left(fx: &Fixture) -> Result<Pending, Broken> {
    let rows = fx.pending().await?;
    let [row] = rows.as_slice() else { return Err(Broken(format!("{} rows are left", rows.len()))) };
    Ok(row.clone())
}

cases! {
    macro __catalog_moves in catalog, moves; subject CatalogSubject;

    /// An inline version is sealed with another key in one step.
    async fn from_inline_to_inline(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let key = new_key(KeyKind::Seal);
        fx.catalog.add_key(&key, &[wrap(key.id, fx.root)], false).await?;
        let mut rehome = inward(&fx, &row);
        rehome.to.key = Some(key.id);
        moved(&fx, &row, &rehome).await?;
        ensure!(fx.pending().await?.is_empty(), "it left rows");
        Ok(())
    }

    /// An inline version moves to a back-end: its attempt's row goes with the move, the payload goes at once.
    async fn from_inline_to_external(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let (_, rehome) = outward(&fx, &row, &row).await?;
        moved(&fx, &row, &rehome).await?;
        ensure!(fx.pending().await?.is_empty(), "it left rows");
        Ok(())
    }

    /// An external version moves into the catalog: its old place is garbage, due after the grace.
    async fn from_external_to_inline(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        moved(&fx, &row, &inward(&fx, &row)).await?;
        let garbage = left(&fx).await?;
        ensure!(garbage.debris == Debris::Version(VersionRef::new("1")) && !garbage.locked, "{garbage:?}");
        ensure!(garbage.object == object_of(&row) && garbage.version == row.version.uid, "{garbage:?}");
        ensure!(garbage.due == garbage.born.plus(LONG) && garbage.claimed.is_none(), "{garbage:?}");
        ensure!(fx.catalog.claim(10, LONG, false).await?.is_empty(), "it is due before the grace is over");
        Ok(())
    }

    /// An external version moves to another back-end.
    async fn from_external_to_external(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let (attempt, rehome) = outward(&fx, &row, &row).await?;
        moved(&fx, &row, &rehome).await?;
        let garbage = left(&fx).await?;
        ensure!(garbage.uid != attempt.uid && garbage.object == object_of(&row), "{garbage:?}");
        ensure!(garbage.debris == Debris::Version(VersionRef::new("1")), "{garbage:?}");
        Ok(())
    }

    /// A version of the past moves like the current one.
    async fn a_version_of_the_past_moves(s) {
        let fx = Fixture::open(s).await?;
        let one = fx.done(&fx.creation("a", true, fx.owner)?).await?;
        let two = fx.done(&fx.writing(&one)).await?;
        let (_, rehome) = outward(&fx, &one, &two).await?;
        let moved_one = moved(&fx, &one, &rehome).await?;
        moved(&fx, &moved_one, &inward(&fx, &moved_one)).await?;
        let current = fx.row(one.meta.id).await?.map(|row| row.version.place);
        ensure!(current == Some(two.version.place), "the current one moved instead");
        Ok(())
    }

    /// The same move again is done already, also without its attempt, and leaves no second row.
    async fn the_same_move_again_is_done(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let (_, rehome) = outward(&fx, &row, &row).await?;
        moved(&fx, &row, &rehome).await?;
        let again = fx.catalog.rehome(&rehome).await?;
        ensure!(again == Rehomed::Done, "again it was {again:?}");
        left(&fx).await?;
        Ok(())
    }

    /// A version that is somewhere else than expected is not moved.
    async fn a_version_that_is_elsewhere_is_not_moved(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let first = inward(&fx, &row);
        moved(&fx, &row, &first).await?;
        let late = inward(&fx, &row);
        let answer = fx.catalog.rehome(&late).await?;
        ensure!(answer == Rehomed::Moved, "it was {answer:?}");
        let place = fx.row(row.meta.id).await?.map(|row| row.version.place);
        ensure!(place == Some(first.to.place), "it moved nevertheless");
        Ok(())
    }

    /// A version that is not kept any more is not moved, nor one of a secret that is gone.
    async fn a_version_that_is_gone_is_not_moved(s) {
        let fx = Fixture::open(s).await?;
        let one = fx.create("a").await?;
        let two = fx.done(&Commit { history: 1, ..fx.writing(&one) }).await?;
        let answer = fx.catalog.rehome(&inward(&fx, &one)).await?;
        ensure!(answer == Rehomed::Moved, "a version that is not kept was {answer:?}");
        fx.catalog.delete(&fx.deletion(&two)).await?;
        let answer = fx.catalog.rehome(&inward(&fx, &two)).await?;
        ensure!(answer == Rehomed::Moved, "one of a deleted secret was {answer:?}");
        Ok(())
    }

    /// An attempt without its lock moves nothing.
    async fn a_fenced_attempt_moves_nothing(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let (attempt, rehome) = outward(&fx, &row, &row).await?;
        fx.catalog.abandon(attempt.uid, None, LONG).await?;
        let answer = fx.catalog.rehome(&rehome).await?;
        ensure!(answer == Rehomed::Fenced, "an abandoned one was {answer:?}");
        let never = Rehome { attempt: Some(VersionUid(Uuid::new_v4())), ..rehome };
        let answer = fx.catalog.rehome(&never).await?;
        ensure!(answer == Rehomed::Fenced, "one that never began was {answer:?}");
        let place = fx.row(row.meta.id).await?.map(|row| row.version.place);
        ensure!(place == Some(row.version.place), "it moved nevertheless");
        Ok(())
    }

    /// Where a twin may exist, the attempt's row stays to explain it.
    async fn a_possible_twin_stays_explained(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let (attempt, rehome) = outward(&fx, &row, &row).await?;
        moved(&fx, &row, &Rehome { twin: true, ..rehome }).await?;
        let twin = left(&fx).await?;
        ensure!(twin.uid == attempt.uid && !twin.locked && twin.debris == Debris::Unknown, "{twin:?}");
        ensure!(
            twin.version == row.version.uid && twin.due == twin.born && twin.claimed.is_none(),
            "{twin:?}"
        );
        Ok(())
    }

    /// Of racing moves one moves the version.
    async fn of_racing_moves_one_is_done(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let answers = together((0..16).map(|_| {
            let (rehome, catalog) = (inward(&fx, &row), fx.catalog.clone());
            async move { catalog.rehome(&rehome).await }
        }))
        .await?;
        let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        let done = answers.iter().filter(|answer| **answer == Rehomed::Done).count();
        ensure!(done == 1, "{done} of 16 are done");
        left(&fx).await?;
        Ok(())
    }

    /// An attempt to move takes the secret's lock, so that nobody writes meanwhile; a rename needs none.
    async fn a_move_keeps_writers_out(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let (_, rehome) = outward(&fx, &row, &row).await?;
        let writer = fx.again(&row);
        let begun = fx.catalog.begin(&writer).await?;
        ensure!(begun == strongroom_engine::Begun::Busy, "a writer was {begun:?}");
        let renamed = fx.done(&fx.renaming(&row, "b")?).await?;
        let answer = fx.catalog.rehome(&rehome).await?;
        ensure!(answer == Rehomed::Done, "after a rename the move was {answer:?}");
        let after = fx.row(row.meta.id).await?;
        ensure!(after.is_some_and(|after| after.meta == renamed.meta), "the rename was lost");
        ensure!(renamed.meta.revision == Revision(2), "{:?}", renamed.meta);
        Ok(())
    }

    /// A version that moves with labels which say otherwise than the row leaves a re-tag row; with right
    /// ones, none.
    async fn labels_that_were_overtaken_leave_a_row(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let (_, rehome) = outward(&fx, &row, &row).await?;
        let labelled = Some((row.meta.name.clone(), row.meta.private));
        fx.done(&fx.renaming(&row, "b")?).await?;
        moved(&fx, &row, &Rehome { labelled, ..rehome }).await?;
        let retag = left(&fx).await?;
        ensure!(retag.uid.0 == row.meta.id.0 && retag.debris == Debris::Labels, "{retag:?}");
        ensure!(retag.due == retag.born && retag.claimed.is_none(), "it is not due: {retag:?}");
        fx.catalog.forget_pending().await?;
        let row = fx.create("c").await?;
        let (_, rehome) = outward(&fx, &row, &row).await?;
        let labelled = Some((row.meta.name.clone(), row.meta.private));
        moved(&fx, &row, &Rehome { labelled, ..rehome }).await?;
        ensure!(fx.pending().await?.is_empty(), "right labels leave a row");
        Ok(())
    }

    /// After the grace the old place is due.
    async fn after_the_grace_the_old_place_is_due(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let mut rehome = inward(&fx, &row);
        rehome.grace = SHORT;
        moved(&fx, &row, &rehome).await?;
        s.sleep(OVER).await;
        let due = fx.catalog.claim(10, LONG, false).await?;
        ensure!(due.len() == 1 && due[0].debris == Debris::Version(VersionRef::new("1")), "{due:?}");
        Ok(())
    }
}
