//! Calls that fail.

use super::{Decide, Method, Wrapped};
use std::sync::Arc;
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Labels, NewVersion, ObjectId, Payload, Result, Retry, ScanPage,
    VersionRef, async_trait,
};

/// Does nothing and says that the service cannot be reached, or what it is told to say.
pub struct FailBefore(Wrapped, Error);

impl FailBefore {
    /// Wraps a back-end; `decide` says which calls fail.
    pub fn new(inner: Arc<dyn Backend>, decide: impl Decide + 'static) -> Self {
        let unreachable =
            Error::new(ErrorKind::Unavailable, "the service cannot be reached").retryable(Retry::Backoff);
        Self(Wrapped { inner, decide: Arc::new(decide) }, unreachable)
    }

    /// With this error in place of the usual one.
    #[must_use]
    pub fn saying(self, error: Error) -> Self {
        Self(self.0, error)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for FailBefore {
    fn info(&self) -> &BackendInfo {
        self.0.inner.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        if self.0.goes_wrong(Method::Put, version.object) {
            return Err(self.1.clone());
        }
        self.0.inner.put(version).await
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        if self.0.goes_wrong(Method::Get, object) {
            return Err(self.1.clone());
        }
        self.0.inner.get(object, at).await
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        if self.0.goes_wrong(Method::GetMany, None) {
            return wanted.iter().map(|_| Err(self.1.clone())).collect();
        }
        self.0.inner.get_many(wanted).await
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        if self.0.goes_wrong(Method::Relabel, object) {
            return Err(self.1.clone());
        }
        self.0.inner.relabel(object, labels).await
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        if self.0.goes_wrong(Method::Remove, object) {
            return Err(self.1.clone());
        }
        self.0.inner.remove(object, at).await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        if self.0.goes_wrong(Method::Delete, object) {
            return Err(self.1.clone());
        }
        self.0.inner.delete(object).await
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        if self.0.goes_wrong(Method::Scan, only) {
            return Err(self.1.clone());
        }
        self.0.inner.scan(only, from).await
    }

    async fn check(&self) -> Result<()> {
        if self.0.goes_wrong(Method::Check, None) {
            return Err(self.1.clone());
        }
        self.0.inner.check().await
    }
}
