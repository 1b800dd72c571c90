//! Changes that are run again because their COMMIT got no answer.

use super::{
    CatalogSubject,
    fixture::{Fixture, LONG, answered, facts},
};
use crate::Broken;
use strongroom_core::Revision;
use strongroom_engine::{Commit, Committed};

cases! {
    macro __catalog_doubts in catalog, doubts; subject CatalogSubject;

    /// With doubt, a create that had committed is found by its id and not applied again.
    async fn a_doubtful_create_is_found(s) {
        let fx = Fixture::open(s).await?;
        let commit = fx.creation("a", false, fx.owner)?;
        let row = fx.done(&commit).await?;
        found_again(&fx, &commit, Revision(1)).await?;
        // Also when the row has moved on.
        fx.done(&fx.renaming(&row, "b")?).await?;
        found_again(&fx, &commit, Revision(1)).await?;
        ensure!(fx.log().await?.len() == 2, "it is in the log twice");
        Ok(())
    }

    /// With doubt, a change that had committed is found by its id, also one of an attempt, whose row is gone.
    async fn a_doubtful_change_is_found(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let attempt = fx.again(&row);
        fx.begun(&attempt).await?;
        let mut commit = fx.edit(&row);
        fx.attach(&mut commit, &attempt, "2");
        let two = fx.done(&commit).await?;
        found_again(&fx, &commit, Revision(2)).await?;
        let edit = fx.edit(&two);
        let three = fx.done(&edit).await?;
        found_again(&fx, &edit, Revision(3)).await?;
        let Some(read) = fx.row(row.meta.id).await? else { return Err(Broken("it is gone".into())) };
        ensure!(facts(&read) == facts(&three), "it was applied again");
        Ok(())
    }

    /// With doubt, a change that had committed is found also after its secret was deleted.
    async fn a_doubtful_change_is_found_after_a_deletion(s) {
        let fx = Fixture::open(s).await?;
        let commit = fx.creation("a", false, fx.owner)?;
        let row = fx.done(&commit).await?;
        fx.catalog.delete(&fx.deletion(&row)).await?;
        found_again(&fx, &commit, Revision(1)).await?;
        ensure!(fx.row(row.meta.id).await?.is_none(), "it is there again");
        Ok(())
    }

    /// With doubt, a change that had not committed is applied.
    async fn a_doubtful_change_that_was_lost_is_applied(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.done(&Commit { doubt: true, ..fx.creation("a", false, fx.owner)? }).await?;
        let row = fx.done(&Commit { doubt: true, ..fx.edit(&row) }).await?;
        ensure!(row.meta.revision == Revision(2), "it is at {}", row.meta.revision);
        Ok(())
    }

    /// With doubt, a fenced attempt that had not committed is fenced.
    async fn a_doubtful_attempt_that_was_fenced_is_fenced(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let attempt = fx.again(&row);
        fx.begun(&attempt).await?;
        fx.catalog.abandon(attempt.uid, None, LONG).await?;
        let mut commit = fx.edit(&row);
        fx.attach(&mut commit, &attempt, "2");
        commit.doubt = true;
        answered!(fx.catalog.commit(&commit).await?, Committed::Fenced, "it");
        Ok(())
    }
}

async fn found_again(fx: &Fixture, commit: &Commit, made: Revision) -> crate::Outcome {
    match fx.catalog.commit(&Commit { doubt: true, ..commit.clone() }).await? {
        Committed::Before { revision, at } => {
            ensure!(revision == made, "it made {revision}");
            let logged = fx.log().await?.iter().find(|row| row.change == commit.change).map(|row| row.at);
            ensure!(logged == Some(at), "it was at {at:?}, the log says {logged:?}");
            Ok(())
        }
        other => Err(Broken(format!("it was {other:?}"))),
    }
}
