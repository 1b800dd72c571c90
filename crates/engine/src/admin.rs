//! What operators do: look, rotate keys, repair.

use crate::{
    Debris, KeyRow, Misplaced, Pending, Place, StoreName, Summary, WrapRow,
    crypto::{KeyId, KeyKind, RootId},
    deadline::Deadline,
    engine::{Core, Engine},
    labels::{self, LabelRecord},
    ring::RootKeys,
    setup::new_key,
};
use futures::{StreamExt, stream};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use strongroom_core::{
    BackendInfo, Error, ErrorKind, Labels, NamespaceId, ObjectId, Result, SecretId, VersionRef,
};

/// How many versions are moved or sealed again at the same time: enough for them to share commits.
const TOGETHER: usize = 32;
/// How many are listed at once.
const PAGE: u32 = 256;
/// How often a rotation looks again for what was written meanwhile.
const ROUNDS: u32 = 100;

/// What `status` tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Numbers of the catalog.
    pub summary: Summary,
    /// The data keys, oldest first.
    pub keys: Vec<KeyRow>,
    /// The root keys that open them, with the number of keys that each opens.
    pub roots: Vec<(RootId, u64)>,
    /// The deployment's namespace.
    pub namespace: NamespaceId,
    /// The stores: name, what is known of each, whether values are sealed there, whether new values go there.
    pub stores: Vec<(StoreName, BackendInfo, bool, bool)>,
}

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

/// What to repair besides the usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairOptions {
    /// The catalog was restored from a dump or cloned: its pending rows are forgotten before anything is removed.
    pub restored: bool,
    /// Remove what no row explains.
    pub remove_foreign: bool,
}

/// What a repair found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairReport {
    /// Attempts whose lock was taken away.
    pub fenced: u64,
    /// Rows about garbage that were worked on.
    pub worked: u64,
    /// Rows that could not be worked on, because a service did not answer.
    pub failed: u64,
    /// Pending rows that were forgotten.
    pub forgotten: Vec<Pending>,
    /// Versions in a store that no row explains.
    pub unknown: Vec<Unknown>,
    /// How many of them were removed.
    pub removed: u64,
    /// Rows that stay for now: what they speak of may still appear, and is looked for again.
    pub waiting: u64,
}

/// A version in a store that no row explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The store.
    pub store: StoreName,
    /// The object.
    pub object: ObjectId,
    /// The version; `None` for an empty object.
    pub at: Option<VersionRef>,
    /// The secret that its labels name.
    pub secret: Option<SecretId>,
    /// What its labels tell, if this deployment wrote them.
    pub record: Option<LabelRecord>,
}

impl RepairOptions {
    /// The usual: fence, clean up, report.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets pending rows first.
    #[must_use]
    pub fn restored(mut self, restored: bool) -> Self {
        self.restored = restored;
        self
    }

    /// Removes what no row explains.
    #[must_use]
    pub fn remove_foreign(mut self, remove: bool) -> Self {
        self.remove_foreign = remove;
        self
    }
}

impl Engine {
    /// Numbers, keys and stores.
    ///
    /// # Errors
    /// Of the catalog.
    pub async fn status(&self) -> Result<Status> {
        let core = &self.core;
        let keys = core.catalog.keys().await?;
        let mut roots: BTreeMap<RootId, u64> = BTreeMap::new();
        for wrap in &keys.wraps {
            *roots.entry(wrap.root).or_default() += 1;
        }
        let stores = core.stores.iter().map(|(name, calls)| {
            (name.clone(), calls.info().clone(), calls.sealed, core.target.as_ref() == Some(name))
        });
        Ok(Status {
            summary: core.catalog.summary().await?,
            keys: keys.keys,
            roots: roots.into_iter().collect(),
            namespace: core.namespace(),
            stores: stores.collect(),
        })
    }

    /// Makes a new key of that kind active and, for the seal key, seals everything in the catalog again, while others
    /// keep reading and writing. Killed half way it is simply run again. Old keys are destroyed once nothing refers to
    /// them.
    ///
    /// # Errors
    /// Of the catalog and the root key; `Corrupt` if a value cannot be opened, naming the secret.
    pub async fn rotate(&self, kind: KeyKind) -> Result<Rotated> {
        let core = &self.core;
        core.ring.reload().await?;
        let (key, wrap) = new_key(&**core.ring.roots(), &*core.env, core.namespace(), kind).await?;
        let deadline = Deadline::after(Duration::from_secs(30), &core.env);
        let wraps = core.wraps_for_all_roots(wrap).await?;
        core.certain(&deadline, |_| core.catalog.add_key(&key, &wraps)).await?;
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
    /// Of the catalog and of the root key.
    pub async fn add_root(&self, root: &dyn RootKeys) -> Result<u64> {
        let core = &self.core;
        core.ring.reload().await?;
        let mut wraps = Vec::new();
        for (id, key) in core.ring.keys().iter() {
            let bytes = root.wrap(core.namespace(), key.row.kind, *id, &key.key).await?;
            wraps.push(WrapRow { key: *id, root: root.id(), bytes });
        }
        core.catalog.add_wraps(&wraps).await?;
        Ok(wraps.len() as u64)
    }

    /// Drops everything that is wrapped with a root key.
    ///
    /// # Errors
    /// `Conflict` if some key would be left without a wrap, or if this process itself was opened with that root key.
    pub async fn drop_root(&self, root: RootId) -> Result<u64> {
        if root == self.core.ring.roots().id() {
            return Err(Error::new(
                ErrorKind::Conflict,
                "this is the root key in use: configure the other one first, then drop this one",
            )
            .with("root key", root));
        }
        self.core.catalog.drop_wraps(root).await
    }

    /// Fences all attempts at once (their safety does not rest on leases), works on all garbage, and compares what the
    /// stores hold with what the catalog explains.
    ///
    /// # Errors
    /// Of the catalog, or of a store that cannot be scanned.
    pub async fn repair(&self, options: RepairOptions) -> Result<RepairReport> {
        let core = &self.core;
        let mut report = RepairReport::default();
        if options.restored {
            report.forgotten = core.catalog.forget_pending().await?;
        }
        let swept = core.sweep(true).await?;
        (report.fenced, report.worked, report.failed) = (swept.fenced, swept.worked, swept.failed);
        for name in core.stores.keys() {
            let unknown = core.unknown_in(name).await?;
            if options.remove_foreign {
                let deadline = Deadline::after(Duration::from_secs(3600), &core.env);
                let store = core.store(name)?;
                for one in &unknown {
                    match &one.at {
                        Some(at) => store.remove(one.object, at, &deadline).await?,
                        None => store.delete(one.object, &deadline).await?,
                    }
                    report.removed += 1;
                }
            }
            report.unknown.extend(unknown);
        }
        report.waiting =
            core.catalog.pending(u32::MAX).await?.iter().filter(|p| p.debris != Debris::Labels).count()
                as u64;
        Ok(report)
    }

    /// Reads what labels tell.
    ///
    /// # Errors
    /// `Corrupt` if this deployment did not write them, or they were changed.
    pub async fn read_labels(&self, known: &Labels) -> Result<LabelRecord> {
        labels::read(&self.core.ring, self.core.namespace(), known).await
    }

    /// Moves every version that is somewhere else to `to`, or into the catalog: live, resumable, verified; for each
    /// secret the oldest version first. Answers how many were moved.
    ///
    /// # Errors
    /// Of the catalog and the stores; `ConfigInvalid` if a store is not configured.
    pub async fn move_all(&self, to: Option<&StoreName>) -> Result<u64> {
        let store = to.map(|name| self.core.store(name).cloned()).transpose()?;
        let (mut moved, mut after) = (0, None);
        loop {
            let wanted = Misplaced::NotIn(to.cloned());
            let rows = self.core.catalog.versions_to_move(after, PAGE, &wanted).await?;
            let Some(last) = rows.last() else { return Ok(moved) };
            after = Some((last.meta.id, last.version.uid));
            for row in rows {
                let deadline = Deadline::after(Duration::from_secs(60), &self.core.env);
                moved += u64::from(self.core.move_version(&Arc::new(row), store.as_ref(), &deadline).await?);
            }
        }
    }
}

impl Core {
    /// A new data key must be open to every root key that opens the others, or a replica started with another root key
    /// could not start again. Roots that are not at hand cannot wrap: only the one in use does.
    async fn wraps_for_all_roots(&self, wrap: WrapRow) -> Result<Vec<WrapRow>> {
        Ok(vec![wrap])
    }

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

    async fn unknown_in(&self, name: &StoreName) -> Result<Vec<Unknown>> {
        let deadline = Deadline::after(Duration::from_secs(3600), &self.env);
        let found = self.store(name)?.scan(None, &deadline).await?;
        let mut objects: Vec<ObjectId> = found.iter().map(|found| found.object).collect();
        objects.sort_unstable();
        objects.dedup();
        let mut explained = BTreeMap::new();
        for page in objects.chunks(PAGE as usize) {
            let uses = self.catalog.explained(name, page).await?;
            explained.extend(uses.into_iter().map(|uses| (uses.object, uses)));
        }
        let mut unknown = Vec::new();
        for found in found {
            let explained = explained.get(&found.object).is_some_and(|uses| {
                let named = found.at.as_ref().map_or(!uses.named.is_empty(), |at| uses.named.contains(at));
                named || uses.pending
            });
            if explained {
                continue;
            }
            let record = match &found.labels {
                Some(known) => labels::read(&self.ring, self.namespace(), known).await.ok(),
                None => None,
            };
            let secret = found.labels.map(|labels| labels.secret);
            unknown.push(Unknown { store: name.clone(), object: found.object, at: found.at, secret, record });
        }
        Ok(unknown)
    }
}
