//! Reads that answer an older version.

use super::{Decide, Method, Wrapped};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use strongroom_core::{
    Backend, BackendInfo, Labels, NewVersion, ObjectId, Payload, Result, ScanPage, VersionRef, async_trait,
};

/// Answers the payload of the version that was put before the one asked for, as a service does that was rolled
/// back. Knows the versions that were put through it.
pub struct ReturnOld(Wrapped, Mutex<BTreeMap<ObjectId, Vec<VersionRef>>>);

impl ReturnOld {
    /// Wraps a back-end; `decide` says which reads are answered wrongly, where there is an older version.
    pub fn new(inner: Arc<dyn Backend>, decide: impl Decide + 'static) -> Self {
        Self(Wrapped { inner, decide: Arc::new(decide) }, Mutex::default())
    }

    fn older(&self, object: ObjectId, at: &VersionRef) -> Option<VersionRef> {
        let seen = self.lock();
        let versions = seen.get(&object)?;
        let before = versions.iter().position(|known| known == at)?.checked_sub(1)?;
        versions.get(before).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ObjectId, Vec<VersionRef>>> {
        self.1.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for ReturnOld {
    fn info(&self) -> &BackendInfo {
        self.0.inner.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        let at = self.0.inner.put(version).await?;
        let mut seen = self.lock();
        let versions = seen.entry(version.object).or_default();
        if !versions.contains(&at) {
            versions.push(at.clone());
        }
        Ok(at)
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        match self.older(object, at).filter(|_| self.0.goes_wrong(Method::Get, object)) {
            Some(older) => self.0.inner.get(object, &older).await,
            None => self.0.inner.get(object, at).await,
        }
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        let older = |(object, at): &(ObjectId, VersionRef)| {
            let older = self.older(*object, at).filter(|_| self.0.goes_wrong(Method::GetMany, *object));
            (*object, older.unwrap_or_else(|| at.clone()))
        };
        let wanted: Vec<_> = wanted.iter().map(older).collect();
        self.0.inner.get_many(&wanted).await
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        self.0.inner.relabel(object, labels).await
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        self.0.inner.remove(object, at).await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        self.0.inner.delete(object).await
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        self.0.inner.scan(only, from).await
    }

    async fn check(&self) -> Result<()> {
        self.0.inner.check().await
    }
}
