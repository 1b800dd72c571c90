//! What a broken engine remembers, one for each replica.

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use strongroom_core::{Found, ObjectId, Payload, Result, SecretId, VersionRef, VersionUid};
use strongroom_engine::{Attempt, Keys, Lookup, Pending, Row, Stamp, Uses};

/// What a mutant remembers; each of them uses a part.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) stamps: Mutex<BTreeMap<SecretId, Option<Stamp>>>,
    pub(super) rows: Mutex<BTreeMap<SecretId, Row>>,
    pub(super) attempts: Mutex<BTreeMap<VersionUid, Attempt>>,
    /// The row that was last claimed of an object.
    pub(super) claimed: Mutex<BTreeMap<ObjectId, Pending>>,
    pub(super) uses: Mutex<BTreeMap<ObjectId, Uses>>,
    /// What an object was found to hold.
    pub(super) found: Mutex<BTreeMap<ObjectId, Vec<Found>>>,
    /// Which object is written to in place of a fresh one.
    pub(super) objects: Mutex<BTreeMap<ObjectId, ObjectId>>,
    /// Under which uid an attempt goes in place of its own.
    pub(super) uids: Mutex<BTreeMap<VersionUid, VersionUid>>,
    /// What the put of an attempt was answered.
    pub(super) written: Mutex<BTreeMap<VersionUid, VersionRef>>,
    /// What a store gave and is given out again.
    pub(super) payloads: Mutex<BTreeMap<(ObjectId, VersionRef), Payload>>,
    pub(super) keys: Mutex<Option<Keys>>,
    pub(super) reading: Joined<Lookup, Option<Row>>,
    pub(super) stamping: Joined<SecretId, Option<Stamp>>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Memory {
    /// The object that is written to in place of this one.
    pub(super) fn object(&self, object: ObjectId) -> ObjectId {
        lock(&self.objects).get(&object).copied().unwrap_or(object)
    }

    /// The uid that an attempt goes under in place of this one.
    pub(super) fn uid(&self, uid: VersionUid) -> VersionUid {
        lock(&self.uids).get(&uid).copied().unwrap_or(uid)
    }
}

type Statement<V> = Shared<BoxFuture<'static, Result<Vec<V>>>>;

/// Statements that are under way, which whoever comes later joins.
pub(super) struct Joined<K, V>(Mutex<BTreeMap<Vec<K>, Statement<V>>>);

impl<K, V> Default for Joined<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord + Clone, V: Clone + Send + Sync + 'static> Joined<K, V> {
    /// The answer of the statement about these keys that is under way, or of this one.
    pub(super) async fn ask(
        &self,
        keys: &[K],
        statement: impl Future<Output = Result<Vec<V>>> + Send + 'static,
    ) -> Result<Vec<V>> {
        let answer = {
            let mut running = lock(&self.0);
            let started = running.get(keys).filter(|started| started.peek().is_none()).cloned();
            let answer = started.unwrap_or_else(|| statement.boxed().shared());
            running.insert(keys.to_vec(), answer.clone());
            answer
        };
        answer.await
    }
}
