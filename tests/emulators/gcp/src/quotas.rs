//! How often a project may ask.

use crate::{
    PROJECT_NUMBER,
    refusal::{Refusal, Result},
};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// How many requests of each kind a minute allows. `None`: as many as anybody likes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quotas {
    /// Reads of payloads.
    pub access: Option<u32>,
    /// Reads of anything else.
    pub read: Option<u32>,
    /// Changes.
    pub write: Option<u32>,
}

impl Quotas {
    /// Those that a project has when nobody has asked for more.
    #[must_use]
    pub fn documented() -> Self {
        Self { access: Some(90_000), read: Some(600), write: Some(600) }
    }

    /// None at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }
}

/// What a request counts as.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Metric {
    Access,
    Read,
    Write,
}

/// What was used in the minute that runs.
#[derive(Debug)]
pub(crate) struct Usage {
    quotas: Quotas,
    began: Duration,
    used: [u32; 3],
}

impl Usage {
    pub(crate) fn of(quotas: Quotas) -> Self {
        Self { quotas, began: Duration::ZERO, used: [0; 3] }
    }

    /// Counts a request, refused ones too.
    pub(crate) fn count(&mut self, metric: Metric, now: Duration) -> Result<()> {
        if now.saturating_sub(self.began) >= MINUTE {
            (self.began, self.used) = (now, [0; 3]);
        }
        let (n, quota, name) = match metric {
            Metric::Access => (0, self.quotas.access, "Access requests"),
            Metric::Read => (1, self.quotas.read, "Read requests"),
            Metric::Write => (2, self.quotas.write, "Write requests"),
        };
        self.used[n] = self.used[n].saturating_add(1);
        match quota {
            Some(quota) if self.used[n] > quota => Err(Refusal::exhausted(name, PROJECT_NUMBER)),
            _ => Ok(()),
        }
    }
}
