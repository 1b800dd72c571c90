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
