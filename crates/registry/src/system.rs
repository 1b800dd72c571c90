//! The real clocks and the operating system's randomness.

use futures::future::BoxFuture;
use std::time::{Duration, Instant, SystemTime};
use strongroom_core::Timestamp;
use strongroom_engine::Env;
use uuid::Uuid;

/// The environment of a real program. Needs a tokio runtime with time enabled.
#[derive(Debug)]
pub struct System {
    started: Instant,
}

impl System {
    /// Starts the monotonic clock.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for System {
    fn default() -> Self {
        Self::new()
    }
}

impl Env for System {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn random(&self) -> u128 {
        // A version 4 UUID has six bits that are not random: two of them, mixed, leave none.
        Uuid::new_v4().as_u128() ^ Uuid::new_v4().as_u128().rotate_left(64)
    }
}
