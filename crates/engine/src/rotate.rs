//! Rotating data keys, and root keys.

use crate::{
    Misplaced, Place, WrapRow,
    crypto::{KeyId, KeyKind, RootId},
    deadline::Deadline,
    engine::{Core, Engine},
    ring::RootKeys,
    setup::new_key,
};
use futures::{StreamExt, stream};
use std::{sync::Arc, time::Duration};
use strongroom_core::{Error, ErrorKind, Result};

/// How many versions are moved or sealed again at the same time: enough for them to share commits.
const TOGETHER: usize = 32;
/// How many are listed at once.
const PAGE: u32 = 256;
/// How often a rotation looks again for what was written meanwhile.
const ROUNDS: u32 = 100;

/// What a rotation did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rotated {
    /// The new active key.
    pub new: KeyId,
    /// Versions that were sealed again.
    pub resealed: u64,
    /// Old keys of that kind that were destroyed.
    pub destroyed: Vec<KeyId>,
    /// Old keys of that kind that something still refers to.
    pub kept: Vec<KeyId>,
}

impl Engine {
    /// Makes a new key of that kind active and, for the seal key, seals everything in the catalog again, while others
    /// keep reading and writing. Killed half way it is simply run again. Old keys are destroyed once nothing refers to
    /// them.
    ///
    /// # Errors
    /// Of the catalog and the root key; `Corrupt` if a value cannot be opened, naming the secret; `Unsupported` without
    /// a database; `Conflict` while processes run that were opened with another root key, which they are named with,
    /// unless forced: those that know another one alone read nothing that is written from then on.
    pub async fn rotate(&self, kind: KeyKind, force: bool) -> Result<Rotated> {
        let core = &self.core;
        core.needs_rows("a key that was made now would be forgotten")?;
        core.ring.reload().await?;
        let (key, wrap) = new_key(&**core.ring.roots(), &*core.env, core.namespace(), kind).await?;
        let deadline = Deadline::after(Duration::from_secs(30), &core.env);
        // Other root keys are not at hand to wrap it: they are added again with `add_root`.
        let wraps = [wrap];
        core.certain(&deadline, |_| core.catalog.add_key(&key, &wraps, force)).await?;
        core.ring.reload().await?;
        let mut rotated = Rotated { new: key.id, resealed: 0, destroyed: Vec::new(), kept: Vec::new() };
        for _ in 0..ROUNDS {
            if kind == KeyKind::Seal {
                rotated.resealed += core.reseal(key.id).await?;
            }
            rotated.kept = core.destroy_retiring(kind, &mut rotated.destroyed).await?;
            let inline_left =
                kind == KeyKind::Seal && !rotated.kept.is_empty() && core.left_to_reseal(key.id).await?;
            if !inline_left {
                break;
            }
        }
        core.ring.reload().await?;
        Ok(rotated)
    }

    /// Wraps every data key with another root key too.
    ///
    /// # Errors
    /// Of the catalog and of the root key; `Unsupported` without a database.
    pub async fn add_root(&self, root: &dyn RootKeys) -> Result<u64> {
        let core = &self.core;
        core.needs_rows("what is wrapped with another root key would be forgotten")?;
        core.ring.reload().await?;
        let mut wraps = Vec::new();
        for (id, key) in core.ring.keys().iter() {
            let bytes = root.wrap(core.namespace(), key.row.kind, *id, &key.key).await?;
            wraps.push(WrapRow { key: *id, root: root.id(), bytes });
        }
        core.catalog.add_wraps(&wraps).await?;
        Ok(wraps.len() as u64)
    }

    /// Drops everything that is wrapped with a root key; with `force` also if processes run that were opened with it, which
    /// have to be started anew then.
    ///
    /// # Errors
    /// `Conflict` if some key would be left without a wrap, if this process itself was opened with that root key, or if
    /// others were that still run, naming them.
    pub async fn drop_root(&self, root: RootId, force: bool) -> Result<u64> {
        if root == self.core.ring.roots().id() {
            return Err(Error::new(
                ErrorKind::Conflict,
                "this is the root key in use: configure the other one first, then drop this one",
            )
            .with("root key", root));
        }
        self.core.catalog.drop_wraps(root, force).await
    }
}

impl Core {
    /// Seals inline versions again that are sealed with another key. Versions that changed meanwhile are left to the
    /// next round.
    async fn reseal(self: &Arc<Self>, key: KeyId) -> Result<u64> {
        let (mut resealed, mut after) = (0, None);
        loop {
            let wanted = Misplaced::SealedWithOther(key);
            let rows = self.catalog.versions_to_move(after, PAGE, &wanted).await?;
            let Some(last) = rows.last() else { return Ok(resealed) };
            after = Some((last.meta.id, last.version.uid));
            let inline = rows.into_iter().filter(|row| matches!(row.version.place, Place::Inline { .. }));
            let moves = stream::iter(inline.map(|row| async move {
                let deadline = Deadline::after(Duration::from_secs(60), &self.env);
                self.move_version(&Arc::new(row), None, &deadline).await
            }));
            let mut moves = moves.buffer_unordered(TOGETHER);
            while let Some(moved) = moves.next().await {
                match moved {
                    Ok(moved) => resealed += u64::from(moved),
                    // Deleted or trimmed meanwhile.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    async fn left_to_reseal(&self, key: KeyId) -> Result<bool> {
        let mut after = None;
        loop {
            let rows = self.catalog.versions_to_move(after, PAGE, &Misplaced::SealedWithOther(key)).await?;
            let Some(last) = rows.last() else { return Ok(false) };
            after = Some((last.meta.id, last.version.uid));
            if rows.iter().any(|row| matches!(row.version.place, Place::Inline { .. })) {
                return Ok(true);
            }
        }
    }

    async fn destroy_retiring(&self, kind: KeyKind, destroyed: &mut Vec<KeyId>) -> Result<Vec<KeyId>> {
        let mut kept = Vec::new();
        // Labels in back-ends are made with the digest key of their time, in sealed stores with the seal key, and no row
        // tells which: those keys stay.
        let in_labels = match kind {
            KeyKind::Digest => true,
            KeyKind::Seal => self.stores.values().any(|store| store.sealed),
            KeyKind::Audit | KeyKind::Token | KeyKind::Credential => false,
        };
        for key in self.catalog.keys().await?.keys.into_iter().filter(|key| key.kind == kind && !key.active) {
            if !in_labels && self.catalog.remove_key(key.id).await? {
                destroyed.push(key.id);
            } else {
                kept.push(key.id);
            }
        }
        Ok(kept)
    }
}
