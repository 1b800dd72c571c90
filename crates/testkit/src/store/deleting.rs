//! Deleting.

use super::{
    StoreSubject,
    fixture::{Fixture, map, missing, named, replace},
};
use crate::{refused, together};
use strongroom_core::{ErrorKind, GetOptions, Revision};

cases! {
    macro __store_deleting in store, deleting; subject StoreSubject;

    /// A deleted secret is gone with its history, by id and by name, through any process.
    async fn a_deleted_secret_is_gone(s) {
        let fx = Fixture::open(s).await?;
        let other = Fixture { store: s.another().await?, ann: fx.ann.clone(), ben: fx.ben.clone() };
        let id = fx.create("a", &[("k", "v")]).await?.meta.id;
        fx.update(&fx.ann, id, replace(&[("k", "w")])).await?;
        other.read(id).await?;
        fx.store.delete(&fx.ann, &id.into(), None).await?;
        for fx in [&fx, &other] {
            refused(fx.get(&fx.ann, id).await, ErrorKind::NotFound, "reading it")?;
            refused(fx.get(&fx.ann, named("a", None)?).await, ErrorKind::NotFound, "reading it by name")?;
            let past = fx.get_with(&fx.ann, id, &GetOptions::new().as_of(Revision(1))).await;
            refused(past, ErrorKind::NotFound, "reading its past")?;
            refused(fx.store.versions(&fx.ann, &id.into()).await, ErrorKind::NotFound, "its versions")?;
            refused(fx.update(&fx.ann, id, replace(&[])).await, ErrorKind::NotFound, "changing it")?;
            refused(
                fx.store.delete(&fx.ann, &id.into(), None).await,
                ErrorKind::NotFound,
                "deleting it again",
            )?;
        }
        Ok(())
    }

    /// Its name is free at once, and what takes it is another secret without that past.
    async fn its_name_is_free_at_once(s) {
        let fx = Fixture::open(s).await?;
        for n in 0..3 {
            let value = n.to_string();
            let secret = fx.create("a", &[("n", &value)]).await?;
            ensure!(secret.meta.revision == Revision(1), "{:?}", secret.meta);
            ensure!(
                fx.read(secret.meta.id).await? == map(&[("n", &value)]),
                "it has the values of the former one"
            );
            fx.store.delete(&fx.ann, &named("a", None)?, None).await?;
        }
        Ok(())
    }

    /// A stale `expected` is `Conflict` and deletes nothing.
    async fn a_stale_expectation_deletes_nothing(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("k", "v")]).await?.meta.id;
        fx.update(&fx.ann, id, replace(&[("k", "w")])).await?;
        for expected in [0, 1, 3] {
            let answer = fx.store.delete(&fx.ann, &id.into(), Some(Revision(expected))).await;
            refused(answer, ErrorKind::Conflict, "a stale deletion")?;
        }
        ensure!(fx.read(id).await? == map(&[("k", "w")]), "it changed");
        fx.store.delete(&fx.ann, &id.into(), Some(Revision(2))).await?;
        Ok(())
    }

    /// What is not there cannot be deleted.
    async fn what_is_not_there_is_not_found(s) {
        let fx = Fixture::open(s).await?;
        refused(fx.store.delete(&fx.ann, &missing().into(), None).await, ErrorKind::NotFound, "by id")?;
        let by_name = fx.store.delete(&fx.ann, &named("a", None)?, None).await;
        refused(by_name, ErrorKind::NotFound, "by name")
    }

    /// By name, the public secret is meant unless asked otherwise; the other one stays.
    async fn by_name_the_public_one_is_deleted(s) {
        let fx = Fixture::open(s).await?;
        let private = fx.create_as(&fx.ann, "db", true, &[("k", "private")]).await?.meta.id;
        let public = fx.create("db", &[]).await?.meta.id;
        fx.store.delete(&fx.ann, &named("db", None)?, None).await?;
        refused(fx.get(&fx.ann, public).await, ErrorKind::NotFound, "the public one")?;
        ensure!(fx.read(private).await? == map(&[("k", "private")]), "the private one changed");
        fx.store.delete(&fx.ann, &named("db", Some(true))?, None).await?;
        refused(fx.get(&fx.ann, private).await, ErrorKind::NotFound, "the private one")
    }

    /// Of racing deletions one succeeds; the others find nothing.
    async fn of_racing_deletions_one_succeeds(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[]).await?.meta.id;
        let answers = together((0..8).map(|_| {
            let (store, cx) = (fx.store.clone(), fx.ann.clone());
            async move { store.delete(&cx, &id.into(), None).await }
        }))
        .await?;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        ensure!(won.len() == 1, "{} succeeded", won.len());
        for answer in lost {
            refused(answer, ErrorKind::NotFound, "a loser")?;
        }
        Ok(())
    }
}
