//! Answers that get lost.

use super::{Decide, Method, Wrapped, no_answer};
use std::sync::Arc;
use strongroom_core::{
    Backend, BackendInfo, Labels, NewVersion, ObjectId, Payload, Result, ScanPage, VersionRef, async_trait,
};

/// Does the work, then says that there was no answer.
pub struct LoseAnswer(Wrapped);

impl LoseAnswer {
    /// Wraps a back-end; `decide` says whose answers are lost.
    pub fn new(inner: Arc<dyn Backend>, decide: impl Decide + 'static) -> Self {
        Self(Wrapped { inner, decide: Arc::new(decide) })
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for LoseAnswer {
    fn info(&self) -> &BackendInfo {
        self.0.inner.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        let answer = self.0.inner.put(version).await;
        if self.0.goes_wrong(Method::Put, version.object) { Err(no_answer()) } else { answer }
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        let answer = self.0.inner.get(object, at).await;
        if self.0.goes_wrong(Method::Get, object) { Err(no_answer()) } else { answer }
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        let answers = self.0.inner.get_many(wanted).await;
        if self.0.goes_wrong(Method::GetMany, None) {
            wanted.iter().map(|_| Err(no_answer())).collect()
        } else {
            answers
        }
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        let answer = self.0.inner.relabel(object, labels).await;
        if self.0.goes_wrong(Method::Relabel, object) { Err(no_answer()) } else { answer }
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        let answer = self.0.inner.remove(object, at).await;
        if self.0.goes_wrong(Method::Remove, object) { Err(no_answer()) } else { answer }
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        let answer = self.0.inner.delete(object).await;
        if self.0.goes_wrong(Method::Delete, object) { Err(no_answer()) } else { answer }
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        let answer = self.0.inner.scan(only, from).await;
        if self.0.goes_wrong(Method::Scan, only) { Err(no_answer()) } else { answer }
    }

    async fn check(&self) -> Result<()> {
        let answer = self.0.inner.check().await;
        if self.0.goes_wrong(Method::Check, None) { Err(no_answer()) } else { answer }
    }
}
