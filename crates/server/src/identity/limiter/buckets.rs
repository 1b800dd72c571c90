//! What is remembered of each account and source, in bounded memory.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// After this long without a failure everything is forgotten.
pub(super) const FORGOTTEN: Duration = Duration::from_secs(900);
/// Bounds the memory that an attacker can take.
pub(super) const BUCKETS: usize = 10_000;

/// The keyed hash of an account's name, whether or not there is such an account, and where the login came from.
pub(super) type Key = ([u8; 32], Option<IpAddr>);

#[derive(Default)]
pub(super) struct Bucket {
    pub(super) failures: u32,
    pub(super) last: Duration,
    /// Guesses that are being looked at.
    pub(super) running: u32,
    /// Guesses that wait for one of those.
    pub(super) waiting: u32,
}

impl Bucket {
    fn is_under_way(&self) -> bool {
        self.running > 0 || self.waiting > 0
    }
}

#[derive(Default)]
pub(super) struct Buckets(Mutex<HashMap<Key, Bucket>>);

impl Buckets {
    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<Key, Bucket>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The table, with room for this key.
    pub(super) fn with_room(&self, key: Key, now: Duration) -> MutexGuard<'_, HashMap<Key, Bucket>> {
        let mut buckets = self.lock();
        if !buckets.contains_key(&key) {
            make_room(&mut buckets, now);
        }
        buckets
    }

    /// Changes a bucket, which goes if nothing is left to remember.
    pub(super) fn change(&self, key: &Key, change: impl FnOnce(&mut Bucket)) {
        let mut buckets = self.lock();
        if let Some(bucket) = buckets.get_mut(key) {
            change(bucket);
            if bucket.failures == 0 && !bucket.is_under_way() {
                buckets.remove(key);
            }
        }
    }
}

/// Bounds the table: whoever fills it loses what it holds about the longest quiet half.
fn make_room(buckets: &mut HashMap<Key, Bucket>, now: Duration) {
    if buckets.len() < BUCKETS {
        return;
    }
    buckets.retain(|_, bucket| bucket.is_under_way() || now.saturating_sub(bucket.last) < FORGOTTEN);
    if buckets.len() >= BUCKETS {
        let mut last: Vec<Duration> = buckets.values().map(|bucket| bucket.last).collect();
        last.sort_unstable();
        let middle = last[last.len() / 2];
        // Those under way are as many as there are connections at most.
        buckets.retain(|_, bucket| bucket.is_under_way() || bucket.last > middle);
    }
}
