//! Wraps of keys under root keys.

use super::{
    CatalogSubject,
    fixture::{Fixture, wrap},
};
use crate::refused;
use strongroom_core::ErrorKind;
use strongroom_engine::{WrapRow, crypto::RootId};
use uuid::Uuid;

fn root() -> RootId {
    RootId::from_bytes(Uuid::new_v4().into_bytes())
}

cases! {
    macro __catalog_wraps in catalog, wraps; subject CatalogSubject;

    /// Wraps under another root key are added to those that are there.
    async fn wraps_are_added(s) {
        let fx = Fixture::open(s).await?;
        let (before, second) = (fx.catalog.keys().await?.wraps, root());
        let added: Vec<_> = fx.keys.values().map(|key| wrap(*key, second)).collect();
        fx.catalog.add_wraps(&added).await?;
        let wraps = fx.catalog.keys().await?.wraps;
        ensure!(
            wraps.len() == 10 && before.iter().chain(&added).all(|wrap| wraps.contains(wrap)),
            "one is missing"
        );
        Ok(())
    }

    /// Wraps that are there already stay as they are.
    async fn wraps_that_are_there_stay(s) {
        let fx = Fixture::open(s).await?;
        let before = fx.catalog.keys().await?.wraps;
        let second = root();
        let mut again: Vec<WrapRow> = before.iter().map(|known| wrap(known.key, known.root)).collect();
        again.push(wrap(before[0].key, second));
        fx.catalog.add_wraps(&again).await?;
        let wraps = fx.catalog.keys().await?.wraps;
        ensure!(before.iter().all(|wrap| wraps.contains(wrap)), "one was overwritten");
        ensure!(wraps.len() == 6 && wraps.iter().any(|wrap| wrap.root == second), "the new one is missing");
        Ok(())
    }

    /// All wraps under a root key are dropped and counted, the others stay.
    async fn wraps_are_dropped(s) {
        let fx = Fixture::open(s).await?;
        let second = root();
        let added: Vec<_> = fx.keys.values().map(|key| wrap(*key, second)).collect();
        fx.catalog.add_wraps(&added).await?;
        let dropped = fx.catalog.drop_wraps(fx.root, false).await?;
        ensure!(dropped == 5, "{dropped} of 5 were dropped");
        let wraps = fx.catalog.keys().await?.wraps;
        ensure!(wraps.len() == 5 && added.iter().all(|wrap| wraps.contains(wrap)), "others were dropped");
        Ok(())
    }

    /// The last wrap of a key is never dropped: the answer is `Conflict` and nothing is dropped.
    async fn the_last_wrap_of_a_key_stays(s) {
        let fx = Fixture::open(s).await?;
        refused(fx.catalog.drop_wraps(fx.root, false).await, ErrorKind::Conflict, "dropping all wraps")?;
        let second = root();
        let most: Vec<_> = fx.keys.values().skip(1).map(|key| wrap(*key, second)).collect();
        fx.catalog.add_wraps(&most).await?;
        refused(
            fx.catalog.drop_wraps(fx.root, false).await,
            ErrorKind::Conflict,
            "dropping the last wrap of one key",
        )?;
        ensure!(fx.catalog.keys().await?.wraps.len() == 9, "something was dropped");
        ensure!(fx.catalog.drop_wraps(second, false).await? == 4, "those that are not the last were not dropped");
        Ok(())
    }

    /// A root key that wraps nothing has nothing to drop.
    async fn nothing_is_dropped_of_an_unknown_root(s) {
        let fx = Fixture::open(s).await?;
        ensure!(fx.catalog.drop_wraps(root(), false).await? == 0, "something was dropped");
        ensure!(fx.catalog.keys().await?.wraps.len() == 5, "something was dropped");
        Ok(())
    }
}
