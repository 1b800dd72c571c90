//! Engines with one rule removed: each must be caught, or the simulation has no teeth.
//!
//! The engine itself is the real one. What is changed is what it talks to, in a way that has the same effect as leaving
//! the rule out.

use super::wrap::{Changed, Wrap};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Labels, NewVersion, ObjectId, Payload, Result, ScanPage,
    SecretId, VersionRef, VersionUid, async_trait,
};
use strongroom_engine::{
    Attempt, Begun, Catalog, Commit, Committed, Delete, Deleted, Lookup, Pending, Pin, Row, Settled, Stamp,
    StoreName, Subject, Uses,
};

/// The rule that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// An attempt commits although it was fenced.
    NoFencing,
    /// The sweeper reads the catalog before it scans.
    ReadBeforeScan,
    /// What may still land is not looked for again.
    NoQuarantine,
    /// After a lost COMMIT the row is just read.
    ReadAfterDoubt,
    /// A transaction that is run again is taken for a new one.
    ForgetDoubt,
    /// A put that was repeated leaves nothing behind.
    IgnoreTwins,
    /// A claim ends whatever happened meanwhile.
    SettleBlindly,
    /// A row that was read once is read again from memory when its value is gone.
    NoRevalidation,
    /// Cached rows are believed without asking.
    NoValidation,
    /// The base is not compared again on the locked row.
    NoBase,
    /// The expected revision is not compared again on the locked row.
    NoExpected,
    /// Access is not checked again on the locked row.
    NoAccess,
    /// A deletion leaves the removal to chance.
    ForgetObjects,
    /// The pending row is written after the put instead of before.
    LatePending,
    /// What version rows name is not spared.
    SweepNamed,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::NoFencing,
        Self::ReadBeforeScan,
        Self::NoQuarantine,
        Self::ReadAfterDoubt,
        Self::ForgetDoubt,
        Self::IgnoreTwins,
        Self::SettleBlindly,
        Self::NoRevalidation,
        Self::NoValidation,
        Self::NoBase,
        Self::NoExpected,
        Self::NoAccess,
        Self::ForgetObjects,
        Self::LatePending,
        Self::SweepNamed,
    ];

    /// Changes the catalog itself, below everything that fails.
    pub(crate) fn beneath(mutant: Option<Self>, catalog: Arc<dyn Catalog>) -> Arc<dyn Catalog> {
        match mutant {
            Some(
                mutant @ (Self::NoFencing
                | Self::IgnoreTwins
                | Self::SettleBlindly
                | Self::NoBase
                | Self::NoExpected
                | Self::NoAccess
                | Self::ForgetObjects),
            ) => Arc::new(Changed { inner: catalog, wrap: Beneath(mutant) }),
            _ => catalog,
        }
    }

    /// Changes what one replica's engine talks to.
    pub(crate) fn above(
        mutant: Option<Self>,
        catalog: Arc<dyn Catalog>,
        backend: Arc<dyn Backend>,
    ) -> (Arc<dyn Catalog>, Arc<dyn Backend>) {
        let Some(mutant) = mutant else { return (catalog, backend) };
        let memory = Arc::new(Memory::default());
        let wrap = Above { mutant, memory: memory.clone() };
        let above: Arc<dyn Catalog> = Arc::new(Changed { inner: catalog.clone(), wrap });
        if mutant != Self::ReadBeforeScan {
            return (above, backend);
        }
        (above, Arc::new(LooksFirst { inner: backend, catalog, memory }))
    }
}

struct Beneath(Mutant);

#[async_trait]
impl Wrap for Beneath {
    async fn commit(&self, inner: &dyn Catalog, change: &Commit) -> Result<Committed> {
        let mut change = change.clone();
        if self.0 == Mutant::IgnoreTwins {
            change.twin = false;
        }
        if let Subject::Existing { guard, .. } = &mut change.subject {
            match self.0 {
                Mutant::NoBase => guard.pin = Pin::Any,
                Mutant::NoExpected => guard.expected = None,
                Mutant::NoAccess => {
                    let row = inner.current(&[Lookup::Id(change.secret)]).await?.pop().flatten();
                    if let Some(row) = row {
                        guard.context.actor = row.meta.owner.id;
                    }
                }
                _ => {}
            }
        }
        match inner.commit(&change).await? {
            Committed::Fenced if self.0 == Mutant::NoFencing => {
                change.attempt = None;
                inner.commit(&change).await
            }
            committed => Ok(committed),
        }
    }

    async fn delete(&self, inner: &dyn Catalog, delete: &Delete) -> Result<Deleted> {
        let mut delete = delete.clone();
        match self.0 {
            Mutant::NoExpected => delete.guard.expected = None,
            Mutant::NoAccess => {
                if let Some(row) = inner.current(&[Lookup::Id(delete.secret)]).await?.pop().flatten() {
                    delete.guard.context.actor = row.meta.owner.id;
                }
            }
            _ => {}
        }
        let deleted = inner.delete(&delete).await?;
        if let (Mutant::ForgetObjects, Deleted::Done(rows)) = (self.0, &deleted) {
            for row in rows {
                inner.settle(row, Settled::Drop).await?;
            }
        }
        Ok(deleted)
    }

    async fn settle(&self, inner: &dyn Catalog, pending: &Pending, settled: Settled) -> Result<bool> {
        if self.0 != Mutant::SettleBlindly {
            return inner.settle(pending, settled).await;
        }
        let now = inner.pending(u32::MAX).await?.into_iter().find(|row| row.uid == pending.uid);
        match now {
            Some(now) => inner.settle(&now, settled).await,
            None => Ok(false),
        }
    }
}

/// What a mutant remembers.
#[derive(Default)]
struct Memory {
    stamps: Mutex<BTreeMap<SecretId, Option<Stamp>>>,
    rows: Mutex<BTreeMap<SecretId, Row>>,
    attempts: Mutex<BTreeMap<VersionUid, Attempt>>,
    secrets: Mutex<BTreeMap<ObjectId, (SecretId, StoreName)>>,
    uses: Mutex<BTreeMap<ObjectId, Uses>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Above {
    mutant: Mutant,
    memory: Arc<Memory>,
}

#[async_trait]
impl Wrap for Above {
    async fn current(&self, inner: &dyn Catalog, which: &[Lookup]) -> Result<Vec<Option<Row>>> {
        if self.mutant == Mutant::NoRevalidation
            && let [Lookup::Id(id)] = which
            && let Some(row) = lock(&self.memory.rows).remove(id)
        {
            return Ok(vec![Some(row)]);
        }
        let rows = inner.current(which).await?;
        if self.mutant == Mutant::NoRevalidation {
            lock(&self.memory.rows).extend(rows.iter().flatten().map(|row| (row.meta.id, row.clone())));
        }
        Ok(rows)
    }

    async fn stamps(&self, inner: &dyn Catalog, ids: &[SecretId]) -> Result<Vec<Option<Stamp>>> {
        let stamps = inner.stamps(ids).await?;
        if self.mutant != Mutant::NoValidation {
            return Ok(stamps);
        }
        let mut memory = lock(&self.memory.stamps);
        Ok(ids.iter().zip(stamps).map(|(id, stamp)| *memory.entry(*id).or_insert(stamp)).collect())
    }

    async fn begin(&self, inner: &dyn Catalog, attempt: &Attempt) -> Result<Begun> {
        if self.mutant == Mutant::LatePending {
            lock(&self.memory.attempts).insert(attempt.uid, attempt.clone());
            return Ok(Begun::Open);
        }
        inner.begin(attempt).await
    }

    async fn commit(&self, inner: &dyn Catalog, change: &Commit) -> Result<Committed> {
        let mut change = change.clone();
        if self.mutant == Mutant::LatePending
            && let Some(attempt) = change.attempt.and_then(|uid| lock(&self.memory.attempts).remove(&uid))
        {
            inner.begin(&attempt).await?;
        }
        if self.mutant == Mutant::ForgetDoubt {
            change.doubt = false;
        }
        match inner.commit(&change).await {
            Err(error)
                if error.kind() == ErrorKind::OutcomeUnknown && self.mutant == Mutant::ReadAfterDoubt =>
            {
                let row = inner.current(&[Lookup::Id(change.secret)]).await?.pop().flatten();
                let committed = row.filter(|row| row.stamp.change == change.change);
                Ok(committed.map_or(Committed::Fenced, |row| Committed::Done(Box::new(row))))
            }
            answer => answer,
        }
    }

    async fn abandon(
        &self,
        inner: &dyn Catalog,
        uid: VersionUid,
        at: Option<&VersionRef>,
        claim: Duration,
    ) -> Result<Option<Pending>> {
        let row = inner.abandon(uid, at, claim).await?;
        self.remember(row.as_ref());
        Ok(row)
    }

    async fn claim(
        &self,
        inner: &dyn Catalog,
        limit: u32,
        claim: Duration,
        early: bool,
    ) -> Result<Vec<Pending>> {
        let rows = inner.claim(limit, claim, early).await?;
        rows.iter().for_each(|row| self.remember(Some(row)));
        Ok(rows)
    }

    async fn uses(
        &self,
        inner: &dyn Catalog,
        secret: SecretId,
        store: &StoreName,
        object: ObjectId,
    ) -> Result<Uses> {
        if self.mutant == Mutant::ReadBeforeScan
            && let Some(before) = lock(&self.memory.uses).remove(&object)
        {
            return Ok(before);
        }
        let mut uses = inner.uses(secret, store, object).await?;
        if self.mutant == Mutant::SweepNamed && !uses.named.is_empty() {
            uses.named.pop();
        }
        Ok(uses)
    }

    async fn settle(&self, inner: &dyn Catalog, pending: &Pending, settled: Settled) -> Result<bool> {
        let settled = match settled {
            Settled::AfterBirth(_) if self.mutant == Mutant::NoQuarantine => Settled::Drop,
            settled => settled,
        };
        inner.settle(pending, settled).await
    }
}

impl Above {
    fn remember(&self, row: Option<&Pending>) {
        if let Some(row) = row {
            lock(&self.memory.secrets).insert(row.object, (row.secret, row.store.clone()));
        }
    }
}

/// Reads the catalog before it scans.
struct LooksFirst {
    inner: Arc<dyn Backend>,
    catalog: Arc<dyn Catalog>,
    memory: Arc<Memory>,
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for LooksFirst {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }
    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        self.inner.put(version).await
    }
    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        self.inner.get(object, at).await
    }
    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        self.inner.get_many(wanted).await
    }
    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        self.inner.relabel(object, labels).await
    }
    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        self.inner.remove(object, at).await
    }
    async fn delete(&self, object: ObjectId) -> Result<()> {
        self.inner.delete(object).await
    }
    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        let known =
            only.and_then(|object| lock(&self.memory.secrets).get(&object).cloned().map(|s| (object, s)));
        if let (Some((object, (secret, store))), None) = (known, from) {
            let uses = self.catalog.uses(secret, &store, object).await?;
            lock(&self.memory.uses).insert(object, uses);
        }
        self.inner.scan(only, from).await
    }
    async fn check(&self) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "not asked for"))
    }
}
