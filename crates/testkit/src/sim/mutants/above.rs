//! What one replica's broken engine does otherwise with its catalog.

use super::{
    Mutant,
    memory::{Memory, lock},
    pins::Pins,
};
use crate::sim::{scheduler::Sim, wrap::Wrap};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use strongroom_core::{
    Backend, ErrorKind, Found, ObjectId, Result, Revision, SecretId, Timestamp, VersionRef, VersionUid,
    async_trait,
};
use strongroom_engine::{
    Attempt, Begun, Catalog, Commit, Committed, Debris, Env, Keys, Lookup, Misplaced, NewVersionRow, Pending,
    Place, Rehome, Rehomed, Row, Settled, Stamp, StoreName, Uses,
};

/// A catalog as a broken engine uses it.
pub(super) struct Above {
    pub(super) mutant: Mutant,
    pub(super) sim: Sim,
    pub(super) catalog: Arc<dyn Catalog>,
    pub(super) backend: Arc<dyn Backend>,
    pub(super) memory: Arc<Memory>,
    pub(super) pins: Pins,
}

impl Above {
    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == mutant
    }

    /// A row that the engine is about to work on.
    fn claimed(&self, mut row: Pending) -> Pending {
        lock(&self.memory.claimed).insert(row.object, row.clone());
        row.attempted &= !self.is(Mutant::LeaveNewest);
        row
    }

    /// A row that answers a read.
    async fn read(&self, inner: &dyn Catalog, mut row: Row) -> Row {
        if self.is(Mutant::NoYouth) {
            row.version.placed = Timestamp(0);
        }
        row.version.visible_to_others |= self.is(Mutant::ShowPrivatePast);
        if self.is(Mutant::NoDigest) { self.pins.anew(inner, row).await } else { row }
    }

    /// Puts the object that was written to in the place of the one that the engine means.
    fn write_to_object(&self, version: &mut NewVersionRow) {
        if let Place::External { object, .. } = &mut version.place {
            *object = self.memory.object(*object);
        }
    }

    async fn scan(&self, only: Option<ObjectId>) -> Result<Vec<Found>> {
        let (mut found, mut from) = (Vec::new(), None::<String>);
        loop {
            let page = self.backend.scan(only, from.as_deref()).await?;
            found.extend(page.found);
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Looks at what is garbage and unknown, and due or soon to be.
    async fn scan_garbage(&self, inner: &dyn Catalog) -> Result<()> {
        lock(&self.memory.found).clear();
        let garbage = inner.pending(u32::MAX).await?.into_iter().filter(|row| !row.locked);
        for row in garbage.filter(|row| row.debris == Debris::Unknown) {
            let found = self.scan(Some(row.object)).await?;
            lock(&self.memory.found).insert(row.object, found);
        }
        Ok(())
    }

    /// Removes whatever no row explains.
    async fn remove_unknown(&self, inner: &dyn Catalog) -> Result<()> {
        let found = self.scan(None).await?;
        let objects: BTreeSet<_> = found.iter().map(|found| found.object).collect();
        let objects: Vec<_> = objects.into_iter().collect();
        let uses = inner.explained(&objects).await?;
        for one in found {
            let explained = uses.iter().find(|uses| uses.object == one.object);
            let (Some(uses), Some(at)) = (explained, &one.at) else { continue };
            if !uses.pending && !uses.named.contains(at) {
                self.backend.remove(one.object, at).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Wrap for Above {
    async fn current(&self, inner: &dyn Catalog, which: &[Lookup]) -> Result<Vec<Option<Row>>> {
        if self.is(Mutant::NoRevalidation)
            && let [Lookup::Id(id)] = which
            && let Some(row) = lock(&self.memory.rows).remove(id)
        {
            return Ok(vec![Some(row)]);
        }
        if self.is(Mutant::JoinReads) {
            let (catalog, keys) = (self.catalog.clone(), which.to_vec());
            let statement = async move { catalog.current(&keys).await };
            return self.memory.reading.ask(which, statement).await;
        }
        let rows = inner.current(which).await?;
        if self.is(Mutant::NoRevalidation) {
            lock(&self.memory.rows).extend(rows.iter().flatten().map(|row| (row.meta.id, row.clone())));
        }
        let mut read = Vec::with_capacity(rows.len());
        for row in rows {
            read.push(match row {
                Some(row) => Some(self.read(inner, row).await),
                None => None,
            });
        }
        Ok(read)
    }

    fn shares_reads(&self, inner: &dyn Catalog) -> bool {
        self.is(Mutant::JoinReads) || inner.shares_reads()
    }

    async fn stamps(&self, inner: &dyn Catalog, ids: &[SecretId]) -> Result<Vec<Option<Stamp>>> {
        if self.is(Mutant::JoinReads) {
            let (catalog, keys) = (self.catalog.clone(), ids.to_vec());
            return self.memory.stamping.ask(ids, async move { catalog.stamps(&keys).await }).await;
        }
        let stamps = inner.stamps(ids).await?;
        if !self.is(Mutant::NoValidation) {
            return Ok(stamps);
        }
        let mut memory = lock(&self.memory.stamps);
        Ok(ids.iter().zip(stamps).map(|(id, stamp)| *memory.entry(*id).or_insert(stamp)).collect())
    }

    async fn version(&self, inner: &dyn Catalog, id: SecretId, as_of: Revision) -> Result<Option<Row>> {
        match inner.version(id, as_of).await? {
            Some(row) => Ok(Some(self.read(inner, row).await)),
            None => Ok(None),
        }
    }

    async fn versions_to_move(
        &self,
        inner: &dyn Catalog,
        after: Option<(SecretId, VersionUid)>,
        limit: u32,
        wanted: &Misplaced,
    ) -> Result<Vec<Row>> {
        let mut rows = inner.versions_to_move(after, limit, wanted).await?;
        if self.is(Mutant::MoveUnverified) {
            for row in &mut rows {
                *row = self.pins.anew(inner, row.clone()).await;
            }
        }
        Ok(rows)
    }

    async fn begin(&self, inner: &dyn Catalog, attempt: &Attempt) -> Result<Begun> {
        let mut attempt = attempt.clone();
        match self.mutant {
            Mutant::LatePending => {
                lock(&self.memory.attempts).insert(attempt.uid, attempt);
                return Ok(Begun::Open);
            }
            Mutant::OneObject if attempt.fresh => {
                let own = ObjectId(attempt.secret.0);
                lock(&self.memory.objects).insert(attempt.object, own);
                attempt.object = own;
            }
            Mutant::MoveUnderOwnUid => {
                lock(&self.memory.uids).insert(attempt.uid, attempt.version);
                attempt.uid = attempt.version;
            }
            _ => {}
        }
        inner.begin(&attempt).await
    }

    async fn commit(&self, inner: &dyn Catalog, change: &Commit) -> Result<Committed> {
        let mut change = change.clone();
        if self.is(Mutant::LatePending)
            && let Some(attempt) = change.attempt.and_then(|uid| lock(&self.memory.attempts).remove(&uid))
        {
            inner.begin(&attempt).await?;
        }
        if let Some(version) = &mut change.version {
            self.write_to_object(version);
        }
        change.doubt &= !self.is(Mutant::ForgetDoubt);
        match inner.commit(&change).await {
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown && self.is(Mutant::ReadAfterDoubt) => {
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
        let uid = self.memory.uid(uid);
        let written = lock(&self.memory.written).get(&uid).cloned();
        let row = inner.abandon(uid, at.or(written.as_ref()), claim).await?;
        Ok(row.map(|row| self.claimed(row)))
    }

    async fn rehome(&self, inner: &dyn Catalog, rehome: &Rehome) -> Result<Rehomed> {
        let mut rehome = rehome.clone();
        self.write_to_object(&mut rehome.to);
        rehome.attempt = rehome.attempt.map(|uid| self.memory.uid(uid));
        inner.rehome(&rehome).await
    }

    async fn fence_overdue(&self, inner: &dyn Catalog, all: bool) -> Result<u64> {
        match self.mutant {
            Mutant::NoLease => return Ok(0),
            Mutant::RemoveUnknown => self.remove_unknown(inner).await?,
            _ => {}
        }
        inner.fence_overdue(all).await
    }

    async fn claim(
        &self,
        inner: &dyn Catalog,
        limit: u32,
        claim: Duration,
        early: bool,
    ) -> Result<Vec<Pending>> {
        if self.is(Mutant::ScanBeforeClaim) {
            self.scan_garbage(inner).await?;
        }
        let rows = inner.claim(limit, claim, early).await?;
        Ok(rows.into_iter().map(|row| self.claimed(row)).collect())
    }

    async fn uses(
        &self,
        inner: &dyn Catalog,
        secret: SecretId,
        store: &StoreName,
        object: ObjectId,
    ) -> Result<Uses> {
        if self.is(Mutant::ReadBeforeScan)
            && let Some(before) = lock(&self.memory.uses).remove(&object)
        {
            return Ok(before);
        }
        let mut uses = inner.uses(secret, store, object).await?;
        uses.attempt_open &= !self.is(Mutant::IgnoreOpen);
        if self.is(Mutant::SweepNamed) && !uses.named.is_empty() {
            uses.named.pop();
        }
        let found = lock(&self.memory.found).remove(&object).filter(|_| self.is(Mutant::NoMatching));
        if !uses.attempt_open && !uses.named.is_empty() {
            for at in found.unwrap_or_default().into_iter().filter_map(|found| found.at) {
                if !uses.named.contains(&at) {
                    self.backend.remove(object, &at).await?;
                }
            }
        }
        Ok(uses)
    }

    async fn settle(&self, inner: &dyn Catalog, pending: &Pending, settled: Settled) -> Result<bool> {
        let settled = match settled {
            Settled::AfterBirth(_) if self.is(Mutant::NoQuarantine) => Settled::Drop,
            Settled::AfterBirth(late)
                if self.is(Mutant::DropAtEnd) && pending.born.plus(late) <= self.sim.now() =>
            {
                Settled::Drop
            }
            settled => settled,
        };
        inner.settle(pending, settled).await
    }

    async fn keys(&self, inner: &dyn Catalog) -> Result<Keys> {
        let keys = inner.keys().await?;
        if !self.is(Mutant::NoReload) {
            return Ok(keys);
        }
        Ok(lock(&self.memory.keys).get_or_insert(keys).clone())
    }
}
