//! Calls that say their name when they fail, or no answer comes.

use crate::suite::Calls;
use std::{future::Future, sync::Arc, time::Duration};
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Labels, NewVersion, ObjectId, Payload, Result, ScanPage,
    VersionRef, async_trait,
};
use tokio::time;

/// A back-end whose calls fail with their name, and after as long as an engine waits for one.
pub(super) struct Timed {
    inner: Arc<dyn Backend>,
    limit: Duration,
    calls: Calls,
}

impl Timed {
    pub(super) fn new(inner: Arc<dyn Backend>, limit: Duration) -> Self {
        Self { inner, limit, calls: Calls::of_this_case() }
    }

    async fn call<T>(&self, call: &'static str, answer: impl Future<Output = Result<T>>) -> Result<T> {
        self.calls.note(call);
        within(self.limit, call, answer).await
    }
}

/// The answer, or which call failed or has none.
pub(super) async fn within<T>(
    limit: Duration,
    call: &'static str,
    answer: impl Future<Output = Result<T>>,
) -> Result<T> {
    match time::timeout(limit, answer).await {
        Ok(answer) => answer.map_err(|error| named(error, call)),
        Err(_) => Err(Error::new(ErrorKind::Timeout, format!("`{call}` has no answer after {limit:?}"))),
    }
}

/// A fact of the error, so that it is told wherever the error is.
fn named(error: Error, call: &'static str) -> Error {
    error.with("call", call)
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for Timed {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        self.call("put", self.inner.put(version)).await
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        self.call("get", self.inner.get(object, at)).await
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        const CALL: &str = "get_many";
        let answers = async { Ok(self.inner.get_many(wanted).await) };
        match self.call(CALL, answers).await {
            Ok(answers) => {
                answers.into_iter().map(|answer| answer.map_err(|error| named(error, CALL))).collect()
            }
            Err(silent) => vec![Err(silent); wanted.len()],
        }
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        self.call("relabel", self.inner.relabel(object, labels)).await
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        self.call("remove", self.inner.remove(object, at)).await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        self.call("delete", self.inner.delete(object)).await
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        self.call("scan", self.inner.scan(only, from)).await
    }

    async fn check(&self) -> Result<()> {
        self.call("check", self.inner.check()).await
    }
}
