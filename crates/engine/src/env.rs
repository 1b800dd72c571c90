//! What differs from run to run, handed in so that a simulator can replay it.

use futures::future::BoxFuture;
use std::time::Duration;
use strongroom_core::Timestamp;
use uuid::Uuid;

/// Clocks, sleep and random ids.
///
/// Spawning is not among them: background work is a future that the host drives. Keys, salts and nonces do not
/// come from here but from the operating system, so that no seed can ever reach them.
pub trait Env: Send + Sync {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// A clock that never goes back, from an arbitrary start. Leases and deadlines are measured with it.
    fn monotonic(&self) -> Duration;

    /// Ends after that time.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;

    /// 128 random bits for ids and jitter.
    fn random(&self) -> u128;
}

/// A fresh random UUID (version 4).
pub(crate) fn fresh(env: &dyn Env) -> Uuid {
    uuid::Builder::from_random_bytes(env.random().to_be_bytes()).into_uuid()
}

/// A fresh id that sorts behind those made in earlier milliseconds (version 7 of RFC 9562: the time, then 74 random bits).
/// For rows
/// whose ids say nothing to outsiders: what is written together lies together in an index, so that a commit touches a few
/// pages of it and not one for each row.
pub(crate) fn successive(env: &dyn Env) -> Uuid {
    let millis = u64::try_from(env.now().0 / 1_000).unwrap_or(0);
    let random = env.random().to_be_bytes();
    let mut bits = [0; 10];
    bits.copy_from_slice(&random[..10]);
    uuid::Builder::from_unix_timestamp_millis(millis, &bits).into_uuid()
}
