//! Creating and changing.

use super::{
    CatalogSubject,
    fixture::{Fixture, TICK, after, answered, facts, new_key, object_of, wrap},
};
use crate::{Broken, together};
use strongroom_core::{ObjectId, Revision, SecretId};
use strongroom_engine::{Attempt, Commit, Committed, Debris, NewVersionRow, Refusal, crypto::KeyKind};
use uuid::Uuid;

cases! {
    macro __catalog_commits in catalog, commits; subject CatalogSubject;

    /// A new secret starts at revision 1 with the values that came with it, and is read as it was answered.
    async fn a_new_secret_starts_at_revision_1(s) {
        let fx = Fixture::open(s).await?;
        let commit = fx.creation("name", true, fx.other)?;
        let row = fx.done(&commit).await?;
        let meta = &row.meta;
        ensure!(meta.id == commit.secret && meta.name.as_str() == "name" && meta.private, "{meta:?}");
        ensure!(meta.owner.id == fx.other && meta.revision == Revision(1), "{meta:?}");
        ensure!(
            meta.created == meta.updated && row.version.created == meta.created,
            "the dates differ: {row:?}"
        );
        ensure!(row.version.revision == Revision(1) && row.stamp.change == commit.change, "{row:?}");
        let Some(read) = fx.row(commit.secret).await? else { return Err(Broken("it is not there".into())) };
        ensure!(
            facts(&read) == facts(&row) && read.stamp == row.stamp,
            "it was answered {row:?} and is {read:?}"
        );
        Ok(())
    }

    /// The revision moves by exactly one with every change, and the dates of the beginning stay.
    async fn every_change_moves_the_revision_by_one(s) {
        let fx = Fixture::open(s).await?;
        let first = fx.create("a").await?;
        let mut row = first.clone();
        for n in 0..4 {
            let change = match n {
                0 => fx.edit(&row),
                1 => fx.renaming(&row, "b")?,
                2 => fx.publishing(&row, true),
                _ => fx.writing(&row),
            };
            s.sleep(TICK).await;
            let next = fx.done(&change).await?;
            ensure!(
                next.meta.revision == after(&row),
                "after {} it is {}",
                row.meta.revision,
                next.meta.revision
            );
            ensure!(next.meta.created == first.meta.created, "it was created anew");
            ensure!(next.meta.updated > row.meta.updated, "its last change is not after the one before");
            let Some(read) = fx.row(row.meta.id).await? else { return Err(Broken("it is gone".into())) };
            ensure!(facts(&read) == facts(&next), "it was answered {next:?} and is {read:?}");
            row = next;
        }
        ensure!(row.meta.name.as_str() == "b" && row.meta.private, "a change was lost: {:?}", row.meta);
        ensure!(row.version.revision == Revision(5), "the version is that of {}", row.version.revision);
        Ok(())
    }

    /// What is not asked for stays: a rename leaves the values, new values leave the name.
    async fn what_is_not_asked_for_stays(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let renamed = fx.done(&fx.renaming(&row, "b")?).await?;
        ensure!(
            renamed.version.uid == row.version.uid && renamed.version.place == row.version.place,
            "{renamed:?}"
        );
        ensure!(renamed.version.revision == Revision(1) && !renamed.meta.private, "{renamed:?}");
        let written = fx.done(&fx.writing(&renamed)).await?;
        ensure!(
            written.meta.name == renamed.meta.name && written.version.uid != row.version.uid,
            "{written:?}"
        );
        Ok(())
    }

    /// Name, privacy and values change together or not at all.
    async fn a_change_is_applied_whole(s) {
        let fx = Fixture::open(s).await?;
        let (row, _taken) = (fx.create("a").await?, fx.create("taken").await?);
        let mut all = Commit { subject: fx.renaming(&row, "taken")?.subject, ..fx.writing(&row) };
        answered!(fx.catalog.commit(&all).await?, Committed::NameTaken, "a change with a taken name");
        let Some(read) = fx.row(row.meta.id).await? else { return Err(Broken("it is gone".into())) };
        ensure!(facts(&read) == facts(&row) && read.stamp == row.stamp, "a part of it was applied: {read:?}");
        ensure!(fx.heads(row.meta.id).await?.len() == 1, "its version was applied");
        ensure!(fx.log().await?.len() == 2, "it is in the log");
        all.subject = fx.renaming(&row, "free")?.subject;
        let done = fx.done(&all).await?;
        ensure!(done.meta.name.as_str() == "free" && done.version.revision == Revision(2), "{done:?}");
        Ok(())
    }

    /// The row of an attempt goes with its commit.
    async fn the_attempts_row_goes_with_the_commit(s) {
        let fx = Fixture::open(s).await?;
        let one = fx.create_external("a").await?;
        ensure!(fx.pending().await?.is_empty(), "after the create there are rows left");
        let two = fx.write_external(&one, "2").await?;
        ensure!(fx.pending().await?.is_empty(), "after the update there are rows left");
        ensure!(object_of(&two) == object_of(&one) && two.meta.revision == Revision(2), "{two:?}");
        Ok(())
    }

    /// Where a twin may exist, the attempt's row stays under its own uid to explain it: without the lock,
    /// due, reborn.
    async fn a_possible_twin_stays_explained(s) {
        let fx = Fixture::open(s).await?;
        let mut commit = fx.creation("a", false, fx.owner)?;
        let attempt = fx.attempt(commit.secret, None, ObjectId(Uuid::new_v4()));
        fx.begun(&attempt).await?;
        let born = fx.pending().await?[0].born;
        fx.attach(&mut commit, &attempt, "1");
        let row = fx.done(&Commit { twin: true, ..commit }).await?;
        let rows = fx.pending().await?;
        let [left] = rows.as_slice() else { return Err(Broken(format!("{} rows are left", rows.len()))) };
        ensure!(left.uid == attempt.uid && left.object == attempt.object && !left.locked, "{left:?}");
        ensure!(left.debris == Debris::Unknown && left.digest.as_ref() == Some(&attempt.digest), "{left:?}");
        ensure!(
            left.born >= born && left.due == left.born && left.claimed.is_none(),
            "not due and reborn: {left:?}"
        );
        // It does not keep the next one from getting the lock.
        fx.write_external(&row, "2").await?;
        Ok(())
    }

    /// Without its lock an attempt commits nothing.
    async fn an_attempt_without_its_lock_commits_nothing(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let attempt = fx.again(&row);
        let mut commit = fx.edit(&row);
        fx.attach(&mut commit, &attempt, "2");
        answered!(fx.catalog.commit(&commit).await?, Committed::Fenced, "an attempt that never began");
        fx.begun(&attempt).await?;
        fx.done(&commit).await?;
        answered!(fx.catalog.commit(&commit).await?, Committed::Fenced, "the same commit again");
        ensure!(fx.heads(row.meta.id).await?.len() == 2, "it was applied twice");
        Ok(())
    }

    /// A commit that is refused leaves the attempt its lock.
    async fn a_refused_commit_leaves_the_lock(s) {
        let fx = Fixture::open(s).await?;
        let (row, _) = (fx.create_external("a").await?, fx.create("taken").await?);
        let attempt = fx.again(&row);
        fx.begun(&attempt).await?;
        let mut commit = fx.renaming(&row, "taken")?;
        fx.attach(&mut commit, &attempt, "2");
        answered!(fx.catalog.commit(&commit).await?, Committed::NameTaken, "a taken name");
        ensure!(fx.pending().await?.iter().all(|row| row.locked), "the lock is gone");
        commit.subject = fx.edit(&row).subject;
        fx.done(&commit).await?;
        Ok(())
    }

    /// A version that is sealed with a key which is not active any more is refused, inline or external, and
    /// nothing is changed; the attempt keeps its lock, so that it can be sealed again.
    async fn a_version_under_a_retired_key_is_refused(s) {
        let fx = Fixture::open(s).await?;
        let (inline, external) = (fx.create("a").await?, fx.create_external("b").await?);
        let attempt = fx.again(&external);
        fx.begun(&attempt).await?;
        let mut written = fx.edit(&external);
        fx.attach(&mut written, &attempt, "2");
        let key = new_key(KeyKind::Seal);
        fx.catalog.add_key(&key, &[wrap(key.id, fx.root)], false).await?;
        for commit in [fx.creation("c", false, fx.owner)?, fx.writing(&inline), written.clone()] {
            answered!(
                fx.catalog.commit(&commit).await?,
                Committed::KeyRetired,
                "a version under a retired key"
            );
        }
        ensure!(
            fx.catalog.summary().await?.secrets == 2 && fx.log().await?.len() == 2,
            "something was changed"
        );
        ensure!(fx.pending().await?.iter().all(|row| row.locked), "the attempt lost its lock");
        // What writes no version is not sealed; under the active key the version passes.
        fx.done(&fx.edit(&inline)).await?;
        written.version = written.version.map(|version| NewVersionRow { key: Some(key.id), ..version });
        fx.done(&written).await?;
        Ok(())
    }

    /// A change whose digest or audit key was destroyed is refused.
    async fn a_change_under_a_destroyed_key_is_refused(s) {
        let fx = Fixture::open(s).await?;
        for kind in [KeyKind::Digest, KeyKind::Audit] {
            let key = new_key(kind);
            fx.catalog.add_key(&key, &[wrap(key.id, fx.root)], false).await?;
            ensure!(fx.catalog.remove_key(fx.keys[&kind]).await?, "the {kind} key was not removed");
            let (mut commit, object) = (fx.creation("a", false, fx.owner)?, ObjectId(Uuid::new_v4()));
            let attempt = fx.attempt(commit.secret, None, object);
            commit.version = Some(fx.external(attempt.uid, object, "1"));
            if kind == KeyKind::Audit {
                commit.version = Some(fx.inline());
            } else {
                commit.attempt = Some(attempt.uid);
                // The attempt itself was begun with a key that is there.
                let digest = [key.id.0.into_bytes(); 3].concat();
                fx.begun(&Attempt { digest, ..attempt }).await?;
            }
            answered!(
                fx.catalog.commit(&commit).await?,
                Committed::KeyRetired,
                format!("one under the {kind} key")
            );
            ensure!(
                fx.row(commit.secret).await?.is_none() && fx.log().await?.is_empty(),
                "it changed something"
            );
        }
        Ok(())
    }

    /// A change of a secret that is not there is refused.
    async fn a_change_of_nothing_is_refused(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let commit = Commit { secret: SecretId(Uuid::new_v4()), ..fx.edit(&row) };
        answered!(fx.catalog.commit(&commit).await?, Committed::Refused(Refusal::NotFound), "it");
        Ok(())
    }

    /// Of 32 changes that were computed from the same values one is applied.
    async fn of_racing_changes_one_is_applied(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let answers = together((0..32).map(|_| {
            let (commit, catalog) = (fx.writing(&row), fx.catalog.clone());
            async move { catalog.commit(&commit).await }
        }))
        .await?;
        let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        let done = answers.iter().filter(|answer| matches!(answer, Committed::Done(_))).count();
        let moved =
            answers.iter().filter(|answer| matches!(answer, Committed::Refused(Refusal::Moved))).count();
        ensure!(done == 1 && moved == 31, "{done} are done and {moved} must be computed again");
        let revision = fx.row(row.meta.id).await?.map(|row| row.meta.revision);
        ensure!(revision == Some(Revision(2)), "it is at {revision:?}");
        Ok(())
    }

    /// Racing renames and new values all get through: neither is lost, each moves the revision.
    async fn changes_of_name_and_values_do_not_disturb_each_other(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let mut changes: Vec<Commit> = Vec::new();
        for n in 0..8 {
            changes.push(fx.renaming(&row, &format!("name {n}"))?);
        }
        changes.push(fx.writing(&row));
        let answers = together(changes.into_iter().map(|commit| {
            let catalog = fx.catalog.clone();
            async move { catalog.commit(&commit).await }
        }))
        .await?;
        // A rename after the new values finds other values than it was computed from.
        let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        let done = answers.iter().filter(|answer| matches!(answer, Committed::Done(_))).count();
        ensure!(
            matches!(answers.last(), Some(Committed::Done(_))),
            "the values were lost to renames: {answers:?}"
        );
        let revision = fx.row(row.meta.id).await?.map(|row| row.meta.revision.0);
        ensure!(revision == Some(1 + done as u64), "after {done} changes it is at {revision:?}");
        Ok(())
    }
}
