//! A back-end that interleaves, fails, loses answers, lags, and does things late.

use super::{foreign::Foreign, model::Truth, scheduler::Sim, troubles::Trouble};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Labels, NewVersion, ObjectId, Payload, Result, Retry, ScanPage,
    VersionRef, async_trait,
};
use strongroom_engine::Env;

/// A service as the simulator imagines it.
pub(crate) struct SimBackend {
    pub(crate) sim: Sim,
    pub(crate) inner: Arc<dyn Backend>,
    pub(crate) truth: Truth,
    pub(crate) faults: Arc<AtomicBool>,
    pub(crate) foreign: Foreign,
    /// How late a request may take effect.
    pub(crate) late: Duration,
    /// Whether it does so as late as it may, more often than not.
    pub(crate) punctual: bool,
    /// How long the service may not show a version yet.
    pub(crate) lag: Duration,
    /// Whether it sometimes serves an older version.
    pub(crate) serves_old: bool,
    pub(crate) puts: Arc<AtomicU64>,
    pub(crate) known: Arc<Mutex<BTreeMap<(ObjectId, VersionRef), u64>>>,
    /// Until when nothing can be reached, in microseconds.
    pub(crate) down_until: Arc<AtomicU64>,
}

impl SimBackend {
    fn faulty(&self, permille: usize) -> bool {
        self.faults.load(Ordering::Relaxed) && self.sim.permille(permille)
    }

    /// Whether a request does not come through.
    fn unreachable(&self, permille: usize) -> bool {
        let down = self.sim.micros() < self.down_until.load(Ordering::Relaxed);
        self.faulty(if down { 1000 } else { permille })
    }

    /// Some time the service is down, for a while.
    pub(crate) async fn outage(self: Arc<Self>) {
        self.sim.sleep(Duration::from_millis(self.sim.below(3000) as u64)).await;
        let until = self.sim.micros() + 1_000_000 + self.sim.below(5_000_000) as u64;
        self.down_until.store(until, Ordering::Relaxed);
    }

    fn trouble(&self, trouble: Trouble) {
        self.truth.trouble(trouble, self.sim.micros(), self.sim.micros());
    }

    fn unavailable(&self) -> Error {
        self.trouble(Trouble::Unreachable);
        Error::new(ErrorKind::Unavailable, "the service cannot be reached").retryable(Retry::Backoff)
    }

    fn no_answer(&self) -> Error {
        self.trouble(Trouble::Unanswered);
        Error::new(ErrorKind::Timeout, "the service did not answer").retryable(Retry::Backoff)
    }

    fn note(&self, object: ObjectId, at: &VersionRef) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry((object, at.clone())).or_insert_with(|| self.sim.micros());
    }

    /// An older version of the same object, if there is one.
    fn older(&self, object: ObjectId, at: &VersionRef) -> Option<VersionRef> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.keys().find(|(of, version)| *of == object && version != at).map(|(_, version)| version.clone())
    }

    fn is_young(&self, object: ObjectId, at: &VersionRef) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let put = known.get(&(object, at.clone())).copied().unwrap_or(0);
        self.sim.micros().saturating_sub(put) < self.lag.as_micros() as u64
    }

    /// How late a request that got no answer takes effect.
    fn delay(&self) -> Duration {
        let late = self.late.as_millis() as usize;
        let delay = if self.punctual && self.sim.permille(700) {
            late - self.sim.below(50)
        } else {
            self.sim.below(late)
        };
        Duration::from_millis(delay as u64)
    }

    async fn removing(&self, remove: impl Future<Output = Result<()>>) -> Result<()> {
        self.sim.pause().await;
        if self.unreachable(40) {
            return Err(self.unavailable());
        }
        if self.sim.permille(150) {
            // A slow service: much may happen before it is done.
            self.sim.sleep(Duration::from_millis(self.sim.below(300) as u64)).await;
        }
        remove.await?;
        self.sim.pause().await;
        if self.faulty(40) { Err(self.no_answer()) } else { Ok(()) }
    }

    /// Removes a version, or an object: now, or when nobody waits for it any more.
    async fn take_away(&self, object: ObjectId, at: Option<VersionRef>) -> Result<()> {
        let gone =
            Removal { inner: self.inner.clone(), truth: self.truth.clone(), foreign: self.foreign.clone() };
        let sim = self.sim.clone();
        if !self.faulty(30) {
            return self.removing(async move { gone.land(&sim, object, at.as_ref()).await }).await;
        }
        let delay = self.delay();
        self.sim.later(async move {
            sim.sleep(delay).await;
            let _nobody_hears = gone.land(&sim, object, at.as_ref()).await;
        });
        self.sim.pause().await;
        Err(self.no_answer())
    }
}

/// What a removal changes when it takes effect.
struct Removal {
    inner: Arc<dyn Backend>,
    truth: Truth,
    foreign: Foreign,
}

impl Removal {
    async fn land(&self, sim: &Sim, object: ObjectId, at: Option<&VersionRef>) -> Result<()> {
        self.truth.must_not_be_named(object, at);
        let Some(at) = at else {
            self.truth.looked(object, sim.micros());
            if self.foreign.deleted(object) {
                self.truth.break_promise("an object of somebody else was deleted");
            }
            return self.inner.delete(object).await;
        };
        if self.foreign.has(object, at) {
            self.truth.break_promise("a version that somebody else put was removed");
        }
        self.inner.remove(object, at).await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for SimBackend {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        self.sim.pause().await;
        self.puts.fetch_add(1, Ordering::Relaxed);
        if self.unreachable(40) {
            return Err(self.unavailable());
        }
        if self.faulty(40) {
            let (sim, inner, delay) = (self.sim.clone(), self.inner.clone(), self.delay());
            let (object, uid, after) = (version.object, version.uid, version.after.cloned());
            let (newest, payload, labels) = (version.newest, version.payload.clone(), version.labels.clone());
            self.sim.later(async move {
                sim.sleep(delay).await;
                let mut again = NewVersion::new(object, uid, &payload, &labels).newest(newest);
                if let Some(after) = &after {
                    again = again.after(after);
                }
                let _nobody_hears = inner.put(&again).await;
            });
            return Err(self.no_answer());
        }
        let at = self.inner.put(version).await?;
        self.note(version.object, &at);
        self.sim.pause().await;
        if self.faulty(40) { Err(self.no_answer()) } else { Ok(at) }
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        self.sim.pause().await;
        if self.unreachable(30) {
            return Err(self.unavailable());
        }
        if self.is_young(object, at) && self.faulty(30) {
            self.trouble(Trouble::NotShown);
            return Err(Error::new(ErrorKind::NotFound, "not shown yet"));
        }
        if self.serves_old
            && let Some(older) = self.older(object, at)
            && self.faulty(40)
            && let Ok(old) = self.inner.get(object, &older).await
        {
            self.trouble(Trouble::Old);
            return Ok(old);
        }
        let answer = self.inner.get(object, at).await;
        self.sim.pause().await;
        answer
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        let mut answers = Vec::with_capacity(wanted.len());
        for (object, at) in wanted {
            answers.push(self.get(*object, at).await);
        }
        answers
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        self.removing(self.inner.relabel(object, labels)).await
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        self.take_away(object, Some(at.clone())).await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        self.take_away(object, None).await
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        self.sim.pause().await;
        if self.unreachable(30) {
            return Err(self.unavailable());
        }
        let looked = self.sim.micros();
        let page = self.inner.scan(only, from).await;
        if let (Some(object), None, Ok(_)) = (only, from, &page) {
            self.truth.looked(object, looked);
        }
        self.sim.pause().await;
        page
    }

    async fn check(&self) -> Result<()> {
        self.inner.check().await
    }
}
