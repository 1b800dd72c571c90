//! What time it is for an emulator.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The host's clock, but for the time that was skipped.
#[derive(Debug, Default)]
pub struct Clock {
    skipped: AtomicU64,
}

impl Clock {
    /// The time since 1970, in whole microseconds.
    #[must_use]
    pub fn now(&self) -> Duration {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(micros.saturating_add(self.skipped.load(Ordering::SeqCst)))
    }

    /// Puts it forward: tokens expire, what takes days is done.
    pub fn skip(&self, time: Duration) {
        self.skipped.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}
