//! The real clocks, which can be put forward.

use futures::future::BoxFuture;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};
use strongroom_core::Timestamp;
use strongroom_engine::Env;
use uuid::Uuid;

/// Goes like the host's clocks, but for the hours that were skipped. Who sleeps does not notice those.
#[derive(Debug)]
pub struct Clock {
    start: Instant,
    skipped: AtomicU64,
}

impl Clock {
    /// With the host's time.
    #[must_use]
    pub fn start() -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), skipped: AtomicU64::new(0) })
    }

    /// Puts both clocks forward.
    pub fn skip(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.skipped.fetch_add(micros, Ordering::SeqCst);
    }

    fn skipped(&self) -> Duration {
        Duration::from_micros(self.skipped.load(Ordering::SeqCst))
    }
}

impl Env for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from(SystemTime::now()).plus(self.skipped())
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed() + self.skipped()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn random(&self) -> u128 {
        Uuid::new_v4().as_u128()
    }
}
