//! What is kept of the past, who may see it, and labels that are out of date.

use super::{
    CatalogSubject,
    fixture::{Fixture, LONG, answered, object_of},
};
use crate::Broken;
use strongroom_core::{Revision, SecretName, VersionRef};
use strongroom_engine::{Commit, Committed, Debris, Pending, Row, Settled};

/// Writes new inline values and keeps so many versions.
async fn keep(fx: &Fixture, row: &Row, history: u32) -> Result<Row, Broken> {
    fx.done(&Commit { history, ..fx.writing(row) }).await
}

/// The revisions that are kept, newest first.
async fn kept(fx: &Fixture, row: &Row) -> Result<Vec<u64>, Broken> {
    Ok(fx.heads(row.meta.id).await?.iter().map(|head| head.revision.0).collect())
}

/// Which revisions others may see, newest first.
async fn visible(fx: &Fixture, row: &Row) -> Result<Vec<u64>, Broken> {
    let heads = fx.heads(row.meta.id).await?;
    Ok(heads.iter().filter(|head| head.visible_to_others).map(|head| head.revision.0).collect())
}

cases! {
    macro __catalog_history in catalog, history; subject CatalogSubject;

    /// As many versions are kept as the commit says, itself included; inline ones that fall out go at once.
    async fn inline_versions_that_fall_out_go_at_once(s) {
        let fx = Fixture::open(s).await?;
        let mut row = fx.create("a").await?;
        for _ in 0..3 {
            row = keep(&fx, &row, 3).await?;
        }
        ensure!(kept(&fx, &row).await? == [4, 3, 2], "{:?} are kept", kept(&fx, &row).await?);
        ensure!(fx.catalog.version(row.meta.id, Revision(1)).await?.is_none(), "the first one can be read");
        ensure!(fx.pending().await?.is_empty(), "they left rows");
        let row = keep(&fx, &row, 1).await?;
        ensure!(kept(&fx, &row).await? == [5], "{:?} are kept", kept(&fx, &row).await?);
        let counted: u64 = fx.catalog.summary().await?.versions.iter().map(|(_, number)| number).sum();
        ensure!(counted == 1, "{counted} versions are counted");
        Ok(())
    }

    /// External versions that fall out become garbage rows that name them and are due at once.
    async fn external_versions_that_fall_out_are_explained(s) {
        let fx = Fixture::open(s).await?;
        let one = fx.create_external("a").await?;
        let two = fx.write_external(&one, "2").await?;
        let attempt = fx.again(&two);
        fx.begun(&attempt).await?;
        let mut commit = fx.edit(&two);
        fx.attach(&mut commit, &attempt, "3");
        let three = fx.done(&Commit { history: 1, ..commit }).await?;
        ensure!(kept(&fx, &three).await? == [3], "{:?} are kept", kept(&fx, &three).await?);
        let rows = fx.catalog.claim(10, LONG, false).await?;
        ensure!(rows.len() == 2, "{} rows are due", rows.len());
        for (at, version) in [("1", one.version.uid), ("2", two.version.uid)] {
            let Some(row) = rows.iter().find(|row| row.debris == Debris::Version(VersionRef::new(at))) else {
                return Err(Broken(format!("no row names version {at}")));
            };
            ensure!(
                row.version == version && row.secret == one.meta.id && !row.locked && !row.attempted,
                "{row:?}"
            );
            ensure!(row.object == object_of(&one) && row.key == one.version.key, "{row:?}");
        }
        Ok(())
    }

    /// A change that writes no values drops none.
    async fn a_change_without_values_drops_none(s) {
        let fx = Fixture::open(s).await?;
        let row = keep(&fx, &fx.create("a").await?, 5).await?;
        let row = fx.done(&Commit { history: 1, ..fx.renaming(&row, "b")? }).await?;
        ensure!(kept(&fx, &row).await? == [2, 1], "{:?} are kept", kept(&fx, &row).await?);
        Ok(())
    }

    /// Versions of a public secret are visible to others, those of a private one are not.
    async fn versions_are_as_visible_as_their_secret(s) {
        let fx = Fixture::open(s).await?;
        let public = keep(&fx, &fx.create("a").await?, 5).await?;
        ensure!(visible(&fx, &public).await? == [2, 1], "{:?}", visible(&fx, &public).await?);
        let private = keep(&fx, &fx.done(&fx.creation("b", true, fx.owner)?).await?, 5).await?;
        ensure!(visible(&fx, &private).await?.is_empty(), "{:?}", visible(&fx, &private).await?);
        ensure!(
            !private.version.visible_to_others && public.version.visible_to_others,
            "the rows say otherwise"
        );
        Ok(())
    }

    /// Publishing makes the current version visible; those from before, when it was private, stay invisible.
    async fn publishing_shows_the_current_version_alone(s) {
        let fx = Fixture::open(s).await?;
        let private = keep(&fx, &fx.done(&fx.creation("a", true, fx.owner)?).await?, 5).await?;
        let public = fx.done(&fx.publishing(&private, false)).await?;
        ensure!(public.version.visible_to_others, "the current version is invisible");
        ensure!(visible(&fx, &public).await? == [2], "{:?}", visible(&fx, &public).await?);
        Ok(())
    }

    /// Published together with new values, the new version alone becomes visible.
    async fn publishing_with_new_values_shows_these_alone(s) {
        let fx = Fixture::open(s).await?;
        let private = fx.done(&fx.creation("a", true, fx.owner)?).await?;
        let commit = Commit { subject: fx.publishing(&private, false).subject, ..fx.writing(&private) };
        let public = fx.done(&commit).await?;
        ensure!(visible(&fx, &public).await? == [2], "{:?}", visible(&fx, &public).await?);
        Ok(())
    }

    /// What was written while it was private stays invisible, whatever happens later.
    async fn what_was_private_stays_invisible(s) {
        let fx = Fixture::open(s).await?;
        let one = fx.create("a").await?;
        let hidden = fx.done(&fx.publishing(&one, true)).await?;
        let three = keep(&fx, &hidden, 9).await?;
        let four = keep(&fx, &three, 9).await?;
        let shown = fx.done(&fx.publishing(&four, false)).await?;
        let six = keep(&fx, &shown, 9).await?;
        ensure!(visible(&fx, &six).await? == [6, 4, 1], "{:?}", visible(&fx, &six).await?);
        Ok(())
    }

    /// External labels that changed leave one re-tag row, coalesced per secret.
    async fn changed_labels_leave_one_row(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let renamed = fx.done(&fx.renaming(&row, "b")?).await?;
        let rows = fx.pending().await?;
        let [retag] = rows.as_slice() else { return Err(Broken(format!("{} rows", rows.len()))) };
        ensure!(retag.uid.0 == row.meta.id.0 && retag.debris == Debris::Labels && !retag.locked, "{retag:?}");
        ensure!(
            retag.secret == row.meta.id && retag.object == object_of(&row) && !retag.attempted,
            "{retag:?}"
        );
        let hidden = fx.done(&fx.publishing(&renamed, true)).await?;
        fx.done(&fx.renaming(&hidden, "c")?).await?;
        ensure!(fx.pending().await?.len() == 1, "{} rows after three changes", fx.pending().await?.len());
        let other = fx.create_external("other").await?;
        fx.done(&fx.publishing(&other, true)).await?;
        ensure!(fx.catalog.claim(10, LONG, false).await?.len() == 2, "one secret's is missing, or not due");
        Ok(())
    }

    /// A re-tag row that is being worked on is due again after another change, and its claim cannot end it.
    async fn labels_that_change_again_are_worked_again(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.done(&fx.renaming(&fx.create_external("a").await?, "b")?).await?;
        let Some(claimed) = fx.catalog.claim(1, LONG, false).await?.pop() else {
            return Err(Broken("not due".into()));
        };
        fx.done(&fx.renaming(&row, "c")?).await?;
        ensure!(!fx.catalog.settle(&claimed, Settled::Drop).await?, "the old claim ended it");
        ensure!(fx.catalog.claim(1, LONG, false).await?.len() == 1, "it is not due again");
        Ok(())
    }

    /// A version whose labels say otherwise than the row leaves a re-tag row: it was renamed or hidden
    /// meanwhile.
    async fn labels_that_were_overtaken_leave_a_row(s) {
        let fx = Fixture::open(s).await?;
        for (n, now_private) in [(0, false), (1, true)] {
            let row = fx.create_external(&format!("secret {n}")).await?;
            let attempt = fx.again(&row);
            fx.begun(&attempt).await?;
            let labelled = Some((row.meta.name.clone(), false));
            let overtaking = if now_private { fx.publishing(&row, true) } else { fx.renaming(&row, "new")? };
            let row = fx.done(&overtaking).await?;
            // The row of the rename is worked off before the late version comes.
            let retag = fx.catalog.claim(10, LONG, false).await?;
            ensure!(retag.len() == 1 && fx.catalog.settle(&retag[0], Settled::Drop).await?, "{retag:?}");
            let mut commit = fx.edit(&row);
            fx.attach(&mut commit, &attempt, "2");
            fx.done(&Commit { labelled, ..commit }).await?;
            let left = fx.catalog.claim(10, LONG, false).await?;
            let right = |left: &Pending| left.uid.0 == row.meta.id.0 && left.debris == Debris::Labels;
            ensure!(left.len() == 1 && right(&left[0]), "after overtaking {n} there is {left:?}");
        }
        Ok(())
    }

    /// Changes that leave name and privacy, versions that were labelled right, and inline secrets leave no
    /// re-tag row.
    async fn labels_that_did_not_change_leave_no_row(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let row = fx.done(&fx.edit(&row)).await?;
        let row = fx.done(&fx.renaming(&row, "a")?).await?;
        let row = fx.done(&fx.publishing(&row, false)).await?;
        let attempt = fx.again(&row);
        fx.begun(&attempt).await?;
        let mut commit = fx.edit(&row);
        fx.attach(&mut commit, &attempt, "2");
        commit.labelled = Some((SecretName::new("a")?, false));
        fx.done(&commit).await?;
        let inline = fx.create("inline").await?;
        fx.done(&fx.renaming(&inline, "c")?).await?;
        ensure!(fx.pending().await?.is_empty(), "{:?}", fx.pending().await?);
        Ok(())
    }

    /// Refused changes drop no version and leave no row.
    async fn refused_changes_drop_nothing(s) {
        let fx = Fixture::open(s).await?;
        let (row, _) = (keep(&fx, &fx.create("a").await?, 5).await?, fx.create("taken").await?);
        let subject = fx.renaming(&row, "taken")?.subject;
        let commit = Commit { subject, history: 1, ..fx.writing(&row) };
        answered!(fx.catalog.commit(&commit).await?, Committed::NameTaken, "it");
        ensure!(kept(&fx, &row).await? == [2, 1], "{:?} are kept", kept(&fx, &row).await?);
        Ok(())
    }
}
