//! Repairing: what is fenced, cleaned up, compared and reported.

use crate::{
    Debris, Hindrance, Lost, Overlaid, Pending, Spared, StoreName,
    calls::{Calls, Scanned},
    deadline::Deadline,
    engine::{Core, Engine},
    labels::{self, LabelRecord},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use strongroom_core::{ErrorKind, Found, Labels, ObjectId, Result, SecretId, VersionRef};

/// How many objects are looked up at once.
const PAGE: usize = 256;
/// How long the work on one store may take.
const TIME: Duration = Duration::from_secs(3600);

/// What to repair besides the usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairOptions {
    /// The catalog was restored from a dump or cloned: its pending rows are forgotten before anything is removed.
    pub restored: bool,
    /// Remove what no row explains.
    pub remove_foreign: bool,
    /// Read every version, which costs a call for each that is in a store; otherwise those alone that a scan does not show.
    pub read: bool,
}

/// What a repair found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairReport {
    /// Attempts whose lock was taken away.
    pub fenced: u64,
    /// Rows about garbage that were worked on.
    pub worked: u64,
    /// Rows that could not be worked on, and versions that could not be looked at, because a service did not do it.
    pub failed: u64,
    /// Which store that was, and why: as many in all as `failed` says.
    pub refusals: Vec<Hindrance>,
    /// Pending rows that were forgotten.
    pub forgotten: Vec<Pending>,
    /// Versions in a store that no row explains.
    pub unknown: Vec<Unknown>,
    /// How many of them were removed.
    pub removed: u64,
    /// Of which secrets some were to be removed and stay, since the current version cannot be read.
    pub spared: Vec<Spared>,
    /// Objects that a store says are damaged. Nothing of them is removed.
    pub damaged: Vec<(StoreName, ObjectId)>,
    /// Why not every version that the catalog itself holds was read, if that was asked for: of which kind the error is, and
    /// what it says.
    pub unread: Option<(ErrorKind, String)>,
    /// Committed versions that are gone from their store, or damaged; of those that the catalog itself holds, what was read.
    pub lost: Vec<Lost>,
    /// Secrets that a store shows another version of than the committed one, and whether that was put right.
    pub overlaid: Vec<Overlaid>,
    /// Rows that stay for now: what they speak of may still appear, and is looked for again.
    pub waiting: u64,
    /// Stores that were not looked through and cleaned up to the end, and what was in the way.
    pub unseen: Vec<Unseen>,
}

/// A store that a repair could not look through, or clean up, to the end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unseen {
    /// The store.
    pub store: StoreName,
    /// Of which kind the error is that was in the way.
    pub kind: ErrorKind,
    /// What it says.
    pub told: String,
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

    /// Reads every version.
    #[must_use]
    pub fn read(mut self, read: bool) -> Self {
        self.read = read;
        self
    }
}

impl Engine {
    /// Fences all attempts at once (their safety does not rest on leases), works on all garbage, and compares what the
    /// stores hold with what the catalog explains and names. Where a store shows another of our versions as the newest
    /// than the committed one, that is put on top again. A store that cannot be looked through does not keep the others
    /// from it.
    ///
    /// # Errors
    /// Of the catalog, as far as they are not about one store: those are in the report.
    pub async fn repair(&self, options: RepairOptions) -> Result<RepairReport> {
        let core = &self.core;
        let mut report = RepairReport::default();
        if options.restored {
            report.forgotten = core.catalog.forget_pending().await?;
        }
        let swept = core.sweep(true, &mut report.refusals).await?;
        (report.fenced, report.worked, report.failed) = (swept.fenced, swept.worked, swept.failed);
        for name in core.stores.keys() {
            if let Err(error) = core.look_through(name, options, &mut report).await {
                let (kind, told) = (error.kind(), error.to_string());
                report.unseen.push(Unseen { store: name.clone(), kind, told });
            }
        }
        for (name, error) in self.status().await?.out_of_reach() {
            let (kind, told) = (error.kind(), error.to_string());
            report.unseen.push(Unseen { store: name.clone(), kind, told });
        }
        if options.read
            && let Err(error) = core.read_inline(&Deadline::after(TIME, &core.env), &mut report).await
        {
            // What was found and done until then is told all the same.
            report.unread = Some((error.kind(), error.to_string()));
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
        Ok(labels::read(&self.core.ring, self.core.namespace(), known).await?.record)
    }
}

impl Core {
    /// Compares one store with the catalog. What was found and done before an error is in the report.
    async fn look_through(
        self: &Arc<Self>,
        name: &StoreName,
        options: RepairOptions,
        report: &mut RepairReport,
    ) -> Result<()> {
        let deadline = Deadline::after(TIME, &self.env);
        let store = self.store(name)?;
        let Scanned { found, damaged } = store.scan_all_patiently(&deadline).await?;
        report.damaged.extend(damaged.into_iter().map(|object| (name.clone(), object)));
        let unknown = self.unknown_among(name, &found, &deadline).await?;
        report.unknown.extend(unknown.iter().cloned());
        // What cannot be removed keeps nothing from being looked at.
        let mut refused = None;
        if options.remove_foreign {
            let (removable, unsure) = self.spare(name, &unknown, &deadline, report).await?;
            refused = unsure;
            let mut touched = BTreeSet::new();
            for one in &removable {
                let removed = match &one.at {
                    Some(at) => store.remove(one.object, at, &deadline).await,
                    None => store.delete(one.object, &deadline).await,
                };
                match removed {
                    Ok(()) => report.removed += 1,
                    Err(error) => refused = refused.or(Some(error)),
                }
                if one.at.is_some() {
                    touched.insert(one.object);
                }
            }
            if let Err(error) = self.delete_emptied(store, touched, &deadline).await {
                refused = refused.or(Some(error));
            }
        }
        self.compare(name, &found, options, &deadline, report).await?;
        refused.map_or(Ok(()), Err)
    }

    /// Deletes those of the objects of which the store shows no version any more, and no row tells anything: their labels
    /// would stay, with all that they tell. What the service still shows, since it may be late, is left to the next repair.
    async fn delete_emptied(
        &self,
        store: &Calls,
        objects: BTreeSet<ObjectId>,
        deadline: &Deadline,
    ) -> Result<()> {
        let objects: Vec<ObjectId> = objects.into_iter().collect();
        let mut refused = None;
        for page in objects.chunks(PAGE) {
            let uses = self.catalog.explained(page).await?;
            let told = uses.into_iter().filter(|uses| uses.pending || !uses.named.is_empty());
            let told: BTreeSet<ObjectId> = told.map(|uses| uses.object).collect();
            for object in page.iter().copied().filter(|object| !told.contains(object)) {
                let deleted = match store.scan(object, deadline).await {
                    Ok(found) if !found.is_empty() && found.iter().all(|found| found.at.is_none()) => {
                        store.delete(object, deadline).await
                    }
                    answer => answer.map(drop),
                };
                if let Err(error) = deleted {
                    refused = refused.or(Some(error));
                }
            }
        }
        refused.map_or(Ok(()), Err)
    }

    /// Of what a store shows, what no row explains.
    pub(crate) async fn unknown_in(&self, name: &StoreName) -> Result<Vec<Unknown>> {
        let deadline = Deadline::after(TIME, &self.env);
        let found = self.store(name)?.scan_all(&deadline).await?.found;
        self.unknown_among(name, &found, &deadline).await
    }

    /// Of what was found in a store, what no row explains.
    async fn unknown_among(
        &self,
        name: &StoreName,
        found: &[Found],
        deadline: &Deadline,
    ) -> Result<Vec<Unknown>> {
        let mut objects: Vec<ObjectId> = found.iter().map(|found| found.object).collect();
        objects.sort_unstable();
        objects.dedup();
        let mut explained = BTreeMap::new();
        for page in objects.chunks(PAGE) {
            let uses = self.catalog.explained(page).await?;
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
                Some(known) => {
                    labels::read(&self.ring, self.namespace(), known).await.ok().map(|told| told.record)
                }
                None => None,
            };
            let secret = found.labels.as_ref().map(|labels| labels.secret);
            let at = found.at.clone();
            unknown.push(Unknown { store: name.clone(), object: found.object, at, secret, record });
        }
        if !unknown.is_empty() {
            // Others go on working: what they removed since it was found needs no row any more.
            let now = self.store(name)?.scan_all(deadline).await?.found;
            let there: BTreeSet<_> = now.into_iter().map(|found| (found.object, found.at)).collect();
            unknown.retain(|one| there.contains(&(one.object, one.at.clone())));
        }
        Ok(unknown)
    }
}
