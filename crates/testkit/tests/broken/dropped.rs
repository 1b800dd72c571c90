//! What is in disorder after a call that was dropped half way.

use super::{Fault, faulty::Broken};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Mutex,
};
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Labels, NewVersion, ObjectId, Payload, Result, Retry, ScanPage,
    VersionRef, async_trait,
};
use tokio::{sync, task};

/// A connection with one call at a time. It is used again after a call that was dropped, with the answer in it.
struct Connection<T>(sync::Mutex<VecDeque<T>>);

impl<T> Connection<T> {
    fn new() -> Self {
        Self(sync::Mutex::new(VecDeque::new()))
    }

    /// Reads what comes next, whoever asked for it.
    async fn read(&self, asked: impl Future<Output = T>) -> T {
        let mut unread = self.0.lock().await;
        let answer = asked.await;
        unread.push_back(answer);
        // It is on its way.
        task::yield_now().await;
        unread.pop_front().unwrap()
    }
}

/// A back-end whose author did not think of callers who go away.
pub(super) struct Dropped {
    inner: Broken,
    fault: Fault,
    reads: Connection<Result<Payload>>,
    scans: Connection<Result<ScanPage>>,
    /// How many reads there may be at a time.
    slots: sync::Semaphore,
    /// What it believes that was removed.
    removed: Mutex<BTreeSet<(ObjectId, VersionRef)>>,
    /// What it believes that objects are labelled with.
    labelled: Mutex<BTreeMap<ObjectId, Labels>>,
    /// What is being deleted.
    locked: Mutex<BTreeSet<ObjectId>>,
}

impl Dropped {
    pub(super) fn over(inner: Broken, fault: Fault) -> Self {
        Self {
            inner,
            fault,
            reads: Connection::new(),
            scans: Connection::new(),
            slots: sync::Semaphore::new(1),
            removed: Mutex::default(),
            labelled: Mutex::default(),
            locked: Mutex::default(),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for Dropped {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        self.labelled.lock().unwrap().remove(&version.object);
        self.inner.put(version).await
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        match self.fault {
            Fault::KeepsTheSlotOfADroppedRead => {
                // Counted by hand in place of a guard.
                self.slots.acquire().await.unwrap().forget();
                task::yield_now().await;
                let answer = self.inner.get(object, at).await;
                self.slots.add_permits(1);
                answer
            }
            Fault::AnswersWhatADroppedReadAskedFor => self.reads.read(self.inner.get(object, at)).await,
            _ => self.inner.get(object, at).await,
        }
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        self.inner.get_many(wanted).await
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        if self.fault == Fault::TakesADroppedRelabelForDone {
            let before = self.labelled.lock().unwrap().insert(object, labels.clone());
            if before.as_ref() == Some(labels) {
                return Ok(());
            }
            task::yield_now().await;
        }
        self.inner.relabel(object, labels).await
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        if self.fault == Fault::TakesADroppedRemovalForDone {
            let is_new = self.removed.lock().unwrap().insert((object, at.clone()));
            if !is_new {
                return Ok(());
            }
            task::yield_now().await;
        }
        self.inner.remove(object, at).await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        if self.fault != Fault::LeavesTheLockOfADroppedDeletion {
            return self.inner.delete(object).await;
        }
        let is_free = self.locked.lock().unwrap().insert(object);
        if !is_free {
            let text = "somebody else works on the object";
            return Err(Error::new(ErrorKind::Unavailable, text).retryable(Retry::Backoff));
        }
        task::yield_now().await;
        let answer = self.inner.delete(object).await;
        self.locked.lock().unwrap().remove(&object);
        answer
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        match self.fault {
            Fault::AnswersWhatADroppedScanAskedFor => self.scans.read(self.inner.scan(only, from)).await,
            _ => self.inner.scan(only, from).await,
        }
    }

    async fn check(&self) -> Result<()> {
        self.inner.check().await
    }
}
