//! Calls that take long.

use super::{Decide, Method, Wrapped};
use std::{sync::Arc, time::Duration};
use strongroom_core::{
    Backend, BackendInfo, Labels, NewVersion, ObjectId, Payload, Result, ScanPage, VersionRef, async_trait,
};
use strongroom_engine::Env;

/// Waits before it does the work, so that it is done after what was called later, or by somebody who gave up.
pub struct Delay(Wrapped, Arc<dyn Env>, Duration);

impl Delay {
    /// Wraps a back-end; `decide` says which calls wait for `time` on the clock of `env`.
    pub fn new(
        inner: Arc<dyn Backend>,
        decide: impl Decide + 'static,
        env: Arc<dyn Env>,
        time: Duration,
    ) -> Self {
        Self(Wrapped { inner, decide: Arc::new(decide) }, env, time)
    }

    async fn pause(&self, method: Method, object: impl Into<Option<ObjectId>>) {
        if self.0.goes_wrong(method, object) {
            self.1.sleep(self.2).await;
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for Delay {
    fn info(&self) -> &BackendInfo {
        self.0.inner.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        self.pause(Method::Put, version.object).await;
        self.0.inner.put(version).await
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        self.pause(Method::Get, object).await;
        self.0.inner.get(object, at).await
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        self.pause(Method::GetMany, None).await;
        self.0.inner.get_many(wanted).await
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        self.pause(Method::Relabel, object).await;
        self.0.inner.relabel(object, labels).await
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        self.pause(Method::Remove, object).await;
        self.0.inner.remove(object, at).await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        self.pause(Method::Delete, object).await;
        self.0.inner.delete(object).await
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        self.pause(Method::Scan, only).await;
        self.0.inner.scan(only, from).await
    }

    async fn check(&self) -> Result<()> {
        self.pause(Method::Check, None).await;
        self.0.inner.check().await
    }
}
