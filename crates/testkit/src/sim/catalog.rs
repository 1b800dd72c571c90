//! A catalog that interleaves, fails, and leaves commits in doubt.

use super::{model::Truth, scheduler::Sim, troubles::Trouble, world::GRACE, wrap::Wrap};
use futures::FutureExt;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use strongroom_core::{
    Error, ErrorKind, ObjectId, Page, Result, Retry, Revision, SecretFilter, SecretId, SecretMeta,
    VersionRef, VersionUid, async_trait,
};
use strongroom_engine::{
    Attempt, Begun, Catalog, Commit, Committed, Delete, Deleted, Lookup, Pending, Refusal, Rehome, Rehomed,
    Row, Settled, Stamp, StoreName, Uses, Viewer, crypto::KeyId,
};

/// Interleaves every call, fails some, and leaves some commits in doubt.
pub(crate) struct SimCatalog {
    sim: Sim,
    truth: Truth,
    faults: Arc<AtomicBool>,
    zombies: Zombies,
}

/// COMMITs that were sent and not answered, and that hold their locks until they are done or undone: whoever writes
/// next waits for them.
#[derive(Clone, Default)]
struct Zombies(Arc<Mutex<Vec<Zombie>>>);

type Zombie = Box<dyn FnOnce(bool) + Send>;

impl Zombies {
    fn settle(&self, sim: &Sim) {
        loop {
            let next = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match next {
                Some(zombie) => zombie(sim.permille(600)),
                None => return,
            }
        }
    }
}

impl SimCatalog {
    pub(crate) fn new(sim: &Sim, truth: &Truth, faults: &Arc<AtomicBool>) -> Self {
        Self { sim: sim.clone(), truth: truth.clone(), faults: faults.clone(), zombies: Zombies::default() }
    }

    fn faulty(&self) -> bool {
        self.faults.load(Ordering::Relaxed)
    }

    async fn read<T>(&self, read: impl Future<Output = Result<T>>) -> Result<T> {
        self.sim.pause().await;
        if self.faulty() && self.sim.permille(8) {
            return Err(self.refused());
        }
        let answer = read.await;
        self.sim.pause().await;
        answer
    }

    /// One writing transaction. `apply` runs it on the catalog beneath, at once.
    async fn write<T: Send + 'static>(
        &self,
        apply: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.sim.pause().await;
        if self.faulty() && self.sim.permille(20) {
            // The process is stopped right before it sends, for longer than a lease.
            let time = Duration::from_millis(500 + self.sim.below(3000) as u64);
            strongroom_engine::Env::sleep(&self.sim, time).await;
        }
        self.zombies.settle(&self.sim);
        if !self.faulty() {
            return apply();
        }
        let answer = match self.sim.below(1000) {
            0..=19 => Err(self.refused()),
            // Committed, but the answer is lost.
            20..=39 => apply().and(Err(self.no_answer())),
            // Not committed, and nobody says so.
            40..=49 => Err(self.no_answer()),
            // The COMMIT is on its way.
            50..=79 => {
                self.leave_in_doubt(apply);
                Err(self.no_answer())
            }
            _ => apply(),
        };
        self.sim.pause().await;
        answer
    }

    fn trouble(&self, trouble: Trouble) {
        self.truth.trouble(trouble, self.sim.micros(), self.sim.micros());
    }

    fn refused(&self) -> Error {
        self.trouble(Trouble::Refused);
        Error::new(ErrorKind::Unavailable, "the database cannot be reached").retryable(Retry::Backoff)
    }

    fn no_answer(&self) -> Error {
        self.trouble(Trouble::InDoubt);
        Error::new(ErrorKind::OutcomeUnknown, "the connection was lost during COMMIT")
    }

    fn leave_in_doubt<T: Send + 'static>(&self, apply: impl FnOnce() -> Result<T> + Send + 'static) {
        let zombie: Zombie = Box::new(move |commits| {
            if commits {
                let _nobody_hears = apply();
            }
        });
        self.zombies.0.lock().unwrap_or_else(PoisonError::into_inner).push(zombie);
        let (sim, zombies) = (self.sim.clone(), self.zombies.clone());
        let time = Duration::from_millis(self.sim.below(400) as u64);
        self.sim.later(async move {
            strongroom_engine::Env::sleep(&sim, time).await;
            zombies.settle(&sim);
        });
    }
}

/// The in-memory catalog never waits.
pub(crate) fn at_once<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let waited = || Err(Error::new(ErrorKind::Unexpected, "the catalog in memory waited"));
    future.now_or_never().unwrap_or_else(waited)
}

macro_rules! write_through {
    ($sim:ident, $inner:ident, |$catalog:ident| $call:expr) => {{
        let $catalog = $sim.truth.beneath();
        let _ = $inner;
        $sim.write(move || at_once($call)).await
    }};
}

#[async_trait]
impl Wrap for SimCatalog {
    async fn current(&self, inner: &dyn Catalog, which: &[Lookup]) -> Result<Vec<Option<Row>>> {
        self.read(inner.current(which)).await
    }
    async fn stamps(&self, inner: &dyn Catalog, ids: &[SecretId]) -> Result<Vec<Option<Stamp>>> {
        self.read(inner.stamps(ids)).await
    }
    async fn version(&self, inner: &dyn Catalog, id: SecretId, as_of: Revision) -> Result<Option<Row>> {
        self.read(inner.version(id, as_of)).await
    }
    async fn list(
        &self,
        inner: &dyn Catalog,
        viewer: &Viewer,
        filter: &SecretFilter,
    ) -> Result<Page<SecretMeta>> {
        self.read(inner.list(viewer, filter)).await
    }
    async fn begin(&self, inner: &dyn Catalog, attempt: &Attempt) -> Result<Begun> {
        let (attempt, truth, sim) = (attempt.clone(), self.truth.clone(), self.sim.clone());
        write_through!(self, inner, |catalog| async {
            let begun = catalog.begin(&attempt).await?;
            if begun == Begun::Open {
                truth.began(&attempt, sim.micros());
            }
            Ok(begun)
        })
    }
    async fn commit(&self, inner: &dyn Catalog, change: &Commit) -> Result<Committed> {
        let (change, truth) = (change.clone(), self.truth.clone());
        write_through!(self, inner, |catalog| async {
            let committed = catalog.commit(&change).await?;
            match committed {
                Committed::Done(_) => truth.committed(&change),
                Committed::Refused(Refusal::Moved) => truth.outrun(&change),
                _ => {}
            }
            Ok(committed)
        })
    }
    async fn delete(&self, inner: &dyn Catalog, delete: &Delete) -> Result<Deleted> {
        let (delete, truth) = (delete.clone(), self.truth.clone());
        write_through!(self, inner, |catalog| async {
            let deleted = catalog.delete(&delete).await?;
            if matches!(deleted, Deleted::Done(_)) {
                truth.deleted(&delete);
            }
            Ok(deleted)
        })
    }
    async fn abandon(
        &self,
        inner: &dyn Catalog,
        uid: VersionUid,
        at: Option<&VersionRef>,
        claim: Duration,
    ) -> Result<Option<Pending>> {
        let at = at.cloned();
        write_through!(self, inner, |catalog| async { catalog.abandon(uid, at.as_ref(), claim).await })
    }
    async fn rehome(&self, inner: &dyn Catalog, rehome: &Rehome) -> Result<Rehomed> {
        let (rehome, truth, sim) = (rehome.clone(), self.truth.clone(), self.sim.clone());
        write_through!(self, inner, |catalog| async {
            let rehomed = catalog.rehome(&rehome).await?;
            if rehomed == Rehomed::Done {
                truth.moved(&rehome, GRACE, sim.micros());
            }
            Ok(rehomed)
        })
    }
    async fn fence_overdue(&self, inner: &dyn Catalog, all: bool) -> Result<u64> {
        write_through!(self, inner, |catalog| async { catalog.fence_overdue(all).await })
    }
    async fn claim(
        &self,
        inner: &dyn Catalog,
        limit: u32,
        claim: Duration,
        early: bool,
    ) -> Result<Vec<Pending>> {
        let (truth, sim) = (self.truth.clone(), self.sim.clone());
        write_through!(self, inner, |catalog| async {
            let rows = catalog.claim(limit, claim, early).await?;
            rows.iter().for_each(|row| truth.claimed(row, sim.micros()));
            Ok(rows)
        })
    }
    async fn uses(
        &self,
        inner: &dyn Catalog,
        secret: SecretId,
        store: &StoreName,
        object: ObjectId,
    ) -> Result<Uses> {
        self.read(inner.uses(secret, store, object)).await
    }
    async fn settle(&self, inner: &dyn Catalog, pending: &Pending, settled: Settled) -> Result<bool> {
        let (pending, truth) = (pending.clone(), self.truth.clone());
        write_through!(self, inner, |catalog| async {
            let now = catalog.pending(u32::MAX).await?.into_iter().find(|row| row.uid == pending.uid);
            let ended = catalog.settle(&pending, settled).await?;
            if let Some(now) = now.filter(|_| ended) {
                truth.settled(&pending, &now, settled);
            }
            Ok(ended)
        })
    }
    async fn remove_key(&self, inner: &dyn Catalog, id: KeyId) -> Result<bool> {
        let truth = self.truth.clone();
        write_through!(self, inner, |catalog| async {
            let destroyed = catalog.remove_key(id).await?;
            if destroyed {
                truth.destroyed(id);
            }
            Ok(destroyed)
        })
    }
}
