//! Slows down who guesses passwords: a delay per account and source, never a lock-out.
//!
//! The account alone is no key, or anybody could keep its owner out; the source alone is none either, since many people
//! may share an address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// What the first failures cost: nothing.
const FREE: u32 = 5;
const LONGEST: Duration = Duration::from_secs(60);
/// After this long without a failure everything is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(900);
/// Bounds the memory that an attacker can take.
const BUCKETS: usize = 10_000;

/// The keyed hash of an account's name, whether or not there is such an account, and where the login came from.
type Key = ([u8; 32], Option<IpAddr>);

/// The network that counts as one source: whoever has an IPv6 address has 2⁶⁴ of them.
fn network((name, source): Key) -> Key {
    let source = source.map(|address| match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (!0 << 64)).into()),
        v4 => v4,
    });
    (name, source)
}

struct Bucket {
    failures: u32,
    last: Duration,
}

/// Failed logins of late.
#[derive(Default)]
pub(crate) struct Limiter(Mutex<HashMap<Key, Bucket>>);

impl Limiter {
    /// How long this one still has to wait; `now` is a monotonic clock.
    pub(crate) fn wait(&self, key: &Key, now: Duration) -> Option<Duration> {
        let buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get(&network(*key))?;
        let over = bucket.failures.checked_sub(FREE)?;
        let delay = Duration::from_secs(1 << over.min(6)).min(LONGEST);
        (bucket.last + delay).checked_sub(now).filter(|left| !left.is_zero())
    }

    /// Notes a failure.
    pub(crate) fn failed(&self, key: Key, now: Duration) {
        let key = network(key);
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| now.saturating_sub(bucket.last) < FORGOTTEN);
            if buckets.len() >= BUCKETS {
                // Whoever fills the table loses what it holds about the longest quiet half.
                let mut last: Vec<Duration> = buckets.values().map(|bucket| bucket.last).collect();
                last.sort_unstable();
                let middle = last[last.len() / 2];
                buckets.retain(|_, bucket| bucket.last > middle);
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { failures: 0, last: now });
        if now.saturating_sub(bucket.last) >= FORGOTTEN {
            bucket.failures = 0;
        }
        bucket.failures = bucket.failures.saturating_add(1);
        bucket.last = now;
    }

    /// Forgets the failures of one that logged in.
    pub(crate) fn succeeded(&self, key: &Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&network(*key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        ([byte; 32], None)
    }

    #[test]
    fn failures_cost_more_and_more_time_and_a_success_ends_it() {
        let limiter = Limiter::default();
        let at = Duration::from_secs;
        for _ in 0..FREE - 1 {
            limiter.failed(key(1), at(100));
        }
        assert_eq!(limiter.wait(&key(1), at(100)), None);
        limiter.failed(key(1), at(100));
        assert_eq!(limiter.wait(&key(1), at(100)), Some(at(1)));
        limiter.failed(key(1), at(100));
        assert_eq!(limiter.wait(&key(1), at(100)), Some(at(2)));
        assert_eq!(limiter.wait(&key(2), at(100)), None, "another source is not slowed down");
        (0..100).for_each(|_| limiter.failed(key(1), at(100)));
        assert_eq!(limiter.wait(&key(1), at(100)), Some(LONGEST));
        assert_eq!(limiter.wait(&key(1), at(161)), None, "never longer");
        limiter.succeeded(&key(1));
        assert_eq!(limiter.wait(&key(1), at(100)), None);
    }

    #[test]
    fn the_addresses_of_one_network_are_one_source() {
        let from = |address: &str| ([1; 32], Some(address.parse().unwrap()));
        let limiter = Limiter::default();
        for n in 0..=FREE {
            limiter.failed(from(&format!("2001:db8::{n}")), Duration::ZERO);
        }
        let waits = |address: &str| limiter.wait(&from(address), Duration::ZERO).is_some();
        assert!(waits("2001:db8::ffff") && !waits("2001:db8:0:1::1") && !waits("192.0.2.1"));
        for _ in 0..=FREE {
            limiter.failed(from("192.0.2.1"), Duration::ZERO);
        }
        assert!(waits("::ffff:192.0.2.1") && !waits("192.0.2.2"));
    }

    #[test]
    fn its_memory_is_bounded() {
        let limiter = Limiter::default();
        for n in 0..3 * BUCKETS {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_be_bytes());
            limiter.failed((hash, None), Duration::from_secs(n as u64));
        }
        assert!(limiter.0.lock().unwrap().len() <= BUCKETS);
    }
}
