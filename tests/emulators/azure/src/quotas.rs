//! How often a vault may be asked.

use crate::refusal::{Refusal, Result};
use std::time::Duration;

const WINDOW: Duration = Duration::from_secs(10);

/// How many requests ten seconds allow. `None`: as many as anybody likes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quotas {
    /// New versions.
    pub creates: Option<u32>,
    /// Everything else.
    pub others: Option<u32>,
}

impl Quotas {
    /// Those of a vault.
    #[must_use]
    pub fn documented() -> Self {
        Self { creates: Some(300), others: Some(4_000) }
    }

    /// None at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }
}

/// What was used in the ten seconds that run.
#[derive(Debug)]
pub(crate) struct Usage {
    quotas: Quotas,
    began: Duration,
    creates: u32,
    others: u32,
}

impl Usage {
    pub(crate) fn of(quotas: Quotas) -> Self {
        Self { quotas, began: Duration::ZERO, creates: 0, others: 0 }
    }

    /// Counts a request, refused ones too.
    pub(crate) fn count(&mut self, creates: bool, now: Duration) -> Result<()> {
        if now.saturating_sub(self.began) >= WINDOW {
            (self.began, self.creates, self.others) = (now, 0, 0);
        }
        let (used, quota) = match creates {
            true => (&mut self.creates, self.quotas.creates),
            false => (&mut self.others, self.quotas.others),
        };
        *used = used.saturating_add(1);
        if quota.is_some_and(|quota| *used > quota) {
            let left = (self.began + WINDOW).saturating_sub(now);
            return Err(Refusal::throttled(left.as_secs() + 1));
        }
        Ok(())
    }
}
