//! Rotating data keys, and root keys.

use crate::{
    Lost, Misplaced, Place, Row, WrapRow,
    compare::is_damage,
    crypto::{KeyId, KeyKind, RootId},
    deadline::Deadline,
    engine::{Core, Engine},
    ring::RootKeys,
    setup::new_key,
};
use futures::{StreamExt, stream};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use strongroom_core::{Error, ErrorKind, Result, VersionUid};

/// How many versions are moved or sealed again at the same time: enough for them to share commits.
const TOGETHER: usize = 32;
/// How long one of them may take.
const TIME: Duration = Duration::from_secs(60);
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
    /// Versions that could not be sealed again, since they cannot be opened: their keys stay.
    pub damaged: Vec<Lost>,
    /// Root keys that open something, but not the new key, which was not wrapped with them, for they were not at hand.
    pub without: Vec<RootId>,
}

impl Engine {
    /// Makes a new key of that kind active and, for the seal key, seals everything in the catalog again, while others
    /// keep reading and writing. Killed half way it is simply run again. Old keys are destroyed once nothing refers to
    /// them. What cannot be opened stays as it is and is told of; the rest goes on.
    ///
    /// # Errors
    /// Of the catalog and the root key; `Unsupported` without a database; `Conflict` while processes run that were opened
    /// with another root key, which they are named with, unless forced: those that know another one alone read nothing that
    /// is written from then on.
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
        let mut rotated = Rotated {
            new: key.id,
            resealed: 0,
            destroyed: Vec::new(),
            kept: Vec::new(),
            damaged: Vec::new(),
            without: Vec::new(),
        };
        let mut resealing = Resealing::default();
        for _ in 0..ROUNDS {
            if kind == KeyKind::Seal {
                core.reseal(key.id, &mut resealing).await?;
            }
            rotated.kept = core.destroy_retiring(kind, &mut rotated.destroyed).await?;
            // Whoever made a newer key meanwhile seals with that what is left, as we do since.
            let newest = core.ring.active(kind).is_ok_and(|active| active.row.id == key.id);
            let inline_left = kind == KeyKind::Seal
                && newest
                && !rotated.kept.is_empty()
                && core.left_to_reseal(key.id, &resealing.given_up).await?;
            if !inline_left {
                break;
            }
        }
        (rotated.resealed, rotated.damaged) = (resealing.done, resealing.damaged);
        let keys = core.catalog.keys().await?;
        let opens = |root: &RootId| keys.wraps.iter().any(|wrap| wrap.key == key.id && wrap.root == *root);
        rotated.without = keys.opened_by().into_keys().filter(|root| !opens(root)).collect();
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
    /// `NotFound` if it opens nothing here; `Conflict` if some key would be left without a wrap, if this process itself was
    /// opened with that root key, or if others were that still run, naming them.
    pub async fn drop_root(&self, root: RootId, force: bool) -> Result<u64> {
        if root == self.core.ring.roots().id() {
            return Err(Error::new(
                ErrorKind::Conflict,
                "this is the root key in use: configure the other one first, then drop this one",
            )
            .with("root key", root));
        }
        if !self.core.catalog.keys().await?.opened_by().contains_key(&root) {
            let text =
                "no data key is wrapped with this root key: `strongroom status` shows those that there are";
            return Err(Error::new(ErrorKind::NotFound, text).with("root key", root));
        }
        self.core.catalog.drop_wraps(root, force).await
    }
}

/// What was sealed again.
#[derive(Default)]
struct Resealing {
    done: u64,
    damaged: Vec<Lost>,
    /// Those that are damaged: nothing more is tried.
    given_up: BTreeSet<VersionUid>,
}

fn is_left(row: &Row, given_up: &BTreeSet<VersionUid>) -> bool {
    matches!(row.version.place, Place::Inline { .. }) && !given_up.contains(&row.version.uid)
}

impl Core {
    /// Seals inline versions again that are sealed with another key. Versions that changed meanwhile are left to the
    /// next round.
    async fn reseal(self: &Arc<Self>, key: KeyId, resealing: &mut Resealing) -> Result<()> {
        let mut walk = self.walk(Misplaced::SealedWithOther(key), None);
        while let Some(rows) = walk.next().await? {
            let inline = rows.into_iter().filter(|row| is_left(row, &resealing.given_up)).map(Arc::new);
            let inline: Vec<_> = inline.collect();
            let moves = stream::iter(inline.into_iter().map(|row| async move {
                let deadline = Deadline::after(TIME, &self.env);
                let moved = self.move_version(&row, None, &deadline).await;
                (row, moved)
            }));
            let mut moves = moves.buffer_unordered(TOGETHER);
            while let Some((row, moved)) = moves.next().await {
                match moved {
                    Ok(moved) => resealing.done += u64::from(moved),
                    // Deleted or trimmed meanwhile.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    // One that nobody can open keeps no other from a new key.
                    Err(error) if is_damage(&error) => {
                        // Unless it is our key that is gone, which ends the rotation.
                        self.ring.active(KeyKind::Seal)?;
                        let deadline = Deadline::after(TIME, &self.env);
                        if let Some(damaged) = self.as_lost(&row, &error, &deadline).await? {
                            resealing.given_up.insert(row.version.uid);
                            resealing.damaged.push(damaged);
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    async fn left_to_reseal(&self, key: KeyId, given_up: &BTreeSet<VersionUid>) -> Result<bool> {
        let mut walk = self.walk(Misplaced::SealedWithOther(key), None);
        while let Some(rows) = walk.next().await? {
            if rows.iter().any(|row| is_left(row, given_up)) {
                return Ok(true);
            }
        }
        Ok(false)
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
