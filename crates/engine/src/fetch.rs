//! The values of a row: from the cache, from the row itself, or from a back-end; concurrent reads of one version are
//! one call, and share its answer.

use crate::{
    Place, Row, StoreName, VersionRow,
    calls::Calls,
    caught::caught,
    codec::{self, Bound},
    compare::is_damage,
    deadline::Deadline,
    engine::Core,
    errors,
};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};
use strongroom_core::{
    Error, ErrorKind, ObjectId, Payload, Result, Revision, SecretRef, SecretValues, Timestamp, VersionRef,
    VersionUid,
};

type Flight = Shared<BoxFuture<'static, Result<Payload>>>;

/// What a read gave.
enum Fetched {
    /// The bytes of the version.
    Payload(Payload),
    /// Its values: somebody else had read them in the meantime.
    Known(Arc<SecretValues>),
}

/// A version and its place.
type Key = (VersionUid, ObjectId, VersionRef);

/// Where a version is read from, and by what that read is known; `None` if its values are in the row.
fn outside(version: &VersionRow) -> Option<(&StoreName, Key)> {
    match &version.place {
        Place::External { store, object, at } => Some((store, (version.uid, *object, at.clone()))),
        Place::Inline { .. } => None,
    }
}

/// Reads under way.
#[derive(Default)]
pub(crate) struct Flights(Mutex<BTreeMap<Key, Flight>>);

impl Flights {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a read that has its answer, or that nobody waits for any more: it would keep its connection, and whoever
    /// came next would wait for it.
    fn land(&self, key: &Key) {
        let over = |flight: &Flight| flight.peek().is_some() || flight.strong_count() == Some(1);
        let left = {
            let mut flights = self.lock();
            if flights.get(key).is_some_and(over) { flights.remove(key) } else { None }
        };
        // What a back-end does at its end is done without the lock.
        drop(left);
    }
}

/// Somebody who may wait for a read, until they have kept its values or left.
pub(crate) struct Aboard<'a> {
    flights: &'a Flights,
    key: Key,
    /// Their place in a read that they have not asked for yet.
    held: Option<Flight>,
}

impl Drop for Aboard<'_> {
    fn drop(&mut self) {
        self.held = None;
        self.flights.land(&self.key);
    }
}

impl Core {
    pub(crate) fn bound(&self, row: &Row) -> Bound {
        Bound { namespace: self.namespace(), secret: row.meta.id, version: row.version.uid }
    }

    /// The values of a row's version, and the row that they belong to.
    ///
    /// If they cannot be read, the row is read once more, since its version may have been replaced or moved: meanwhile, or
    /// long ago if the row was cached, since a move leaves its stamp. `admit` is asked again then. `as_of` names the older
    /// version that was asked for.
    pub(crate) async fn values_of(
        self: &Arc<Self>,
        row: &Arc<Row>,
        as_of: Option<Revision>,
        deadline: &Deadline,
        admit: &(dyn Fn(&Row) -> Result<()> + Sync),
    ) -> Result<(Arc<Row>, Arc<SecretValues>)> {
        let mut row = row.clone();
        loop {
            let asked = self.env.now();
            let error = match self.values_at(&row, deadline).await {
                Ok(values) => return Ok((row, values)),
                Err(error) => error,
            };
            let missing = error.kind() == ErrorKind::NotFound || is_damage(&error);
            let again = match self.same_row(&row, as_of, deadline).await {
                // Why the values could not be read matters more.
                Err(_) if !missing => return Err(errors::about(error, &row.meta)),
                again => again?,
            };
            let again = again.ok_or_else(|| errors::not_found(&SecretRef::Id(row.meta.id)))?;
            admit(&again)?;
            if again.version.place == row.version.place && again.version.uid == row.version.uid {
                if !missing {
                    return Err(errors::about(error, &row.meta));
                }
                let error = self.judge(&row, asked, error);
                let damaged = is_damage(&error);
                return Err(if damaged { errors::damaged(&error, as_of.is_none()) } else { error });
            }
            row = again;
        }
    }

    /// What the catalog says now in place of a row.
    async fn same_row(
        &self,
        row: &Row,
        as_of: Option<Revision>,
        deadline: &Deadline,
    ) -> Result<Option<Arc<Row>>> {
        let id = row.meta.id;
        match as_of {
            None => self.patiently(deadline, || self.read_row(id)).await,
            Some(revision) => {
                let older = self.patiently(deadline, || self.catalog.version(id, revision)).await?;
                Ok(older.map(Arc::new))
            }
        }
    }

    /// What it means that a committed version cannot be read.
    pub(crate) fn judge(&self, row: &Row, asked: Timestamp, error: Error) -> Error {
        let error = errors::about(error, &row.meta).with("revision", row.version.revision);
        if is_damage(&error) {
            return error;
        }
        // As old as it was when the service was asked, which may have been on behalf of somebody who came earlier.
        let longest_call = match &row.version.place {
            Place::External { store, .. } => {
                self.stores.get(store).map_or(Duration::ZERO, |calls| calls.longest())
            }
            Place::Inline { .. } => Duration::ZERO,
        };
        let age = asked.since(row.version.placed);
        let verdict = if age < self.options.young.saturating_add(longest_call) {
            errors::not_shown()
        } else {
            errors::gone()
        };
        error.context().fold(verdict, |verdict, (key, value)| verdict.with(key, value))
    }

    async fn values_at(self: &Arc<Self>, row: &Row, deadline: &Deadline) -> Result<Arc<SecretValues>> {
        if let Some(values) = self.cached(&row.version) {
            self.counters.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(values);
        }
        self.counters.misses.fetch_add(1, Ordering::Relaxed);
        let aboard = outside(&row.version).map(|(_, key)| Aboard { flights: &self.flights, key, held: None });
        let read = self.read_values(row, deadline).await;
        if let Ok(values) = &read {
            self.keep(row, values);
        }
        // Only now: whoever finds no read under way must find its values.
        drop(aboard);
        read
    }

    /// Past the cache.
    pub(crate) async fn read_values(
        self: &Arc<Self>,
        row: &Row,
        deadline: &Deadline,
    ) -> Result<Arc<SecretValues>> {
        let (version, bound) = (&row.version, self.bound(row));
        match &version.place {
            Place::Inline { sealed, .. } => {
                let unsealed = || Error::new(ErrorKind::Corrupt, "an inline value without a key");
                let key = version.key.ok_or_else(unsealed)?;
                codec::open_inline(&self.ring, &bound, key, sealed).await.map(Arc::new)
            }
            Place::External { store, object, at } => {
                let payload = match self.payload(version, store, *object, at, deadline).await? {
                    Fetched::Payload(payload) => payload,
                    Fetched::Known(values) => return Ok(values),
                };
                self.values_in(row, &payload).await.map(Arc::new)
            }
        }
    }

    /// Whether a version can be read, past the cache.
    pub(crate) async fn read_afresh(self: &Arc<Self>, row: &Row, deadline: &Deadline) -> Result<()> {
        let Place::External { store, object, at } = &row.version.place else {
            return self.read_values(row, deadline).await.map(drop);
        };
        let payload = self.store(store)?.get(*object, at, deadline).await?;
        self.values_in(row, &payload).await.map(drop)
    }

    /// The values in the bytes that a back-end holds for this version, verified.
    pub(crate) async fn values_in(&self, row: &Row, payload: &Payload) -> Result<SecretValues> {
        let (version, bound) = (&row.version, self.bound(row));
        let values = codec::decode(&self.ring, &bound, version.key, payload).await?;
        let unpinned = || Error::new(ErrorKind::Corrupt, "an external value without a digest");
        let pinned = version.digest.as_deref().ok_or_else(unpinned)?;
        codec::verify(&self.ring, &bound, pinned, &values).await?;
        Ok(values)
    }

    /// The bytes of one version; joins a read of it that is under way.
    async fn payload(
        self: &Arc<Self>,
        version: &VersionRow,
        store: &StoreName,
        object: ObjectId,
        at: &VersionRef,
        deadline: &Deadline,
    ) -> Result<Fetched> {
        let calls = self.store(store)?.clone();
        let key = (version.uid, object, at.clone());
        loop {
            let (flight, joined) = {
                let mut flights = self.flights.lock();
                let under_way = flights.get(&key).cloned();
                let joined = under_way.is_some();
                // Somebody else may have read them since this caller looked.
                if let (false, Some(values)) = (joined, self.cached(version)) {
                    return Ok(Fetched::Known(values));
                }
                let flight = under_way.unwrap_or_else(|| {
                    // Bound by the time that calls may take, not by the deadline of whoever came first.
                    let own = Deadline::after(calls.longest(), &self.env);
                    let (at, calls) = (at.clone(), calls.clone());
                    async move { caught(calls.get(object, &at, &own)).await? }.boxed().shared()
                });
                flights.insert(key.clone(), flight.clone());
                (flight, joined)
            };
            let answer = deadline.bound(flight).await.map_err(|over| calls.named(over, "get"))?;
            match answer {
                // Everybody who waited for that read had left it, so that its time ran out: it says nothing.
                Err(error) if joined && error.kind() == ErrorKind::Timeout => self.flights.land(&key),
                answer => return answer.map(Fetched::Payload),
            }
        }
    }

    /// Starts bulk reads for what is neither cached nor being read, in stores that can. They go on as long as somebody
    /// waits for them, or has what this answers.
    pub(crate) fn take_off_together<'a>(
        self: &'a Arc<Self>,
        rows: &[Arc<Row>],
        deadline: &Deadline,
    ) -> Vec<Aboard<'a>> {
        let mut aboard = Vec::new();
        // Before the cache is looked at: whoever ends a read keeps its values first.
        let mut flights = self.flights.lock();
        let mut cold: BTreeMap<&StoreName, Vec<Key>> = BTreeMap::new();
        for row in rows {
            let version = &row.version;
            if let Some((store, key)) = outside(version)
                && self.cached(version).is_none()
            {
                let wanted = cold.entry(store).or_default();
                if !flights.contains_key(&key) && !wanted.contains(&key) {
                    wanted.push(key);
                }
            }
        }
        for (store, wanted) in cold {
            let Ok(calls) = self.store(store) else { continue };
            let bulk = calls.info().limits.bulk_read;
            if bulk < 2 || wanted.len() < 2 {
                continue;
            }
            for chunk in wanted.chunks(bulk) {
                let together = read_together(calls.clone(), chunk, deadline.clone());
                for (place, key) in chunk.iter().enumerate() {
                    let together = together.clone();
                    let one = async move {
                        let answers = together.await;
                        let missing =
                            || Error::new(ErrorKind::Unexpected, "the back-end gave too few answers");
                        answers.get(place).cloned().ok_or_else(missing)?
                    };
                    let flight = one.boxed().shared();
                    let held = Some(flight.clone());
                    aboard.push(Aboard { flights: &self.flights, key: key.clone(), held });
                    flights.insert(key.clone(), flight);
                }
            }
        }
        aboard
    }
}

type Together = Shared<BoxFuture<'static, Arc<Vec<Result<Payload>>>>>;

fn read_together(calls: Arc<Calls>, chunk: &[Key], deadline: Deadline) -> Together {
    let wanted: Vec<_> = chunk.iter().map(|(_, object, at)| (*object, at.clone())).collect();
    let all = async move {
        let answers = caught(calls.get_many(&wanted, &deadline)).await;
        Arc::new(answers.unwrap_or_else(|error| vec![Err(error); wanted.len()]))
    };
    all.boxed().shared()
}
