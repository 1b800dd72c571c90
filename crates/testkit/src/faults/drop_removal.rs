//! Removals that remove nothing.

use super::{Decide, Method, Wrapped};
use std::sync::Arc;
use strongroom_core::{
    Backend, BackendInfo, Labels, NewVersion, ObjectId, Payload, Result, ScanPage, VersionRef, async_trait,
};

/// Says that a version or an object was removed, and leaves it.
pub struct DropRemoval(Wrapped);

impl DropRemoval {
    /// Wraps a back-end; `decide` says which removals remove nothing.
    pub fn new(inner: Arc<dyn Backend>, decide: impl Decide + 'static) -> Self {
        Self(Wrapped { inner, decide: Arc::new(decide) })
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for DropRemoval {
    fn info(&self) -> &BackendInfo {
        self.0.inner.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        self.0.inner.put(version).await
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        self.0.inner.get(object, at).await
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        self.0.inner.get_many(wanted).await
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        self.0.inner.relabel(object, labels).await
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        if self.0.goes_wrong(Method::Remove, object) {
            return Ok(());
        }
        self.0.inner.remove(object, at).await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        if self.0.goes_wrong(Method::Delete, object) {
            return Ok(());
        }
        self.0.inner.delete(object).await
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        self.0.inner.scan(only, from).await
    }

    async fn check(&self) -> Result<()> {
        self.0.inner.check().await
    }
}
