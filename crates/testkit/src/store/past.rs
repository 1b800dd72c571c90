//! The past of a secret.

use super::{
    StoreSubject,
    fixture::{Fixture, at, map, missing, plain, rename, replace},
};
use crate::{Outcome, refused};
use strongroom_core::{
    Context, ErrorKind, GetOptions, Result, Revision, SecretId, SecretUpdate, ValuesChange,
};

fn as_of(revision: u64) -> GetOptions {
    GetOptions::new().as_of(Revision(revision))
}

/// The revisions of the kept versions, in the order of the answer.
async fn kept(fx: &Fixture, cx: &Context, id: SecretId) -> Result<Vec<u64>> {
    let versions = fx.store.versions(cx, &id.into()).await?;
    Ok(versions.iter().map(|version| version.revision.0).collect())
}

/// Whether a store keeps what it has to of all these, newest first, and nothing else.
fn are_kept<T: PartialEq>(s: &dyn StoreSubject, kept: &[T], all: &[T]) -> bool {
    kept.len() >= s.history().min(all.len()) && all.starts_with(kept)
}

/// Requires that Ben finds nothing of Ann's first version, which she wrote while the secret was private.
async fn is_hidden(fx: &Fixture, id: SecretId) -> Outcome {
    refused(fx.get_with(&fx.ben, id, &as_of(1)).await, ErrorKind::NotFound, "another's private past")?;
    let keys = fx.get_with(&fx.ben, id, &as_of(1).keys_only()).await;
    refused(keys, ErrorKind::NotFound, "the keys of another's private past")?;
    let restore = SecretUpdate::new().values(ValuesChange::Restore(Revision(1)));
    refused(fx.update(&fx.ben, id, restore).await, ErrorKind::NotFound, "restoring another's private past")
}

cases! {
    macro __store_past in store, past; subject StoreSubject;

    /// The kept versions are answered newest first, and one of them is current.
    async fn versions_are_newest_first(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("n", "1")]).await?.meta.id;
        fx.update(&fx.ann, id, replace(&[("n", "2")])).await?;
        fx.update(&fx.ann, id, rename("b")?).await?;
        fx.update(&fx.ann, id, replace(&[("n", "4")])).await?;
        let versions = fx.store.versions(&fx.ann, &id.into()).await?;
        let facts: Vec<_> = versions.iter().map(|version| (version.revision.0, version.current)).collect();
        ensure!(are_kept(s, &facts, &[(4, true), (2, false), (1, false)]), "{versions:?}");
        ensure!(versions.is_sorted_by(|a, b| a.created >= b.created), "{versions:?}");
        refused(
            fx.store.versions(&fx.ann, &missing().into()).await,
            ErrorKind::NotFound,
            "the past of nothing",
        )
    }

    /// `as_of` answers the newest kept version at or below that revision; if none is kept of that time, or the
    /// revision is yet to come, that is `NotFound`.
    async fn as_of_answers_the_version_of_then(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("n", "1")]).await?.meta.id;
        fx.update(&fx.ann, id, rename("b")?).await?;
        fx.update(&fx.ann, id, replace(&[("n", "3")])).await?;
        for (revision, version) in [(1, 1), (2, 1), (3, 3)] {
            let read = fx.get_with(&fx.ann, id, &as_of(revision)).await?;
            let value = version.to_string();
            ensure!(
                plain(&read.values) == map(&[("n", &value)]),
                "as of {revision} the values are other ones"
            );
            ensure!(read.version == Revision(version), "as of {revision} it is version {}", read.version);
            ensure!(read.meta.name.as_str() == "b" && read.meta.revision == Revision(3), "{:?}", read.meta);
        }
        for (revision, what) in [(0, "the version before the first"), (4, "what does not exist yet")] {
            refused(fx.get_with(&fx.ann, id, &as_of(revision)).await, ErrorKind::NotFound, what)?;
        }
        Ok(())
    }

    /// `Restore` writes a kept version once more, as a new one; if none is kept, `NotFound` and nothing
    /// changes.
    async fn restore_writes_a_kept_version_once_more(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("n", "1"), ("old", "x")]).await?.meta.id;
        fx.update(&fx.ann, id, replace(&[("n", "2")])).await?;
        let restore = |revision| SecretUpdate::new().values(ValuesChange::Restore(Revision(revision)));
        at(fx.update(&fx.ben, id, restore(1)).await, 3)?;
        ensure!(fx.read(id).await? == map(&[("n", "1"), ("old", "x")]), "other values were restored");
        let kept = kept(&fx, &fx.ann, id).await?;
        ensure!(are_kept(s, &kept, &[3, 2, 1]), "{kept:?} are kept");
        for (revision, what) in [(0, "what is not kept"), (4, "what does not exist yet")] {
            refused(fx.update(&fx.ann, id, restore(revision)).await, ErrorKind::NotFound, what)?;
        }
        let now = fx.get(&fx.ann, id).await?.meta;
        ensure!(now.revision == Revision(3), "it changed nevertheless: {now:?}");
        Ok(())
    }

    /// Versions from a time when the secret was private are invisible to all but its owner.
    async fn a_private_past_is_its_owners(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create_as(&fx.ann, "a", true, &[("n", "1")]).await?.meta.id;
        fx.update(&fx.ann, id, replace(&[("n", "2")])).await?;
        fx.update(&fx.ann, id, SecretUpdate::new().private(false)).await?;
        let past = fx.get_with(&fx.ann, id, &as_of(1)).await?;
        ensure!(plain(&past.values) == map(&[("n", "1")]), "the owner does not see it");
        is_hidden(&fx, id).await?;
        fx.update(&fx.ann, id, replace(&[("n", "4")])).await?;
        let anns = kept(&fx, &fx.ann, id).await?;
        ensure!(are_kept(s, &anns, &[4, 2, 1]), "{anns:?}");
        ensure!(kept(&fx, &fx.ben, id).await? == [4, 2], "others see {:?}", kept(&fx, &fx.ben, id).await?);
        is_hidden(&fx, id).await?;
        ensure!(
            plain(&fx.get_with(&fx.ben, id, &as_of(3)).await?.values) == map(&[("n", "2")]),
            "another version"
        );
        Ok(())
    }

    /// Dropped history is gone, the current version never is.
    async fn the_current_version_is_always_kept(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("n", "1")]).await?.meta.id;
        for n in 2..=30 {
            fx.update(&fx.ann, id, replace(&[("n", &n.to_string())])).await?;
        }
        let kept = kept(&fx, &fx.ann, id).await?;
        ensure!(kept.first() == Some(&30) && kept.len() >= s.history().min(30), "{kept:?} are kept");
        for revision in kept {
            let read = fx.get_with(&fx.ann, id, &as_of(revision)).await?;
            ensure!(
                plain(&read.values) == map(&[("n", &revision.to_string())]),
                "version {revision} is another one"
            );
        }
        Ok(())
    }
}
