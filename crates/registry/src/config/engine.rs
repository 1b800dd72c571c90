//! `[engine]`.

use super::range;
use serde::Deserialize;
use std::time::Duration;
use strongroom_core::{DEFAULT_SIZE_LIMIT, Error, ErrorKind, Result, Settings};
use strongroom_engine::EngineOptions;

/// A day, in milliseconds.
const DAY: u64 = 86_400_000;

/// `[engine]`: cache, history, limits and times. The defaults suit most; the times are keys so that tests need
/// not wait.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EngineSettings {
    /// The most that the cache of values may hold, in bytes; 0 to 2^40. Default 8 MiB; 0: no cache.
    #[serde(deserialize_with = "range::within::<_, u64, 0, { 1 << 40 }>")]
    pub cache_bytes: u64,
    /// How long a cached value is used before it is read again, in seconds; 1 to 31,536,000. It bounds how long
    /// a change that somebody made in the service itself stays unseen. Default: no bound, since ours are seen at
    /// once.
    #[serde(deserialize_with = "range::optional::<_, u64, 1, 31_536_000>")]
    pub cache_max_age_s: Option<u64>,
    /// How many versions of a secret's values are kept, the current one included; 1 to 100. Default 10.
    #[serde(deserialize_with = "range::within::<_, u32, 1, 100>")]
    pub history: u32,
    /// The most that a secret's keys and values together may have, in bytes; 1 to 1,048,576. Default 65,536; a
    /// back-end may take less.
    #[serde(deserialize_with = "range::within::<_, usize, 1, 1_048_576>")]
    pub size_limit: usize,
    /// How long one attempt of a call to a back-end may take, in milliseconds; 1 to 600,000. Default 10,000.
    #[serde(deserialize_with = "range::within::<_, u64, 1, 600_000>")]
    pub call_timeout_ms: u64,
    /// How often a call to a back-end is attempted, where repeating it is safe; 1 to 20. Default 4.
    #[serde(deserialize_with = "range::within::<_, u32, 1, 20>")]
    pub call_attempts: u32,
    /// How long a writer keeps others from the secret before they may go on without it, in milliseconds; 10 to
    /// a day. Default 60,000.
    #[serde(deserialize_with = "range::within::<_, u64, 10, DAY>")]
    pub lease_ms: u64,
    /// How long a version may be missing in the service because that lags behind, before it counts as lost, in
    /// milliseconds; 0 to a day. Default 600,000.
    #[serde(deserialize_with = "range::within::<_, u64, 0, DAY>")]
    pub young_ms: u64,
    /// How long a write whose outcome is unknown may still arrive at the service, in milliseconds; at least
    /// `lease_ms`, at most a day. Default 3,600,000.
    #[serde(deserialize_with = "range::within::<_, u64, 10, DAY>")]
    pub late_ms: u64,
    /// How long what is no longer needed stays readable for reads that are under way, in milliseconds; 0 to a
    /// day. Default 60,000.
    #[serde(deserialize_with = "range::within::<_, u64, 0, DAY>")]
    pub grace_ms: u64,
    /// How often a process that stays says in the database that it runs, in milliseconds; 100 to a day. It counts as
    /// running for four times as long. Default 15,000.
    #[serde(deserialize_with = "range::within::<_, u64, 100, DAY>")]
    pub beat_ms: u64,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            cache_bytes: 8 << 20,
            cache_max_age_s: None,
            history: 10,
            size_limit: DEFAULT_SIZE_LIMIT,
            call_timeout_ms: 10_000,
            call_attempts: 4,
            lease_ms: 60_000,
            young_ms: 600_000,
            late_ms: 3_600_000,
            grace_ms: 60_000,
            beat_ms: 15_000,
        }
    }
}

impl EngineSettings {
    /// Reads the section.
    pub(super) fn read(settings: Settings) -> Result<Self> {
        let read: Self = settings.parse()?;
        read.options().check()?;
        if read.late_ms < read.lease_ms {
            // What a writer sends within its lease would otherwise arrive after the cleaning up. Not a rule of the engine:
            // there are services where nothing arrives late.
            let text = "engine.late_ms: less than engine.lease_ms; raise it or lower the lease";
            return Err(Error::new(ErrorKind::ConfigInvalid, text));
        }
        Ok(read)
    }

    /// What the engine takes.
    pub(crate) fn options(&self) -> EngineOptions {
        let mut options = EngineOptions::default();
        options.size_limit = self.size_limit;
        options.history = self.history;
        options.cache_bytes = usize::try_from(self.cache_bytes).unwrap_or(usize::MAX);
        options.cache_max_age = self.cache_max_age_s.map(Duration::from_secs);
        options.lease = Duration::from_millis(self.lease_ms);
        options.young = Duration::from_millis(self.young_ms);
        options.late = Duration::from_millis(self.late_ms);
        options.grace = Duration::from_millis(self.grace_ms);
        options.beat_every = Duration::from_millis(self.beat_ms);
        options.call_timeout = Duration::from_millis(self.call_timeout_ms);
        options.call_attempts = self.call_attempts;
        options
    }
}
