//! A back-end that interleaves, fails, loses answers, lags, and does things late.

use super::{model::Truth, scheduler::Sim};
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
use strongroom_engine::{Env, StoreName};

/// A service as the simulator imagines it.
pub(crate) struct SimBackend {
    pub(crate) sim: Sim,
    pub(crate) inner: Arc<dyn Backend>,
    pub(crate) name: StoreName,
    pub(crate) truth: Truth,
    pub(crate) faults: Arc<AtomicBool>,
    /// How late a put may land.
    pub(crate) late: Duration,
    /// How long the service may not show a version yet.
    pub(crate) lag: Duration,
    /// Whether it sometimes serves an older version.
    pub(crate) serves_old: bool,
    pub(crate) puts: Arc<AtomicU64>,
    pub(crate) known: Arc<Mutex<BTreeMap<(ObjectId, VersionRef), u64>>>,
}

impl SimBackend {
    fn faulty(&self, permille: usize) -> bool {
        self.faults.load(Ordering::Relaxed) && self.sim.permille(permille)
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

    async fn removing(&self, remove: impl Future<Output = Result<()>>) -> Result<()> {
        self.sim.pause().await;
        if self.faulty(40) {
            return Err(unavailable());
        }
        if self.sim.permille(150) {
            // A slow service: much may happen before it is done.
            self.sim.sleep(Duration::from_millis(self.sim.below(300) as u64)).await;
        }
        remove.await?;
        self.sim.pause().await;
        if self.faulty(40) { Err(no_answer()) } else { Ok(()) }
    }
}

fn unavailable() -> Error {
    Error::new(ErrorKind::Unavailable, "the service cannot be reached").retryable(Retry::Backoff)
}

fn no_answer() -> Error {
    Error::new(ErrorKind::Timeout, "the service did not answer").retryable(Retry::Backoff)
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
        if self.faulty(40) {
            return Err(unavailable());
        }
        if self.faulty(40) {
            let (sim, inner, late) = (self.sim.clone(), self.inner.clone(), self.late);
            let (object, uid, after) = (version.object, version.uid, version.after.cloned());
            let (newest, payload, labels) = (version.newest, version.payload.clone(), version.labels.clone());
            self.sim.later(async move {
                let delay = sim.below(late.as_millis() as usize);
                sim.sleep(Duration::from_millis(delay as u64)).await;
                let mut again = NewVersion::new(object, uid, &payload, &labels).newest(newest);
                if let Some(after) = &after {
                    again = again.after(after);
                }
                let _nobody_hears = inner.put(&again).await;
            });
            return Err(no_answer());
        }
        let at = self.inner.put(version).await?;
        self.note(version.object, &at);
        self.sim.pause().await;
        if self.faulty(40) { Err(no_answer()) } else { Ok(at) }
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        self.sim.pause().await;
        if self.faulty(30) {
            return Err(unavailable());
        }
        if self.is_young(object, at) && self.faulty(30) {
            return Err(Error::new(ErrorKind::NotFound, "not shown yet"));
        }
        if self.serves_old
            && let Some(older) = self.older(object, at)
            && self.faulty(40)
            && let Ok(old) = self.inner.get(object, &older).await
        {
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
        self.removing(async {
            self.truth.must_not_be_named(&self.name, object, Some(at));
            self.inner.remove(object, at).await
        })
        .await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        self.removing(async {
            self.truth.must_not_be_named(&self.name, object, None);
            self.inner.delete(object).await
        })
        .await
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        self.sim.pause().await;
        if self.faulty(30) {
            return Err(unavailable());
        }
        let page = self.inner.scan(only, from).await;
        self.sim.pause().await;
        page
    }

    async fn check(&self) -> Result<()> {
        self.inner.check().await
    }
}
