//! Updating.

use super::{
    StoreSubject,
    fixture::{Fixture, at, map, merge, missing, named, rename, replace, shown},
};
use crate::{refused, together};
use strongroom_core::{
    DEFAULT_SIZE_LIMIT, ErrorKind, GetOptions, Revision, SecretName, SecretUpdate, ValuesChange,
};

cases! {
    macro __store_updating in store, updating; subject StoreSubject;

    /// A merge sets some keys, removes others and keeps those that it does not name.
    async fn a_merge_keeps_what_it_does_not_name(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("keep", "1"), ("set", "2"), ("remove", "3")]).await?.meta.id;
        let update = merge(&[("set", Some("")), ("remove", None), ("new", Some("5")), ("never", None)]);
        at(fx.update(&fx.ann, id, update).await, 2)?;
        ensure!(
            fx.read(id).await? == map(&[("keep", "1"), ("set", ""), ("new", "5")]),
            "{:?}",
            fx.get(&fx.ann, id).await?
        );
        Ok(())
    }

    /// A replacement puts these values in place of all others.
    async fn a_replacement_leaves_nothing_of_before(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("a", "1"), ("b", "2")]).await?.meta.id;
        at(fx.update(&fx.ann, id, replace(&[("b", "3"), ("c", "4")])).await, 2)?;
        ensure!(fx.read(id).await? == map(&[("b", "3"), ("c", "4")]), "{:?}", fx.get(&fx.ann, id).await?);
        at(fx.update(&fx.ann, id, replace(&[])).await, 3)?;
        ensure!(fx.read(id).await?.is_empty(), "a value is left");
        Ok(())
    }

    /// Keys that a merge does not name are kept, also those that somebody else writes at the same time.
    async fn racing_merges_lose_nothing(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[]).await?.meta.id;
        let other = s.another().await?;
        let answers = together((0..8).map(|n| {
            let store = if n % 2 == 0 { fx.store.clone() } else { other.clone() };
            let cx = fx.ann.clone();
            async move { store.update(&cx, &id.into(), merge(&[(&format!("key {n}"), Some("x"))])).await }
        }))
        .await?;
        let mut revisions = Vec::new();
        for answer in answers {
            revisions.push(answer?.revision.0);
        }
        revisions.sort_unstable();
        ensure!(revisions == (2..=9).collect::<Vec<_>>(), "they made {revisions:?}");
        let read = fx.read(id).await?;
        ensure!(read.len() == 8, "{} of 8 keys are left", read.len());
        Ok(())
    }

    /// The revision moves by exactly one, also if nothing else changes.
    async fn the_revision_moves_by_one(s) {
        let fx = Fixture::open(s).await?;
        let created = fx.create("a", &[("k", "v")]).await?.meta;
        let updates = [
            SecretUpdate::new(),
            rename("b")?,
            rename("b")?,
            SecretUpdate::new().private(true),
            merge(&[("k", Some("v"))]),
            merge(&[]),
            replace(&[("k", "v")]),
            rename("c")?.private(false).values(replace(&[("k", "w")]).values),
        ];
        let mut before = created.clone();
        for (n, update) in updates.into_iter().enumerate() {
            let meta = at(fx.update(&fx.ann, created.id, update).await, n as u64 + 2)?;
            ensure!(meta.updated >= before.updated && meta.created == created.created, "{meta:?}");
            ensure!(
                fx.get(&fx.ann, created.id).await?.meta == meta,
                "it was answered differently from what it is"
            );
            before = meta;
        }
        ensure!(before.name.as_str() == "c" && !before.private, "{before:?}");
        ensure!(fx.read(created.id).await? == map(&[("k", "w")]), "the values are other ones");
        Ok(())
    }

    /// A stale `expected` is `Conflict` and changes nothing.
    async fn a_stale_expectation_changes_nothing(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("n", "1")]).await?.meta.id;
        at(fx.update(&fx.ann, id, replace(&[("n", "2")]).expecting(Revision(1))).await, 2)?;
        for expected in [0, 1, 3] {
            for update in [replace(&[("n", "3")]), merge(&[("n", None)]), rename("b")?, SecretUpdate::new()] {
                let answer = fx.update(&fx.ann, id, update.expecting(Revision(expected))).await;
                refused(answer, ErrorKind::Conflict, "a stale update")?;
            }
        }
        let now = fx.get(&fx.ann, id).await?.meta;
        ensure!(now.revision == Revision(2) && now.name.as_str() == "a", "{now:?}");
        ensure!(fx.read(id).await? == map(&[("n", "2")]), "the values changed");
        Ok(())
    }

    /// Of racing updates that expect the same revision one succeeds; the others are `Conflict`.
    async fn of_racing_expectations_one_is_met(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("n", "0")]).await?.meta.id;
        let answers = together((0..8).map(|n| {
            let (store, cx) = (fx.store.clone(), fx.ann.clone());
            let update = replace(&[("n", &n.to_string())]).expecting(Revision(1));
            async move { store.update(&cx, &id.into(), update).await }
        }))
        .await?;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        ensure!(won.len() == 1, "{} succeeded", won.len());
        for answer in lost {
            refused(answer, ErrorKind::Conflict, "a loser")?;
        }
        Ok(())
    }

    /// A taken new name is `AlreadyExists`, and nothing else of the update is applied.
    async fn a_taken_new_name_changes_nothing(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("n", "1")]).await?.meta.id;
        fx.create_as(&fx.ben, "taken", false, &[]).await?;
        for update in [rename("taken")?, rename("taken")?.values(replace(&[("n", "2")]).values)] {
            refused(fx.update(&fx.ann, id, update).await, ErrorKind::AlreadyExists, "a taken name")?;
        }
        let now = fx.get(&fx.ann, id).await?.meta;
        ensure!(now.name.as_str() == "a" && now.revision == Revision(1), "{now:?}");
        ensure!(fx.read(id).await? == map(&[("n", "1")]), "the values changed");
        Ok(())
    }

    /// A rename frees the old name at once and keeps id, owner, values and past.
    async fn a_rename_frees_the_old_name(s) {
        let fx = Fixture::open(s).await?;
        let before = fx.create("a", &[("k", "v")]).await?.meta;
        let after = fx.store.update(&fx.ben, &named("a", None)?, rename("b")?).await?;
        ensure!(after.id == before.id && after.owner == before.owner, "{after:?}");
        refused(fx.get(&fx.ann, SecretName::new("a")?).await, ErrorKind::NotFound, "the old name")?;
        ensure!(fx.get(&fx.ann, SecretName::new("b")?).await?.meta == after, "the new name finds another");
        ensure!(fx.read(before.id).await? == map(&[("k", "v")]), "the values changed");
        fx.create("a", &[]).await?;
        Ok(())
    }

    /// Hiding and publishing need the name in the other space.
    async fn privacy_needs_the_name_in_the_other_space(s) {
        let fx = Fixture::open(s).await?;
        let public = fx.create("db", &[]).await?.meta.id;
        let private = fx.create_as(&fx.ann, "db", true, &[]).await?.meta.id;
        for (id, to) in [(public, true), (private, false)] {
            let answer = fx.update(&fx.ann, id, SecretUpdate::new().private(to)).await;
            refused(answer, ErrorKind::AlreadyExists, "a taken name")?;
        }
        Ok(())
    }

    /// Only the owner may set `private`, even if it changes nothing; others get `PermissionDenied`.
    async fn only_the_owner_sets_private(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("k", "v")]).await?.meta.id;
        for private in [true, false] {
            let update = merge(&[("k", Some("w"))]).private(private);
            refused(fx.update(&fx.ben, id, update).await, ErrorKind::PermissionDenied, "another's privacy")?;
        }
        ensure!(fx.read(id).await? == map(&[("k", "v")]), "the values changed nevertheless");
        at(fx.update(&fx.ann, id, SecretUpdate::new().private(false)).await, 2)?;
        Ok(())
    }

    /// Values that grow too large are `InvalidInput`; nothing changes and the error shows none.
    async fn too_much_is_refused(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("k", "v")]).await?.meta.id;
        let canary = "canary".repeat(DEFAULT_SIZE_LIMIT / 6 + 1);
        for update in [merge(&[("big", Some(&canary))]), replace(&[("big", &canary)])] {
            let answer = fx.update(&fx.ann, id, update).await;
            ensure!(!shown(&answer).contains("canary"), "the error shows the value");
            refused(answer, ErrorKind::InvalidInput, "too much")?;
        }
        ensure!(fx.read(id).await? == map(&[("k", "v")]), "the values changed nevertheless");
        Ok(())
    }

    /// Withheld values, as `keys_only` answers them, are `InvalidInput` and change nothing, also if keys were set in
    /// them.
    async fn withheld_values_are_refused(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("k", "v")]).await?.meta.id;
        let withheld = fx.get_with(&fx.ann, id, &GetOptions::new().keys_only()).await?.values;
        let mut with_one = withheld.clone();
        with_one.set("new", "w");
        for values in [withheld, with_one] {
            let back = SecretUpdate::new().values(ValuesChange::Replace(values));
            refused(fx.update(&fx.ann, id, back).await, ErrorKind::InvalidInput, "writing keys alone back")?;
        }
        ensure!(fx.get(&fx.ann, id).await?.meta.revision == Revision(1), "the revision moved");
        ensure!(fx.read(id).await? == map(&[("k", "v")]), "the values changed nevertheless");
        Ok(())
    }

    /// What is not there cannot be changed.
    async fn what_is_not_there_is_not_found(s) {
        let fx = Fixture::open(s).await?;
        for update in
            [SecretUpdate::new(), replace(&[]), rename("b")?, SecretUpdate::new().expecting(Revision(1))]
        {
            refused(fx.update(&fx.ann, missing(), update.clone()).await, ErrorKind::NotFound, "by id")?;
            let by_name = fx.store.update(&fx.ann, &named("a", None)?, update).await;
            refused(by_name, ErrorKind::NotFound, "by name")?;
        }
        Ok(())
    }
}
