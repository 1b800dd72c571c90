//! Calls that say their name when no answer comes.

use std::{future::Future, sync::Arc, time::Duration};
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Labels, NewVersion, ObjectId, Payload, Result, ScanPage,
    VersionRef, async_trait,
};
use tokio::time;

/// No call takes longer: the engine drops one after ten seconds, unless it is told otherwise.
const LIMIT: Duration = Duration::from_secs(20);

/// A back-end whose calls fail with their name after [`LIMIT`].
pub(super) struct Timed(pub(super) Arc<dyn Backend>);

/// The answer, or which call has none.
pub(super) async fn within<T>(call: &str, answer: impl Future<Output = Result<T>>) -> Result<T> {
    let silent = || Err(Error::new(ErrorKind::Timeout, format!("`{call}` has no answer after {LIMIT:?}")));
    time::timeout(LIMIT, answer).await.unwrap_or_else(|_| silent())
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for Timed {
    fn info(&self) -> &BackendInfo {
        self.0.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        within("put", self.0.put(version)).await
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        within("get", self.0.get(object, at)).await
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        let answers = async { Ok(self.0.get_many(wanted).await) };
        within("get_many", answers).await.unwrap_or_else(|silent| vec![Err(silent); wanted.len()])
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        within("relabel", self.0.relabel(object, labels)).await
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        within("remove", self.0.remove(object, at)).await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        within("delete", self.0.delete(object)).await
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        within("scan", self.0.scan(only, from)).await
    }

    async fn check(&self) -> Result<()> {
        within("check", self.0.check()).await
    }
}
