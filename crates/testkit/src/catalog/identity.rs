//! Whose catalog it is.

use super::{
    CatalogSubject,
    fixture::{account, new_identity},
};
use crate::{Broken, together};
use strongroom_engine::{NewIdentity, crypto::KeyKind};

cases! {
    macro __catalog_identity in catalog, identity; subject CatalogSubject;

    /// A catalog that was never claimed belongs to nobody and has no keys.
    async fn an_empty_catalog_is_nobodys(s) {
        let catalog = s.open(&[]).await?;
        ensure!(catalog.identity().await?.is_none(), "it belongs to somebody");
        ensure!(catalog.keys().await?.keys.is_empty(), "it has keys");
        Ok(())
    }

    /// A claimed catalog tells whose it is, and has the keys and wraps that it was claimed with.
    async fn a_claimed_catalog_tells_whose_it_is(s) {
        let catalog = s.open(&[]).await?;
        let new = new_identity(account("owner", "The Owner"));
        let identity = catalog.initialise(&new).await?;
        ensure!(identity.namespace == new.namespace && identity.root == new.root, "{identity:?}");
        ensure!(identity.owner == new.owner, "{identity:?}");
        ensure!(
            catalog.identity().await?.as_ref() == Some(&identity),
            "it was answered differently from what it is"
        );
        let keys = catalog.keys().await?;
        ensure!(
            keys.keys.len() == KeyKind::ALL.len() && keys.keys.iter().all(|key| key.active),
            "{:?}",
            keys.keys
        );
        for key in &new.keys {
            ensure!(
                keys.keys.iter().any(|k| (k.id, k.kind) == (key.id, key.kind)),
                "the {} key is missing",
                key.kind
            );
        }
        same_wraps(&keys.wraps, &new)
    }

    /// A catalog is claimed once: who comes later is answered whose it is, and changes nothing.
    async fn who_comes_later_changes_nothing(s) {
        let catalog = s.open(&[]).await?;
        let (first, second) = (new_identity(account("first", "")), new_identity(account("second", "")));
        let identity = catalog.initialise(&first).await?;
        let answer = catalog.initialise(&second).await?;
        ensure!(answer == identity, "it was answered {answer:?}");
        ensure!(catalog.identity().await? == Some(identity), "it belongs to somebody else now");
        same_wraps(&catalog.keys().await?.wraps, &first)
    }

    /// Of 32 processes that claim it at the same time one does; all are answered the same, and its keys alone
    /// are there.
    async fn of_racing_claims_one_wins(s) {
        let catalog = s.open(&[]).await?;
        let news: Vec<_> = (0..32).map(|n| new_identity(account(&format!("owner{n}"), ""))).collect();
        let answers = together(news.clone().into_iter().map(|new| {
            let catalog = catalog.clone();
            async move { catalog.initialise(&new).await }
        }))
        .await?;
        let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        let Some(identity) = catalog.identity().await? else { return Err(Broken("nobody won".into())) };
        ensure!(answers.iter().all(|answer| *answer == identity), "they were answered differently");
        let Some(winner) = news.iter().find(|new| new.namespace == identity.namespace) else {
            return Err(Broken("it belongs to nobody who claimed it".into()));
        };
        ensure!(winner.root == identity.root && winner.owner == identity.owner, "it is a mixture of two");
        let keys = catalog.keys().await?.keys;
        ensure!(keys.len() == KeyKind::ALL.len(), "there are {} keys", keys.len());
        same_wraps(&catalog.keys().await?.wraps, winner)
    }
}

fn same_wraps(wraps: &[strongroom_engine::WrapRow], new: &NewIdentity) -> crate::Outcome {
    ensure!(wraps.len() == new.wraps.len(), "there are {} wraps", wraps.len());
    ensure!(new.wraps.iter().all(|wrap| wraps.contains(wrap)), "a wrap has changed");
    Ok(())
}
