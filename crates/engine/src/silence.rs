//! Stores that give no answer: in one sweep, a removal that nobody answers is enough.

use crate::{StoreName, calls::Calls, refusal::is_of_a_store};
use std::collections::BTreeMap;
use strongroom_core::{Error, ErrorKind, Reason};

/// The stores that gave no answer in a sweep.
#[derive(Default)]
pub(crate) struct Silence(BTreeMap<StoreName, Silent>);

struct Silent {
    /// What the first call without an answer ended with.
    error: Error,
    /// Whether the store was asked since, and gave no answer either.
    sure: bool,
}

impl Silence {
    /// Notes with what the work on something in this store ended.
    pub(crate) fn note(&mut self, store: &StoreName, error: &Error) {
        if is_no_answer(error) {
            self.0.entry(store.clone()).or_insert_with(|| Silent { error: error.clone(), sure: false });
        }
    }

    /// Why nothing more is to be sent to this store.
    ///
    /// It may be one object alone of which a service never tells: were the service itself not asked once, such an object
    /// would keep all others from being removed, in this sweep and in each one after it.
    pub(crate) async fn of(&mut self, store: &Calls) -> Option<Error> {
        let Silent { error, sure } = self.0.remove(&store.name)?;
        if !sure && store.answers().await {
            return None;
        }
        self.0.insert(store.name.clone(), Silent { error: error.clone(), sure: true });
        Some(error)
    }
}

/// Whether a store gave no answer; one that says no, or to wait, did.
pub(crate) fn is_no_answer(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable)
        && error.reason() != Some(Reason::NotShownYet)
        && is_of_a_store(error)
}
