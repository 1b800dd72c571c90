//! Slows down who guesses passwords: a delay per account and source, never a lock-out.
//!
//! The account alone is no key, or anybody could keep its owner out; the source alone is none either, since many people
//! may share an address. A guess counts from the moment that it is looked at: many at once are no way around it.

mod buckets;

use buckets::{Bucket, Buckets, FORGOTTEN, Key};
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// What the first failures cost: nothing.
const FREE: u32 = 5;
const LONGEST: Duration = Duration::from_secs(60);
/// How many guesses wait in one place.
const WAITING: u32 = 64;

/// The network that counts as one source: whoever has an IPv6 address has 2⁶⁴ of them.
pub(super) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (!0 << 64)).into()),
        v4 => v4,
    }
}

fn network((name, source): Key) -> Key {
    (name, source.map(network_of))
}

/// Failed logins of late, and those under way.
#[derive(Clone, Default)]
pub(crate) struct Limiter(Arc<Inner>);

#[derive(Default)]
struct Inner {
    buckets: Buckets,
    /// A guess ended.
    ended: Notify,
}

/// Why a guess is not looked at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotNow {
    /// It failed too often: this long it has to wait.
    Wait(Duration),
    /// Too many are under way there.
    TooMany,
}

/// The right to one guess. Whoever drops it without an outcome did not guess.
#[must_use]
pub(crate) struct Turn {
    limiter: Limiter,
    key: Key,
    done: bool,
}

impl Limiter {
    /// Takes a turn, after waiting for those under way if one of them might be the last failure that costs nothing.
    /// So guesses that come at once count as they would one after the other. `now` is a monotonic clock.
    pub(crate) async fn turn(&self, key: Key, now: impl Fn() -> Duration) -> Result<Turn, NotNow> {
        let key = network(key);
        let mut queued = None;
        loop {
            let ended = self.0.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if let Some(turn) = self.try_turn(key, now())? {
                return Ok(turn);
            }
            if queued.is_none() {
                queued = Some(Queued::new(self, key)?);
            }
            ended.await;
        }
    }

    fn try_turn(&self, key: Key, now: Duration) -> Result<Option<Turn>, NotNow> {
        let mut buckets = self.0.buckets.with_room(key, now);
        let bucket = buckets.entry(key).or_default();
        if bucket.failures > 0 && now.saturating_sub(bucket.last) >= FORGOTTEN {
            bucket.failures = 0;
        }
        if let Some(over) = bucket.failures.checked_sub(FREE) {
            let delay = Duration::from_secs(1 << over.min(6)).min(LONGEST);
            let left = (bucket.last + delay).saturating_sub(now);
            if !left.is_zero() {
                return Err(NotNow::Wait(left));
            }
        }
        if bucket.running >= FREE.saturating_sub(bucket.failures).max(1) {
            return Ok(None);
        }
        bucket.running += 1;
        Ok(Some(Turn { limiter: self.clone(), key, done: false }))
    }
}

impl Turn {
    /// It was wrong.
    pub(crate) fn failed(mut self, now: Duration) {
        self.end(|bucket| {
            bucket.failures = bucket.failures.saturating_add(1);
            bucket.last = now;
        });
    }

    /// It was right, which ends what failures cost.
    pub(crate) fn succeeded(mut self) {
        self.end(|bucket| bucket.failures = 0);
    }

    fn end(&mut self, outcome: impl FnOnce(&mut Bucket)) {
        self.done = true;
        self.limiter.0.buckets.change(&self.key, |bucket| {
            bucket.running = bucket.running.saturating_sub(1);
            outcome(bucket);
        });
        self.limiter.0.ended.notify_waiters();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.done {
            self.end(|_| {});
        }
    }
}

/// A place among those that wait.
struct Queued<'a>(&'a Limiter, Key);

impl<'a> Queued<'a> {
    fn new(limiter: &'a Limiter, key: Key) -> Result<Self, NotNow> {
        let mut buckets = limiter.0.buckets.lock();
        let bucket = buckets.entry(key).or_default();
        if bucket.waiting >= WAITING {
            return Err(NotNow::TooMany);
        }
        bucket.waiting += 1;
        Ok(Self(limiter, key))
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.0.buckets.change(&self.1, |bucket| bucket.waiting = bucket.waiting.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::{buckets::BUCKETS, *};

    fn key(byte: u8) -> Key {
        ([byte; 32], None)
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// What a guess is told at this moment if none is under way.
    fn wait(limiter: &Limiter, key: Key, now: Duration) -> Option<Duration> {
        match limiter.try_turn(network(key), now) {
            Ok(turn) => {
                assert!(turn.is_some(), "none is under way");
                None
            }
            Err(NotNow::Wait(left)) => Some(left),
            Err(NotNow::TooMany) => panic!("nobody waits"),
        }
    }

    fn fail(limiter: &Limiter, key: Key, now: Duration) {
        // The delay is somebody else's test.
        let later = now + LONGEST;
        limiter.try_turn(network(key), later).unwrap().unwrap().failed(now);
    }

    #[test]
    fn failures_cost_more_and_more_time_and_a_success_ends_it() {
        let limiter = Limiter::default();
        for _ in 0..FREE - 1 {
            fail(&limiter, key(1), at(100));
        }
        assert_eq!(wait(&limiter, key(1), at(100)), None);
        fail(&limiter, key(1), at(100));
        assert_eq!(wait(&limiter, key(1), at(100)), Some(at(1)));
        fail(&limiter, key(1), at(100));
        assert_eq!(wait(&limiter, key(1), at(100)), Some(at(2)));
        assert_eq!(wait(&limiter, key(2), at(100)), None, "another source is not slowed down");
        (0..100).for_each(|_| fail(&limiter, key(1), at(100)));
        assert_eq!(wait(&limiter, key(1), at(100)), Some(LONGEST));
        assert_eq!(wait(&limiter, key(1), at(161)), None, "never longer");
        limiter.try_turn(key(1), at(161)).unwrap().unwrap().succeeded();
        assert_eq!(wait(&limiter, key(1), at(100)), None);
        assert!(limiter.0.buckets.lock().is_empty());
    }

    #[test]
    fn the_addresses_of_one_network_are_one_source() {
        let from = |address: &str| ([1; 32], Some(address.parse().unwrap()));
        let limiter = Limiter::default();
        for n in 0..=FREE {
            fail(&limiter, from(&format!("2001:db8::{n}")), Duration::ZERO);
        }
        let waits = |address: &str| wait(&limiter, from(address), Duration::ZERO).is_some();
        assert!(waits("2001:db8::ffff") && !waits("2001:db8:0:1::1") && !waits("192.0.2.1"));
        for _ in 0..=FREE {
            fail(&limiter, from("192.0.2.1"), Duration::ZERO);
        }
        assert!(waits("::ffff:192.0.2.1") && !waits("192.0.2.2"));
    }

    #[test]
    fn its_memory_is_bounded() {
        let limiter = Limiter::default();
        for n in 0..3 * BUCKETS {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_be_bytes());
            fail(&limiter, (hash, None), at(n as u64));
        }
        assert!(limiter.0.buckets.lock().len() <= BUCKETS);
    }

    #[tokio::test]
    async fn guesses_at_once_are_no_more_than_those_one_after_the_other() {
        let limiter = Limiter::default();
        let mut looked_at = Vec::new();
        for _ in 0..FREE {
            looked_at.push(limiter.turn(key(1), || at(100)).await.unwrap());
        }
        let guess = |limiter: Limiter| async move { limiter.turn(key(1), || at(100)).await.map(drop) };
        let waiting: Vec<_> = (0..WAITING).map(|_| tokio::spawn(guess(limiter.clone()))).collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(waiting.iter().all(|one| !one.is_finished()), "they wait");
        assert_eq!(guess(limiter.clone()).await, Err(NotNow::TooMany), "so many and no more");
        looked_at.drain(..).for_each(|turn| turn.failed(at(100)));
        for one in waiting {
            assert_eq!(one.await.unwrap(), Err(NotNow::Wait(at(1))));
        }
        // Whoever goes away gives the turn back.
        drop(limiter.turn(key(2), || at(100)).await.unwrap());
        assert_eq!(limiter.0.buckets.lock().len(), 1);
    }
}
