//! What can be tuned.

use crate::{Replica, running::MISSED};
use std::time::Duration;
use strongroom_core::{DEFAULT_SIZE_LIMIT, Error, ErrorKind, Result};

/// Times, sizes and bounds of an engine. The defaults suit production; tests shorten the times.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EngineOptions {
    /// Bytes of keys and values that a secret may have. Default 65,536.
    pub size_limit: usize,
    /// Versions kept per secret, the current one included. Default 10.
    pub history: u32,
    /// Bytes that the cache of values may take. Default 8 MiB; 0 keeps nothing.
    pub cache_bytes: usize,
    /// How long a cached external value is believed without asking the service again; `None`: as long as its
    /// version is current. It bounds how long a change made behind our back stays unseen.
    pub cache_max_age: Option<Duration>,
    /// How long an attempt holds a secret's lock. A put is sent during the first half alone. Default 60 s.
    pub lease: Duration,
    /// A version that a service does not show is "not yet there" while it is younger than this. Default 10 min.
    pub young: Duration,
    /// How late a request that was sent may still take effect at a service. Default 1 h.
    pub late: Duration,
    /// How long the old place of a version that moved stays readable. Default 1 min.
    pub grace: Duration,
    /// How long one call to a service may take. Default 10 s.
    pub call_timeout: Duration,
    /// How often a call that is safe to repeat is sent at most. Default 4.
    pub call_attempts: u32,
    /// The first pause before a repeat; it doubles each time, with jitter. Default 100 ms.
    pub backoff: Duration,
    /// How often background work looks for something to do. Default 10 s.
    pub sweep_every: Duration,
    /// How often a process that stays says that it runs; it counts as running for four times as long. A day at most,
    /// default 15 s.
    pub beat_every: Duration,
    /// The audit chain that writes extend. Default [`LOCAL_CHAIN`](crate::LOCAL_CHAIN).
    pub chain: String,
}

/// What one store has otherwise than the engine; `None`: as [`EngineOptions`] says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreOptions {
    /// How long one call to this store may take.
    pub call_timeout: Option<Duration>,
    /// How often a call to this store that is safe to repeat is sent at most; 1 or more.
    pub call_attempts: Option<u32>,
    /// Bytes that this store's values may take in a cache of their own, beside the engine's; 0 keeps nothing. `None`:
    /// they share the engine's.
    pub cache_bytes: Option<usize>,
    /// How long a cached value of this store is believed without asking it again.
    pub cache_max_age: Option<Duration>,
    /// Whether another address than the one that the catalog knows is recorded as the store's new one, provided that values
    /// of ours are found there.
    pub new_address: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            size_limit: DEFAULT_SIZE_LIMIT,
            history: 10,
            cache_bytes: 8 << 20,
            cache_max_age: None,
            lease: Duration::from_secs(60),
            young: Duration::from_secs(600),
            late: Duration::from_secs(3600),
            grace: Duration::from_secs(60),
            call_timeout: Duration::from_secs(10),
            call_attempts: 4,
            backoff: Duration::from_millis(100),
            sweep_every: Duration::from_secs(10),
            beat_every: Duration::from_secs(15),
            chain: crate::LOCAL_CHAIN.to_owned(),
        }
    }
}

impl EngineOptions {
    /// Refuses what cannot work.
    ///
    /// # Errors
    /// `ConfigInvalid`, naming the option.
    pub fn check(&self) -> Result<()> {
        let bad = |text| Err(Error::new(ErrorKind::ConfigInvalid, text));
        if self.history == 0 {
            return bad("engine.history: at least the current version must be kept: 1 or more");
        }
        if self.call_attempts == 0 {
            return bad("engine.call_attempts: a call must be sent at least once: 1 or more");
        }
        if self.lease < Duration::from_millis(10) {
            return bad("engine.lease_ms: an attempt needs time to write: 10 or more");
        }
        if self.beat_every.saturating_mul(MISSED) > Replica::LONGEST {
            return bad(
                "engine.beat_ms: who says so seldom that it runs does not count as running: a day at most",
            );
        }
        Ok(())
    }
}
