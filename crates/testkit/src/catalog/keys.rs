//! Data keys.

use super::{
    CatalogSubject,
    fixture::{Fixture, new_key, wrap},
};
use std::sync::Arc;
use strongroom_core::{ObjectId, SecretId};
use strongroom_engine::{
    Auditor, Commit, KeyRow, LOCAL_CHAIN,
    crypto::{DataKey, KeyId, KeyKind},
};
use uuid::Uuid;

/// Makes a fresh key of this kind the active one; answers the key.
async fn rotate(fx: &Fixture, kind: KeyKind) -> Result<KeyRow, crate::Broken> {
    let key = new_key(kind);
    fx.catalog.add_key(&key, &[wrap(key.id, fx.root)], false).await?;
    Ok(key)
}

/// Requires that a key is there with its wraps and cannot be removed.
async fn stays(fx: &Fixture, id: KeyId, why: &str) -> crate::Outcome {
    ensure!(!fx.catalog.remove_key(id).await?, "a key was removed though {why}");
    let keys = fx.catalog.keys().await?;
    let there = keys.keys.iter().any(|key| key.id == id) && keys.wraps.iter().any(|wrap| wrap.key == id);
    ensure!(there, "it is gone or without its wrap though {why}");
    Ok(())
}

cases! {
    macro __catalog_keys in catalog, keys; subject CatalogSubject;

    /// A key that is added is the active one of its kind, and the former one is retiring; other kinds stay.
    async fn an_added_key_is_active(s) {
        let fx = Fixture::open(s).await?;
        for kind in KeyKind::ALL {
            let key = rotate(&fx, kind).await?;
            let keys = fx.catalog.keys().await?;
            for kind in KeyKind::ALL {
                let active = keys.keys.iter().filter(|key| key.kind == kind && key.active).count();
                ensure!(active == 1, "{active} {kind} keys are active");
            }
            let state = |id| keys.keys.iter().find(|key| key.id == id).map(|key| key.active);
            ensure!(state(key.id) == Some(true) && state(fx.keys[&kind]) == Some(false), "{:?}", keys.keys);
            ensure!(keys.wraps.iter().any(|wrap| wrap.key == key.id), "its wrap is missing");
        }
        Ok(())
    }

    /// Keys are listed oldest first, with the time at which they were added.
    async fn keys_are_listed_oldest_first(s) {
        let fx = Fixture::open(s).await?;
        let mut added = Vec::new();
        for _ in 0..3 {
            s.sleep(std::time::Duration::from_millis(5)).await;
            added.push(rotate(&fx, KeyKind::Seal).await?.id);
        }
        let keys = fx.catalog.keys().await?.keys;
        ensure!(keys.is_sorted_by_key(|key| key.created), "{keys:?}");
        let last: Vec<_> = keys.iter().skip(5).map(|key| key.id).collect();
        ensure!(last == added, "they are listed in another order: {keys:?}");
        ensure!(keys.iter().all(|key| key.created.0 > 0), "a time is missing");
        Ok(())
    }

    /// A key that is active is never removed, used or not.
    async fn an_active_key_stays(s) {
        let fx = Fixture::open(s).await?;
        for kind in KeyKind::ALL {
            stays(&fx, fx.keys[&kind], "it is active").await?;
        }
        Ok(())
    }

    /// A retiring key that nothing refers to is removed with its wraps.
    async fn an_unused_key_is_removed_with_its_wraps(s) {
        let fx = Fixture::open(s).await?;
        for kind in KeyKind::ALL {
            rotate(&fx, kind).await?;
            let old = fx.keys[&kind];
            ensure!(fx.catalog.remove_key(old).await?, "the {kind} key was not removed");
            let keys = fx.catalog.keys().await?;
            ensure!(keys.keys.iter().all(|key| key.id != old), "the {kind} key is still there");
            ensure!(keys.wraps.iter().all(|wrap| wrap.key != old), "its wrap is still there");
        }
        Ok(())
    }

    /// A seal key stays while a version is sealed with it: an inline one, an external one, one of the past.
    async fn a_seal_key_stays_while_versions_need_it(s) {
        let fx = Fixture::open(s).await?;
        let old = fx.keys[&KeyKind::Seal];
        let (inline, external) = (fx.create("a").await?, fx.create_external("b").await?);
        let new = rotate(&fx, KeyKind::Seal).await?.id;
        stays(&fx, old, "two versions are sealed with it").await?;
        fx.catalog.delete(&fx.deletion(&external)).await?;
        stays(&fx, old, "an inline version is sealed with it").await?;
        let mut commit = fx.writing(&inline);
        if let Some(version) = &mut commit.version {
            version.key = Some(new);
        }
        let inline = fx.done(&commit).await?;
        stays(&fx, old, "a version of the past is sealed with it").await?;
        let mut commit = fx.writing(&inline);
        if let Some(version) = &mut commit.version {
            version.key = Some(new);
        }
        fx.done(&Commit { history: 1, ..commit }).await?;
        fx.catalog.forget_pending().await?;
        ensure!(fx.catalog.remove_key(old).await?, "it was not removed though nothing needs it any more");
        Ok(())
    }

    /// A seal key stays while a pending row may need it to tell what it finds.
    async fn a_seal_key_stays_while_attempts_need_it(s) {
        let fx = Fixture::open(s).await?;
        let attempt = fx.attempt(SecretId(Uuid::new_v4()), None, ObjectId(Uuid::new_v4()));
        fx.begun(&attempt).await?;
        rotate(&fx, KeyKind::Seal).await?;
        stays(&fx, fx.keys[&KeyKind::Seal], "an attempt is open").await?;
        fx.catalog.abandon(attempt.uid, None, super::fixture::LONG).await?;
        stays(&fx, fx.keys[&KeyKind::Seal], "an attempt's remains are not cleaned up").await?;
        fx.catalog.forget_pending().await?;
        ensure!(fx.catalog.remove_key(fx.keys[&KeyKind::Seal]).await?, "it was not removed afterwards");
        Ok(())
    }

    /// A digest key stays while a version's digest was made with it.
    async fn a_digest_key_stays_while_versions_need_it(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create_external("a").await?;
        let old = fx.keys[&KeyKind::Digest];
        rotate(&fx, KeyKind::Digest).await?;
        stays(&fx, old, "a version's digest was made with it").await?;
        fx.catalog.delete(&fx.deletion(&row)).await?;
        fx.catalog.forget_pending().await?;
        ensure!(fx.catalog.remove_key(old).await?, "it was not removed afterwards");
        Ok(())
    }

    /// A digest key stays while it may be needed to tell what an attempt has left.
    async fn a_digest_key_stays_while_attempts_need_it(s) {
        let fx = Fixture::open(s).await?;
        let attempt = fx.attempt(SecretId(Uuid::new_v4()), None, ObjectId(Uuid::new_v4()));
        fx.begun(&attempt).await?;
        rotate(&fx, KeyKind::Digest).await?;
        stays(&fx, fx.keys[&KeyKind::Digest], "an attempt's digest was made with it").await?;
        fx.catalog.forget_pending().await?;
        ensure!(fx.catalog.remove_key(fx.keys[&KeyKind::Digest]).await?, "it was not removed afterwards");
        Ok(())
    }

    /// An audit key stays while an entry of the log has a MAC under it.
    async fn an_audit_key_stays_while_the_log_needs_it(s) {
        let fx = Fixture::open(s).await?;
        fx.create("a").await?;
        let new = rotate(&fx, KeyKind::Audit).await?.id;
        stays(&fx, fx.keys[&KeyKind::Audit], "the log needs it").await?;
        let auditor = Arc::new(Auditor::new(LOCAL_CHAIN, new, Arc::new(DataKey::generate()?)));
        fx.done(&Commit { auditor, ..fx.creation("b", false, fx.owner)? }).await?;
        stays(&fx, fx.keys[&KeyKind::Audit], "the log needs it").await
    }
}
