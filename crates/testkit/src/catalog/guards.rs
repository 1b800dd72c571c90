//! What must hold on the row for a change to pass.

use super::{
    CatalogSubject,
    fixture::{Fixture, facts, guard},
};
use crate::Broken;
use strongroom_core::{Access, Context, Glob, Names, Origin, OwnerId, Revision, SecretName, SecretRef};
use strongroom_engine::{Commit, Committed, Delete, Deleted, Guard, Pin, Refusal, Row, Subject};
use uuid::Uuid;

/// Requires that neither a change nor a deletion passes, both for this reason, and that nothing is changed.
async fn refused(fx: &Fixture, row: &Row, guard: Guard, wanted: Refusal) -> crate::Outcome {
    let mut edit = fx.edit(row);
    edit.subject =
        Subject::Existing { guard: Box::new(guard.clone()), name: guard.new_name.clone(), private: None };
    for commit in [Commit { version: fx.writing(row).version, ..edit.clone() }, edit] {
        match fx.catalog.commit(&commit).await? {
            Committed::Refused(refusal) => {
                ensure!(refusal == wanted, "expected {wanted:?}, but got {refusal:?}")
            }
            other => return Err(Broken(format!("a change was not refused with {wanted:?} but {other:?}"))),
        }
    }
    if guard.new_name.is_none() && !guard.sets_private {
        match fx.catalog.delete(&Delete { guard, ..fx.deletion(row) }).await? {
            Deleted::Refused(refusal) => {
                ensure!(refusal == wanted, "expected {wanted:?}, but got {refusal:?}")
            }
            other => return Err(Broken(format!("a deletion was not refused with {wanted:?} but {other:?}"))),
        }
    }
    let Some(read) = fx.row(row.meta.id).await? else { return Err(Broken("it is gone".into())) };
    ensure!(facts(&read) == facts(row) && read.stamp == row.stamp, "a refused change changed something");
    ensure!(fx.heads(row.meta.id).await?.len() == 1, "a refused change left a version");
    Ok(())
}

fn names(glob: &str) -> Result<Names, Broken> {
    Ok(Names::Matching([Glob::new(glob)?].into()))
}

fn with(guard: Guard, actor: OwnerId, access: Access) -> Guard {
    Guard { context: Context::new(actor, access, Origin::new("test")), ..guard }
}

cases! {
    macro __catalog_guards in catalog, guards; subject CatalogSubject;

    /// What the caller may not list is not found: by its name, and because it is another's private one.
    async fn what_may_not_be_listed_is_not_found(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("db").await?;
        let access = Access::new(names("web/*")?, Names::All, Names::All);
        refused(&fx, &row, with(guard(&row, fx.other), fx.other, access), Refusal::NotFound).await?;
        let private = fx.done(&fx.creation("mine", true, fx.owner)?).await?;
        refused(&fx, &private, guard(&private, fx.other), Refusal::NotFound).await
    }

    /// What the caller may list but not change is denied, whoever owns it.
    async fn what_may_not_be_changed_is_denied(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("db").await?;
        let access = Access::new(Names::All, Names::All, names("web/*")?);
        for actor in [fx.other, fx.owner] {
            refused(&fx, &row, with(guard(&row, actor), actor, access.clone()), Refusal::Denied).await?;
        }
        Ok(())
    }

    /// A new name on which the caller has no right to change is denied, before its uniqueness is looked at.
    async fn a_new_name_out_of_reach_is_denied(s) {
        let fx = Fixture::open(s).await?;
        let (row, _) = (fx.create("db/a").await?, fx.create("web/a").await?);
        let access = Access::new(Names::All, Names::All, names("db/*")?);
        for name in ["web/a", "web/b"] {
            let mut guard = with(guard(&row, fx.owner), fx.owner, access.clone());
            guard.new_name = Some(SecretName::new(name)?);
            refused(&fx, &row, guard, Refusal::Denied).await?;
        }
        Ok(())
    }

    /// The owner alone sets the privacy.
    async fn the_owner_alone_sets_the_privacy(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("db").await?;
        let guard = Guard { sets_private: true, ..guard(&row, fx.other) };
        refused(&fx, &row, guard, Refusal::NotOwner).await?;
        fx.done(&fx.publishing(&row, true)).await?;
        Ok(())
    }

    /// A revision that is not the expected one is stale, and the answer says which it is.
    async fn another_revision_is_stale(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.done(&fx.edit(&fx.create("db").await?)).await?;
        for expected in [0, 1, 3] {
            let guard = Guard { expected: Some(Revision(expected)), ..guard(&row, fx.owner) };
            refused(&fx, &row, guard, Refusal::Stale(Revision(2))).await?;
        }
        let guard = Guard { expected: Some(Revision(2)), ..guard(&row, fx.owner) };
        fx.done(&Commit {
            subject: Subject::Existing { guard: Box::new(guard), name: None, private: None },
            ..fx.edit(&row)
        })
        .await?;
        Ok(())
    }

    /// Values that are not what the change was computed from have moved.
    async fn other_values_have_moved(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("db").await?;
        let guard =
            Guard { pin: Pin::Version(strongroom_core::VersionUid(Uuid::new_v4())), ..guard(&row, fx.owner) };
        refused(&fx, &row, guard, Refusal::Moved).await
    }

    /// A secret that was found by a name which it does not have any more has moved, whatever else is expected
    /// of it.
    async fn a_secret_found_by_another_name_has_moved(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("new").await?;
        let by =
            |name: &str, private| Ok::<_, Broken>(SecretRef::Name { name: SecretName::new(name)?, private });
        let stale = Guard { expected: Some(Revision(9)), ..guard(&row, fx.owner) };
        for other in [by("old", None)?, by("old", Some(false))?, by("new", Some(true))?] {
            refused(&fx, &row, Guard { found_by: Some(other), ..stale.clone() }, Refusal::Moved).await?;
        }
        for own in [by("new", None)?, by("new", Some(false))?, row.meta.id.into()] {
            let guard = Guard { found_by: Some(own), ..stale.clone() };
            refused(&fx, &row, guard, Refusal::Stale(Revision(1))).await?;
        }
        Ok(())
    }

    /// Where nothing is pinned, the row as it is decides.
    async fn an_unpinned_change_passes(s) {
        let fx = Fixture::open(s).await?;
        let first = fx.create("a").await?;
        let row = fx.done(&fx.renaming(&fx.done(&fx.writing(&first)).await?, "b")?).await?;
        let guard = Box::new(Guard { pin: Pin::Any, ..guard(&first, fx.owner) });
        let subject = Subject::Existing { guard: guard.clone(), name: None, private: None };
        let row = fx.done(&Commit { subject, ..fx.edit(&row) }).await?;
        let deleted = fx.catalog.delete(&Delete { guard: *guard, ..fx.deletion(&row) }).await?;
        ensure!(matches!(deleted, Deleted::Done(_)), "the deletion was {deleted:?}");
        Ok(())
    }

    /// A row that is pinned as it is has moved with any change; one whose values are pinned has not.
    async fn a_pinned_row_moves_with_any_change(s) {
        let fx = Fixture::open(s).await?;
        let first = fx.create("a").await?;
        let row = fx.done(&fx.renaming(&first, "b")?).await?;
        let pinned = Guard { pin: Pin::Change(first.stamp.change), ..guard(&row, fx.owner) };
        refused(&fx, &row, pinned.clone(), Refusal::Moved).await?;
        for pin in [Pin::Change(row.stamp.change), Pin::Version(first.version.uid)] {
            let Some(now) = fx.row(row.meta.id).await? else { return Err(Broken("it is gone".into())) };
            let pin = if matches!(pin, Pin::Change(_)) { Pin::Change(now.stamp.change) } else { pin };
            let subject = Subject::Existing {
                guard: Box::new(Guard { pin, ..pinned.clone() }),
                name: None,
                private: None,
            };
            fx.done(&Commit { subject, ..fx.edit(&now) }).await?;
        }
        Ok(())
    }

    /// The reasons are looked at in an order that tells nobody more than he may know.
    async fn reasons_are_looked_at_in_order(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("db").await?;
        // Everything is wrong at once; then one thing after the other is put right.
        let mut guard = Guard {
            context: Context::new(fx.other, Access::none(), Origin::new("test")),
            expected: Some(Revision(9)),
            pin: Pin::Change(Uuid::new_v4()),
            sets_private: true,
            new_name: Some(SecretName::new("web")?),
            found_by: None,
        };
        refused(&fx, &row, guard.clone(), Refusal::NotFound).await?;
        guard.context.access.list = Names::All;
        refused(&fx, &row, guard.clone(), Refusal::Denied).await?;
        guard.context.access.change = names("db")?;
        refused(&fx, &row, guard.clone(), Refusal::Denied).await?;
        guard.context.access.change = Names::All;
        refused(&fx, &row, guard.clone(), Refusal::NotOwner).await?;
        guard.context.actor = fx.owner;
        refused(&fx, &row, guard.clone(), Refusal::Stale(Revision(1))).await?;
        guard.expected = Some(Revision(1));
        refused(&fx, &row, guard, Refusal::Moved).await
    }

    /// A guard that names another's public secret lets it be changed and deleted by who may.
    async fn others_may_change_what_is_public(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("db").await?;
        let access = Access::new(names("d*")?, Names::none(), names("*b")?);
        let open = with(guard(&row, fx.other), fx.other, access);
        let subject = Subject::Existing { guard: Box::new(open.clone()), name: None, private: None };
        let changed = fx.done(&Commit { subject, ..fx.edit(&row) }).await?;
        ensure!(changed.meta.owner.id == fx.owner, "the owner is another one now");
        let deleted = fx.catalog.delete(&Delete { guard: open, ..fx.deletion(&row) }).await?;
        ensure!(matches!(deleted, Deleted::Done(_)), "the deletion was {deleted:?}");
        Ok(())
    }
}
