//! When the use of an API key is noted in the database.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use strongroom_core::Timestamp;

/// `last_used` of a key is not written more often.
pub(super) const PACE: Duration = Duration::from_secs(600);
/// What the database compares with. Less, since its clock and ours may differ: a use that is due here is not to be too
/// early there, or it would not be noted for another [`PACE`].
pub(super) const APART: Duration = PACE.checked_div(2).unwrap();
/// A use that could not be noted is tried again after this time, if there is another one.
const AGAIN: Duration = Duration::from_secs(1);

/// When a key was last noted to be used, as far as this process knows; before all time if never.
#[derive(Clone, Debug)]
pub(super) struct LastUse(Arc<AtomicI64>);

impl LastUse {
    pub(super) fn new(noted: Option<Timestamp>) -> Self {
        Self(Arc::new(AtomicI64::new(noted.map_or(i64::MIN, |at| at.0))))
    }

    /// Whether a use at this moment is to be noted: of those that ask at once, one is told so.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let noted = self.0.load(Ordering::Relaxed);
        let due = noted == i64::MIN || now.since(Timestamp(noted)) >= PACE;
        due && self.0.compare_exchange(noted, now.0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// The use at this moment, which was due, could not be noted.
    pub(super) fn was_not_noted(&self, at: Timestamp) {
        let wait = PACE - AGAIN;
        let before = at.0.saturating_sub(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX));
        let _ = self.0.compare_exchange(at.0, before, Ordering::Relaxed, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_noted_at_once_and_then_every_ten_minutes() {
        let at = |seconds: u64| Timestamp(1_767_225_600_000_000).plus(Duration::from_secs(seconds));
        let uses = LastUse::new(None);
        let noted: Vec<u64> = [0, 0, 1, 300, 599, 600, 601, 1199, 1200]
            .into_iter()
            .filter(|now| uses.is_due(at(*now)))
            .collect();
        assert_eq!(noted, [0, 600, 1200]);
        assert!(!uses.is_due(at(3)), "a clock that goes back");
        let known = LastUse::new(Some(at(0)));
        assert!(!known.is_due(at(599)) && known.is_due(at(600)), "another process noted it");
    }

    #[test]
    fn a_use_that_could_not_be_noted_is_tried_again_soon() {
        let at = |seconds: u64| Timestamp(1_767_225_600_000_000).plus(Duration::from_secs(seconds));
        let uses = LastUse::new(None);
        assert!(uses.is_due(at(0)));
        uses.was_not_noted(at(0));
        assert!(!uses.is_due(at(0)) && uses.is_due(at(1)));
        // The answer of an earlier try says nothing about this one.
        uses.was_not_noted(at(0));
        assert!(!uses.is_due(at(600)) && uses.is_due(at(601)));
    }
}
