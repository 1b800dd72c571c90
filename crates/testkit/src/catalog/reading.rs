//! Reading rows.

use super::{
    CatalogSubject,
    fixture::{Fixture, facts},
};
use crate::Broken;
use strongroom_core::{Revision, SecretId, SecretName};
use strongroom_engine::{Lookup, NameKey, Place};
use uuid::Uuid;

cases! {
    macro __catalog_reading in catalog, reading; subject CatalogSubject;

    /// A catalog that can be reached and written says so.
    async fn check_succeeds(s) {
        Fixture::open(s).await?.catalog.check().await?;
        Ok(())
    }

    /// Rows are answered one for each lookup, in order: by id and by name, what is not there and what is
    /// asked twice.
    async fn current_answers_each_lookup_in_order(s) {
        let fx = Fixture::open(s).await?;
        let (a, b) = (fx.create("a").await?, fx.create("b").await?);
        let name = |row: &strongroom_engine::Row| Lookup::Name(NameKey::of(&row.meta));
        let missing = Lookup::Id(SecretId(Uuid::new_v4()));
        let unnamed = Lookup::Name(NameKey::new(&SecretName::new("c")?, false, fx.owner));
        let which =
            [name(&b), missing, Lookup::Id(a.meta.id), unnamed, Lookup::Id(b.meta.id), name(&a), name(&b)];
        let rows = fx.catalog.current(&which).await?;
        let ids: Vec<_> = rows.iter().map(|row| row.as_ref().map(|row| row.meta.id)).collect();
        let (a_id, b_id) = (Some(a.meta.id), Some(b.meta.id));
        ensure!(ids == [b_id, None, a_id, None, b_id, a_id, b_id], "the answers are {ids:?}");
        for row in rows.into_iter().flatten() {
            let wanted = if row.meta.id == a.meta.id { &a } else { &b };
            ensure!(facts(&row) == facts(wanted) && row.stamp == wanted.stamp, "a row is {row:?}");
        }
        ensure!(fx.catalog.current(&[]).await?.is_empty(), "an answer to no question");
        Ok(())
    }

    /// Rows are answered for any number of lookups at once.
    async fn current_answers_many_lookups(s) {
        let fx = Fixture::open(s).await?;
        let mut which = Vec::new();
        for n in 0..40 {
            which.push(Lookup::Id(fx.create(&format!("secret {n}")).await?.meta.id));
            which.extend((0..20).map(|_| Lookup::Id(SecretId(Uuid::new_v4()))));
        }
        let rows = fx.catalog.current(&which).await?;
        ensure!(rows.len() == which.len(), "{} answers to {} questions", rows.len(), which.len());
        for (lookup, row) in which.iter().zip(&rows) {
            let right = row.as_ref().is_none_or(|row| Lookup::Id(row.meta.id) == *lookup);
            ensure!(right, "an answer is in the place of another");
        }
        ensure!(rows.iter().flatten().count() == 40, "{} of 40 rows", rows.iter().flatten().count());
        let ids: Vec<_> =
            which.iter().filter_map(|l| if let Lookup::Id(id) = l { Some(*id) } else { None }).collect();
        let stamps = fx.catalog.stamps(&ids).await?;
        let same = stamps.iter().zip(&rows).all(|(stamp, row)| *stamp == row.as_ref().map(|row| row.stamp));
        ensure!(stamps.len() == rows.len() && same, "the stamps are not those of the rows");
        Ok(())
    }

    /// The name that is looked up is compared as bytes and in its own space, public or an owner's.
    async fn names_are_looked_up_in_their_space(s) {
        let fx = Fixture::open(s).await?;
        let public = fx.create("db").await?.meta.id;
        let private = fx.done(&fx.creation("db", true, fx.other)?).await?.meta.id;
        let look = |name: &str, private, owner| {
            Ok::<_, Broken>(NameKey::new(&SecretName::new(name)?, private, owner))
        };
        for (key, wanted) in [
            (look("db", false, fx.owner)?, Some(public)),
            (look("db", false, fx.third)?, Some(public)),
            (look("db", true, fx.other)?, Some(private)),
            (look("db", true, fx.owner)?, None),
            (look("DB", false, fx.owner)?, None),
            (look("db ", false, fx.owner)?, None),
        ] {
            let found = fx.catalog.current(&[Lookup::Name(key.clone())]).await?.pop().flatten();
            ensure!(found.map(|row| row.meta.id) == wanted, "{key:?} finds another row");
        }
        Ok(())
    }

    /// Inline payloads come with the row, byte for byte.
    async fn inline_payloads_come_with_the_row(s) {
        let fx = Fixture::open(s).await?;
        for size in [1, 255, 256, 65_535, 65_536, 200_000] {
            let sealed: Vec<u8> = (0..size).map(|n| u8::try_from(n % 256).unwrap_or(0)).collect();
            let mut commit = fx.creation(&format!("{size}"), false, fx.owner)?;
            let Some(version) = &mut commit.version else { continue };
            if let Place::Inline { sealed: bytes, .. } = &mut version.place {
                bytes.clone_from(&sealed);
            }
            version.size = u32::try_from(size).unwrap_or(u32::MAX);
            fx.done(&commit).await?;
            let place = fx.row(commit.secret).await?.map(|row| row.version.place);
            let kept = matches!(&place, Some(Place::Inline { sealed: kept, .. }) if *kept == sealed);
            ensure!(kept, "{size} bytes came back changed");
        }
        Ok(())
    }

    /// Everything of an external version comes with the row.
    async fn external_places_come_with_the_row(s) {
        let fx = Fixture::open(s).await?;
        let (mut commit, object) =
            (fx.creation("a", false, fx.owner)?, strongroom_core::ObjectId(Uuid::new_v4()));
        let attempt = fx.attempt(commit.secret, None, object);
        fx.begun(&attempt).await?;
        let at = "Ä/%_".repeat(42);
        fx.attach(&mut commit, &attempt, &at);
        fx.done(&commit).await?;
        let Some(row) = fx.row(commit.secret).await? else { return Err(Broken("it is not there".into())) };
        let (wanted, got) = (commit.version.as_ref(), &row.version);
        let Some(wanted) = wanted else { return Ok(()) };
        ensure!(got.place == wanted.place && got.digest == wanted.digest, "place or digest is {got:?}");
        ensure!(
            got.uid == wanted.uid && got.key == wanted.key && got.size == wanted.size,
            "the version is {got:?}"
        );
        Ok(())
    }

    /// Equal stamps mean an equal row: every change moves the stamp, and nothing else does.
    async fn every_change_moves_the_stamp(s) {
        let fx = Fixture::open(s).await?;
        let (other, first) = (fx.create("other").await?, fx.create("a").await?);
        let mut seen = vec![first.stamp];
        let mut row = first;
        let changes = [fx.edit(&row), fx.renaming(&row, "b")?, fx.publishing(&row, true), fx.writing(&row)];
        for change in changes {
            row = fx.done(&change).await?;
            ensure!(row.stamp.change == change.change, "the stamp does not name the change");
            ensure!(!seen.contains(&row.stamp), "a change left the stamp as it was");
            let read = fx.catalog.stamps(&[other.meta.id, row.meta.id, SecretId(Uuid::new_v4())]).await?;
            ensure!(read == [Some(other.stamp), Some(row.stamp), None], "the stamps are {read:?}");
            seen.push(row.stamp);
        }
        Ok(())
    }

    /// The newest kept version at or below a revision is answered in place of the current one.
    async fn a_version_is_found_by_revision(s) {
        let fx = Fixture::open(s).await?;
        let one = fx.create("a").await?;
        let two = fx.done(&fx.edit(&one)).await?;
        let three = fx.done(&fx.writing(&two)).await?;
        for (as_of, wanted) in [(1, &one), (2, &one), (3, &three), (4, &three), (1_000_000, &three)] {
            let Some(row) = fx.catalog.version(one.meta.id, Revision(as_of)).await? else {
                return Err(Broken(format!("at {as_of} there is none")));
            };
            ensure!(
                row.meta == three.meta && row.stamp == three.stamp,
                "at {as_of} the secret is {:?}",
                row.meta
            );
            ensure!(row.version.uid == wanted.version.uid, "at {as_of} it is another version");
            ensure!(row.version.place == wanted.version.place, "at {as_of} the payload is another one");
        }
        ensure!(
            fx.catalog.version(one.meta.id, Revision(0)).await?.is_none(),
            "there is a version before the first"
        );
        let missing = fx.catalog.version(SecretId(Uuid::new_v4()), Revision(1)).await?;
        ensure!(missing.is_none(), "there is a version of nothing");
        Ok(())
    }

    /// The kept versions are answered newest first, and one of them is current.
    async fn history_is_newest_first(s) {
        let fx = Fixture::open(s).await?;
        let one = fx.create("a").await?;
        let three = fx.done(&fx.writing(&fx.done(&fx.edit(&one)).await?)).await?;
        let last = fx.done(&fx.edit(&three)).await?;
        let Some((meta, heads)) = fx.catalog.history(one.meta.id).await? else {
            return Err(Broken("it is not there".into()));
        };
        ensure!(meta == last.meta, "the secret is {meta:?}");
        let short: Vec<_> = heads.iter().map(|head| (head.uid, head.revision.0, head.current)).collect();
        ensure!(
            short == [(three.version.uid, 3, true), (one.version.uid, 1, false)],
            "the versions are {heads:?}"
        );
        ensure!(
            fx.catalog.history(SecretId(Uuid::new_v4())).await?.is_none(),
            "there is a history of nothing"
        );
        Ok(())
    }
}
