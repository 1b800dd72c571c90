//! Rows and values that were read, bounded in bytes.
//!
//! Rows are believed only as long as a stamp that was read after the caller arrived says so. Values are named by a
//! version's uid and never change, so they need no validation of their own; a store's `max_age` bounds how long a value
//! of it is believed without asking the service again. A store's values may have a cache of their own.
//!
//! What stands in the catalog itself costs nothing but a lookup to read again: it is kept from the second time on that it
//! is read within a while, so that a walk over many secrets does not push out those that are read again and again. What
//! is in a service is kept at once: each read of it is a call.

use crate::{Place, Row, Stamp, VersionRow, engine::Core};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use strongroom_core::{SecretId, SecretValues, VersionUid};

/// What a row costs besides its texts and sealed bytes: the row, tree nodes, the order of use.
const PER_ROW: usize = 600;
/// What values cost besides their bytes: the map's node, tree nodes, the order of use.
const PER_VALUES: usize = 700;
/// What each pair costs besides its bytes.
const PER_PAIR: usize = 64;

pub(crate) struct Cache {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    seen: Seen,
    rows: BTreeMap<SecretId, (Arc<Row>, u64)>,
    values: BTreeMap<VersionUid, Values>,
    /// Least recently used first.
    order: BTreeMap<u64, Entry>,
    clock: u64,
    bytes: usize,
}

struct Values {
    values: Arc<SecretValues>,
    read: Duration,
    bytes: usize,
    used: u64,
}

#[derive(Clone, Copy)]
enum Entry {
    Row(SecretId),
    Values(VersionUid),
}

impl Cache {
    pub(crate) fn new(limit: usize) -> Self {
        let state = State { seen: Seen::new(limit), ..State::default() };
        Self { limit, state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// The row last seen, to be validated by its stamp before it is believed.
    pub(crate) fn row(&self, id: SecretId) -> Option<Arc<Row>> {
        self.lock().rows.get(&id).map(|(row, _)| row.clone())
    }

    /// The row, if it still has this stamp; forgotten if not.
    pub(crate) fn validated(&self, id: SecretId, stamp: Option<Stamp>) -> Option<Arc<Row>> {
        let mut state = self.lock();
        let (row, used) = state.rows.get(&id)?;
        let (row, used) = (row.clone(), *used);
        if stamp == Some(row.stamp) {
            let now = state.touch(used, Entry::Row(id));
            if let Some(entry) = state.rows.get_mut(&id) {
                entry.1 = now;
            }
            return Some(row);
        }
        state.forget(Entry::Row(id), used);
        None
    }

    pub(crate) fn keep_row(&self, row: &Arc<Row>) {
        if self.limit == 0 {
            return;
        }
        let mut state = self.lock();
        let id = row.meta.id;
        if let Some((_, used)) = state.rows.get(&id) {
            let used = *used;
            state.forget(Entry::Row(id), used);
        } else if matches!(row.version.place, Place::Inline { .. }) && !state.seen.again(id) {
            return;
        }
        let now = state.touch(0, Entry::Row(id));
        state.rows.insert(id, (row.clone(), now));
        state.bytes += row_bytes(row);
        state.shrink(self.limit);
    }

    /// Values that are still believed at `now`, if they are no older than `max_age`.
    fn values(&self, uid: VersionUid, max_age: Option<Duration>, now: Duration) -> Option<Arc<SecretValues>> {
        let mut state = self.lock();
        let entry = state.values.get(&uid)?;
        let (values, used, read) = (entry.values.clone(), entry.used, entry.read);
        if max_age.is_some_and(|age| now.saturating_sub(read) > age) {
            state.forget(Entry::Values(uid), used);
            return None;
        }
        let now = state.touch(used, Entry::Values(uid));
        if let Some(entry) = state.values.get_mut(&uid) {
            entry.used = now;
        }
        Some(values)
    }

    fn keep_values(&self, uid: VersionUid, values: &Arc<SecretValues>, now: Duration) {
        let bytes = values.size() + values.len() * PER_PAIR + PER_VALUES;
        if bytes > self.limit {
            return;
        }
        let mut state = self.lock();
        if let Some(entry) = state.values.get(&uid) {
            let used = entry.used;
            state.forget(Entry::Values(uid), used);
        }
        let used = state.touch(0, Entry::Values(uid));
        state.values.insert(uid, Values { values: values.clone(), read: now, bytes, used });
        state.bytes += bytes;
        state.shrink(self.limit);
    }

    fn has_row(&self, id: SecretId) -> bool {
        self.lock().rows.contains_key(&id)
    }

    /// Forgets a row, and answers it.
    fn forget_row(&self, id: SecretId) -> Option<Arc<Row>> {
        let mut state = self.lock();
        let (row, used) = state.rows.get(&id).map(|(row, used)| (row.clone(), *used))?;
        state.forget(Entry::Row(id), used);
        Some(row)
    }

    fn forget_values(&self, uid: VersionUid) {
        let mut state = self.lock();
        if let Some(used) = state.values.get(&uid).map(|entry| entry.used) {
            state.forget(Entry::Values(uid), used);
        }
    }
}

impl Core {
    /// The cache for the values of a version that is there, and how long they are believed.
    fn cache_at(&self, place: &Place) -> (&Cache, Option<Duration>) {
        let Place::External { store, .. } = place else { return (&self.cache, None) };
        match self.stores.get(store) {
            Some(calls) => (calls.cache.as_ref().unwrap_or(&self.cache), calls.max_age),
            None => (&self.cache, self.options.cache_max_age),
        }
    }

    /// The values of a version, if they are cached and still believed.
    pub(crate) fn cached(&self, version: &VersionRow) -> Option<Arc<SecretValues>> {
        let (cache, max_age) = self.cache_at(&version.place);
        cache.values(version.uid, max_age, self.env.monotonic())
    }

    /// Keeps the values of a row's version, which were read or written just now.
    pub(crate) fn keep(&self, row: &Row, values: &Arc<SecretValues>) {
        let version = &row.version;
        if matches!(version.place, Place::Inline { .. }) && !self.cache.has_row(row.meta.id) {
            return;
        }
        let (cache, _) = self.cache_at(&version.place);
        cache.keep_values(version.uid, values, self.env.monotonic());
    }

    /// Forgets a secret's row, and the values that it names.
    pub(crate) fn forget(&self, id: SecretId) {
        if let Some(row) = self.cache.forget_row(id) {
            self.cache_at(&row.version.place).0.forget_values(row.version.uid);
        }
    }
}

fn row_bytes(row: &Row) -> usize {
    let sealed = match &row.version.place {
        Place::Inline { sealed, .. } => sealed.len(),
        Place::External { .. } => 0,
    };
    let owner = &row.meta.owner;
    PER_ROW + row.meta.name.as_str().len() + owner.name.len() + owner.full_name.len() + sealed
}

/// What was read lately, roughly: some bits of each id, in one of some places that it shares with others.
#[derive(Default)]
struct Seen(Vec<[u32; 4]>);

impl Seen {
    /// With about as many places as a cache of so many bytes has entries.
    fn new(limit: usize) -> Self {
        Self(vec![[0; 4]; (limit / (PER_ROW + PER_VALUES)).div_ceil(4)])
    }

    /// Notes an id; whether it was noted before, and not pushed out since.
    fn again(&mut self, id: SecretId) -> bool {
        // Ids of secrets are random, so that their bits are as good as a hash.
        let (high, low) = id.0.as_u64_pair();
        let count = self.0.len() as u64;
        let places = low.checked_rem(count).and_then(|at| self.0.get_mut(usize::try_from(at).ok()?));
        let Some(places) = places else { return true };
        let mark = (high >> 32) as u32 | 1;
        let at = places.iter().position(|known| *known == mark);
        // The latest comes first, the oldest falls out.
        let last = places.len() - 1;
        places[..=at.unwrap_or(last)].rotate_right(1);
        places[0] = mark;
        at.is_some()
    }
}

impl State {
    /// Makes an entry the most recently used one.
    fn touch(&mut self, used: u64, entry: Entry) -> u64 {
        self.order.remove(&used);
        self.clock += 1;
        self.order.insert(self.clock, entry);
        self.clock
    }

    fn forget(&mut self, entry: Entry, used: u64) {
        self.order.remove(&used);
        self.bytes -= match entry {
            Entry::Row(id) => self.rows.remove(&id).map_or(0, |(row, _)| row_bytes(&row)),
            Entry::Values(uid) => self.values.remove(&uid).map_or(0, |values| values.bytes),
        };
    }

    fn shrink(&mut self, limit: usize) {
        while self.bytes > limit
            && let Some((used, entry)) = self.order.first_key_value().map(|(used, entry)| (*used, *entry))
        {
            self.forget(entry, used);
        }
    }
}
