//! What a broken engine does otherwise within its transactions.

use super::{Mutant, beside::Beside, memory::lock};
use crate::sim::{clients::ACTORS, wrap::Wrap};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use strongroom_core::{ObjectId, SecretMeta, VersionRef, VersionUid};
use strongroom_core::{Page, Result, Revision, SecretFilter, SecretId, SecretName, async_trait};
use strongroom_engine::{
    Attempt, Auditor, Begun, Catalog, Commit, Committed, Debris, Delete, Deleted, Guard, Keys, Lookup,
    Pending, Pin, Place, Rehome, Rehomed, Row, Settled, StoreName, Subject, Uses, Viewer,
    crypto::{DataKey, KeyId},
};

/// Between a name and what keeps it apart from the same name of another secret.
const APART: char = '\u{1}';

/// The rows of a broken engine.
pub(super) struct Beneath {
    mutant: Mutant,
    /// Keys that were destroyed although something refers to them.
    destroyed: Mutex<BTreeSet<KeyId>>,
    beside: Beside,
}

impl Beneath {
    pub(super) fn new(mutant: Mutant) -> Self {
        Self { mutant, destroyed: Mutex::default(), beside: Beside::default() }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == mutant
    }

    /// Lets every guard pass that asks for what was left out.
    async fn weaken(&self, inner: &dyn Catalog, secret: SecretId, guard: &mut Guard) -> Result<()> {
        match self.mutant {
            Mutant::NoBase => guard.pin = Pin::Any,
            Mutant::NoExpected => guard.expected = None,
            Mutant::NoAccess => {
                if let Some(row) = inner.current(&[Lookup::Id(secret)]).await?.pop().flatten() {
                    guard.context.actor = row.meta.owner.id;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Drops the rows that a change left, of those that `unwanted` says.
    async fn drop_new(
        &self,
        inner: &dyn Catalog,
        before: &[Pending],
        unwanted: impl Fn(&Pending) -> bool,
    ) -> Result<()> {
        for row in inner.pending(u32::MAX).await? {
            if unwanted(&row) && !before.contains(&row) {
                inner.settle(&row, Settled::Drop).await?;
            }
        }
        Ok(())
    }

    /// Where a version is now.
    async fn place(&self, inner: &dyn Catalog, secret: SecretId, uid: VersionUid) -> Result<Option<Place>> {
        let heads = inner.history(secret).await?.map(|(_, heads)| heads).unwrap_or_default();
        let Some(head) = heads.iter().find(|head| head.uid == uid) else { return Ok(None) };
        Ok(inner.version(secret, head.revision).await?.map(|row| row.version.place))
    }

    fn seen(&self, mut row: Row) -> Row {
        row.meta = self.called(row.meta);
        row
    }

    fn called(&self, mut meta: SecretMeta) -> SecretMeta {
        if self.is(Mutant::NoUniqueNames)
            && let Some((name, _)) = meta.name.as_str().split_once(APART)
            && let Ok(name) = SecretName::new(name)
        {
            meta.name = name;
        }
        meta
    }
}

#[async_trait]
impl Wrap for Beneath {
    async fn current(&self, inner: &dyn Catalog, which: &[Lookup]) -> Result<Vec<Option<Row>>> {
        let rows = inner.current(which).await?;
        Ok(rows.into_iter().map(|row| row.map(|row| self.seen(row))).collect())
    }

    async fn version(&self, inner: &dyn Catalog, id: SecretId, as_of: Revision) -> Result<Option<Row>> {
        Ok(inner.version(id, as_of).await?.map(|row| self.seen(row)))
    }

    async fn list(
        &self,
        inner: &dyn Catalog,
        viewer: &Viewer,
        filter: &SecretFilter,
    ) -> Result<Page<SecretMeta>> {
        let mut page = inner.list(viewer, filter).await?;
        if self.is(Mutant::NoListAccess) {
            for actor in ACTORS.into_iter().filter(|actor| *actor != viewer.actor) {
                let others = inner.list(&Viewer { actor, ..viewer.clone() }, filter).await?.items;
                let hidden = others.into_iter().filter(|meta| !page.items.contains(meta)).collect::<Vec<_>>();
                page.items.extend(hidden);
            }
        }
        page.items = page.items.into_iter().map(|meta| self.called(meta)).collect();
        Ok(page)
    }

    async fn begin(&self, inner: &dyn Catalog, attempt: &Attempt) -> Result<Begun> {
        let mut attempt = attempt.clone();
        if self.is(Mutant::NoBaseAtBegin) {
            attempt.base = None;
        }
        if self.is(Mutant::ManyAttempts) {
            return self.beside.begin(inner, &attempt).await;
        }
        inner.begin(&attempt).await
    }

    async fn abandon(
        &self,
        inner: &dyn Catalog,
        uid: VersionUid,
        at: Option<&VersionRef>,
        claim: Duration,
    ) -> Result<Option<Pending>> {
        Ok(inner.abandon(uid, at, claim).await?.map(|row| self.beside.seen(row)))
    }

    async fn claim(
        &self,
        inner: &dyn Catalog,
        limit: u32,
        claim: Duration,
        early: bool,
    ) -> Result<Vec<Pending>> {
        let rows = inner.claim(limit, claim, early).await?;
        Ok(rows.into_iter().map(|row| self.beside.seen(row)).collect())
    }

    async fn pending(&self, inner: &dyn Catalog, limit: u32) -> Result<Vec<Pending>> {
        let rows = inner.pending(limit).await?;
        Ok(rows.into_iter().map(|row| self.beside.seen(row)).collect())
    }

    async fn uses(
        &self,
        inner: &dyn Catalog,
        secret: SecretId,
        store: &StoreName,
        object: ObjectId,
    ) -> Result<Uses> {
        let uses = inner.uses(secret, store, object).await?;
        self.beside.uses(inner, secret, uses).await
    }

    async fn commit(&self, inner: &dyn Catalog, change: &Commit) -> Result<Committed> {
        let mut change = change.clone();
        if self.is(Mutant::IgnoreTwins) {
            change.twin = false;
        }
        if self.is(Mutant::ForgetEntry) {
            change.auditor = elsewhere(&change.auditor)?;
        }
        if let Subject::Existing { guard, .. } = &mut change.subject {
            self.weaken(inner, change.secret, guard).await?;
        }
        let before = inner.pending(u32::MAX).await?;
        let committed = match inner.commit(&change).await? {
            Committed::Fenced if self.is(Mutant::NoFencing) => {
                change.attempt = None;
                inner.commit(&change).await?
            }
            Committed::NameTaken if self.is(Mutant::NoUniqueNames) => {
                let own = inner.current(&[Lookup::Id(change.secret)]).await?.pop().flatten();
                match &mut change.subject {
                    Subject::New { name, .. } => *name = apart(name, change.secret)?,
                    Subject::Existing { name, .. } => {
                        let called = name.clone().or(own.map(|row| row.meta.name));
                        *name = called.map(|name| apart(&name, change.secret)).transpose()?;
                    }
                }
                inner.commit(&change).await?
            }
            committed => committed,
        };
        if self.is(Mutant::ForgetTrimmed) {
            self.drop_new(inner, &before, |row| matches!(row.debris, Debris::Version(_))).await?;
        }
        if self.is(Mutant::NoRetag) {
            self.drop_new(inner, &before, |row| row.debris == Debris::Labels).await?;
        }
        Ok(match committed {
            Committed::Done(row) => Committed::Done(Box::new(self.seen(*row))),
            committed => committed,
        })
    }

    async fn delete(&self, inner: &dyn Catalog, delete: &Delete) -> Result<Deleted> {
        let mut delete = delete.clone();
        self.weaken(inner, delete.secret, &mut delete.guard).await?;
        if self.is(Mutant::ForgetEntry) {
            delete.auditor = elsewhere(&delete.auditor)?;
        }
        let before = inner.pending(u32::MAX).await?;
        let deleted = inner.delete(&delete).await?;
        let Deleted::Done(rows) = &deleted else { return Ok(deleted) };
        self.beside.fence(inner, delete.secret).await?;
        if self.is(Mutant::ForgetObjects) {
            for row in rows {
                inner.settle(row, Settled::Drop).await?;
            }
        }
        if self.is(Mutant::NoFenceAtDelete) {
            for open in before.iter().filter(|row| row.locked && row.secret == delete.secret) {
                lock_again(inner, open).await?;
            }
        }
        Ok(deleted)
    }

    async fn rehome(&self, inner: &dyn Catalog, rehome: &Rehome) -> Result<Rehomed> {
        let mut rehome = rehome.clone();
        if self.is(Mutant::NoGrace) {
            rehome.grace = Duration::ZERO;
        }
        rehome.twin &= !self.is(Mutant::ForgetMoves);
        if !self.is(Mutant::NoMoveGuard) {
            return inner.rehome(&rehome).await;
        }
        // Wherever it is: what becomes garbage is the place that it was moved from, and had its row already.
        let (from, before) = (rehome.from.clone(), inner.pending(u32::MAX).await?);
        let place = self.place(inner, rehome.secret, rehome.to.uid).await?;
        let moved_meanwhile = place.filter(|place| *place != from && *place != rehome.to.place);
        if let Some(place) = &moved_meanwhile {
            rehome.from = place.clone();
        }
        let rehomed = inner.rehome(&rehome).await?;
        if rehomed == Rehomed::Done && moved_meanwhile.is_some() {
            self.drop_new(inner, &before, |row| matches!(row.debris, Debris::Version(_))).await?;
        }
        Ok(rehomed)
    }

    async fn settle(&self, inner: &dyn Catalog, pending: &Pending, settled: Settled) -> Result<bool> {
        if !self.is(Mutant::SettleBlindly) {
            return inner.settle(pending, settled).await;
        }
        let now = inner.pending(u32::MAX).await?.into_iter().find(|row| row.uid == pending.uid);
        match now {
            Some(now) => inner.settle(&now, settled).await,
            None => Ok(false),
        }
    }

    async fn keys(&self, inner: &dyn Catalog) -> Result<Keys> {
        let (mut keys, destroyed) = (inner.keys().await?, lock(&self.destroyed).clone());
        keys.keys.retain(|key| !destroyed.contains(&key.id));
        keys.wraps.retain(|wrap| !destroyed.contains(&wrap.key));
        Ok(keys)
    }

    async fn remove_key(&self, inner: &dyn Catalog, id: KeyId) -> Result<bool> {
        if inner.remove_key(id).await? {
            return Ok(true);
        }
        let retiring = inner.keys().await?.keys.iter().any(|key| key.id == id && !key.active);
        Ok(self.is(Mutant::DropUsedKeys) && retiring && {
            lock(&self.destroyed).insert(id);
            true
        })
    }
}

fn apart(name: &SecretName, secret: SecretId) -> Result<SecretName> {
    SecretName::new(format!("{name}{APART}{secret}"))
}

/// Notes what is given to it where nobody looks.
fn elsewhere(auditor: &Auditor) -> Result<Arc<Auditor>> {
    Ok(Arc::new(Auditor::new("elsewhere", auditor.key(), Arc::new(DataKey::generate()?))))
}

/// Gives an attempt that was fenced just now its lock back.
async fn lock_again(inner: &dyn Catalog, open: &Pending) -> Result<()> {
    let Some(fenced) = inner.pending(u32::MAX).await?.into_iter().find(|row| row.uid == open.uid) else {
        return Ok(());
    };
    inner.settle(&fenced, Settled::Drop).await?;
    let attempt = Attempt {
        uid: open.uid,
        version: open.version,
        secret: open.secret,
        base: None,
        store: open.store.clone(),
        object: open.object,
        fresh: true,
        key: open.key,
        digest: open.digest.clone().unwrap_or_default(),
        lease: open.due.since(fenced.due),
    };
    inner.begin(&attempt).await?;
    Ok(())
}
