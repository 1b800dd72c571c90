//! Puts that arrive late.

use super::{Decide, Method, Wrapped, no_answer};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use strongroom_core::{
    Backend, BackendInfo, Labels, NewVersion, ObjectId, Payload, Result, ScanPage, VersionRef, VersionUid,
    async_trait,
};

/// Says that a put was not answered, and keeps it: it is done when the test says so.
pub struct DeliverLate(Wrapped, Later);

/// Puts that are still on their way. Clones are the same queue.
#[derive(Clone, Default)]
pub struct Later(Arc<Mutex<VecDeque<Letter>>>);

/// A put that was taken down.
struct Letter {
    object: ObjectId,
    uid: VersionUid,
    first: bool,
    newest: bool,
    after: Option<VersionRef>,
    payload: Payload,
    labels: Labels,
}

impl DeliverLate {
    /// Wraps a back-end; `decide` says which puts go to `later`.
    pub fn new(inner: Arc<dyn Backend>, decide: impl Decide + 'static, later: &Later) -> Self {
        Self(Wrapped { inner, decide: Arc::new(decide) }, later.clone())
    }
}

impl Later {
    /// Nothing is on its way.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many puts are on their way.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether nothing is on its way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Does the put that waits at this place, 0 being the oldest; `None` if there is none.
    pub async fn deliver(&self, index: usize, to: &dyn Backend) -> Option<Result<VersionRef>> {
        let letter = self.lock().remove(index)?;
        let mut version = NewVersion::new(letter.object, letter.uid, &letter.payload, &letter.labels);
        version.first = letter.first;
        version.newest = letter.newest;
        version.after = letter.after.as_ref();
        Some(to.put(&version).await)
    }

    fn push(&self, version: &NewVersion<'_>) {
        self.lock().push_back(Letter {
            object: version.object,
            uid: version.uid,
            first: version.first,
            newest: version.newest,
            after: version.after.cloned(),
            payload: version.payload.clone(),
            labels: version.labels.clone(),
        });
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Letter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for DeliverLate {
    fn info(&self) -> &BackendInfo {
        self.0.inner.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        if self.0.goes_wrong(Method::Put, version.object) {
            self.1.push(version);
            return Err(no_answer());
        }
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
