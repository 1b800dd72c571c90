//! Counts of what was asked of back-ends and of the cache.

use crate::StoreName;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use strongroom_core::ErrorKind;

/// Counts since the engine was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// By store and operation (`put`, `get`, `get_many`, `relabel`, `remove`, `delete`, `scan`, `check`).
    pub calls: BTreeMap<(StoreName, &'static str), CallStats>,
    /// The stores whose last call failed in a way that is the store's own, and how.
    pub down: BTreeMap<StoreName, ErrorKind>,
    /// Versions by store that calls left whose answer was lost and that no commit names, found by the sweeper and removed.
    pub twins: BTreeMap<StoreName, u64>,
    /// Reads answered from the cache.
    pub cache_hits: u64,
    /// Reads that had to open or fetch a value.
    pub cache_misses: u64,
    /// Bytes that the cache holds now.
    pub cache_bytes: u64,
}

/// Counts of one operation of one store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallStats {
    /// Operations asked of the back-end, repeats included. One may take several requests to the service, which bills each:
    /// a create or a removal in two steps, the pages of a scan, a read of many.
    pub sent: u64,
    /// Operations that repeated one before.
    pub repeated: u64,
    /// Operations that failed, by kind.
    pub failed: BTreeMap<ErrorKind, u64>,
    /// Payload bytes written and read.
    pub bytes: u64,
    /// Time spent waiting for answers, in microseconds.
    pub micros: u64,
    /// What the operations cost at the service's list price, in billionths of a US dollar, by the requests that the
    /// back-end says each mostly takes; `None` if it does not say.
    pub cost: Option<u64>,
}

#[derive(Default)]
pub(crate) struct Counters {
    calls: Mutex<BTreeMap<(StoreName, &'static str), CallStats>>,
    down: Mutex<BTreeMap<StoreName, ErrorKind>>,
    twins: Mutex<BTreeMap<StoreName, u64>>,
    pub(crate) hits: AtomicU64,
    pub(crate) misses: AtomicU64,
}

impl Counters {
    pub(crate) fn call(
        &self,
        store: &StoreName,
        operation: &'static str,
        count: impl FnOnce(&mut CallStats),
    ) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        count(calls.entry((store.clone(), operation)).or_default());
    }

    /// Notes how a request to a store ended.
    pub(crate) fn ended(&self, store: &StoreName, failed: Option<ErrorKind>) {
        use ErrorKind::{RateLimited, StoreRefused, Timeout, Unavailable};
        let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        match failed {
            Some(kind @ (Unavailable | Timeout | StoreRefused | RateLimited)) => {
                down.insert(store.clone(), kind);
            }
            // Whatever else it said: it answered.
            _ => drop(down.remove(store)),
        }
    }

    /// Notes that so many twins were removed.
    pub(crate) fn twins(&self, store: &StoreName, removed: u64) {
        let mut twins = self.twins.lock().unwrap_or_else(PoisonError::into_inner);
        *twins.entry(store.clone()).or_default() += removed;
    }

    pub(crate) fn snapshot(&self, cache_bytes: usize) -> Stats {
        Stats {
            calls: self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            down: self.down.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            twins: self.twins.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            cache_hits: self.hits.load(Ordering::Relaxed),
            cache_misses: self.misses.load(Ordering::Relaxed),
            cache_bytes: cache_bytes as u64,
        }
    }
}
