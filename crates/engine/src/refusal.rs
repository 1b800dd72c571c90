//! What was refused while a repair looked and cleaned up: once for each cause, however often it was met.

use crate::{RepairReport, StoreName};
use strongroom_core::{Error, ErrorKind, Reason};

/// What could not be looked at or done, for one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hindrance {
    /// The store; `None` if it is not a store's doing.
    pub store: Option<StoreName>,
    /// Of which kind the errors are. Those that [may pass](ErrorKind::may_pass) are gone another time.
    pub kind: ErrorKind,
    /// What they are about, if they say so.
    pub reason: Option<Reason>,
    /// How many there were.
    pub times: u64,
    /// What the first of them says.
    pub told: String,
}

impl Hindrance {
    /// Notes one more.
    pub(crate) fn note(all: &mut Vec<Self>, store: Option<&StoreName>, error: &Error) {
        let (kind, reason) = (error.kind(), error.reason());
        let same = |one: &&mut Self| (one.store.as_ref(), one.kind, one.reason) == (store, kind, reason);
        if let Some(one) = all.iter_mut().find(same) {
            one.times += 1;
            return;
        }
        all.push(Self::of(store, error));
    }

    pub(crate) fn of(store: Option<&StoreName>, error: &Error) -> Self {
        let (kind, reason) = (error.kind(), error.reason());
        Self { store: store.cloned(), kind, reason, times: 1, told: without_name(error).to_string() }
    }

    /// Says in the log what kept something from being removed. What does not pass by itself needs somebody: the values are still
    /// there.
    pub(crate) fn log(&self) {
        let Self { kind, times, told, .. } = self;
        if kind.may_pass() {
            tracing::info!(target: "strongroom::engine", times, error = told, "removed later");
        } else {
            tracing::warn!(
                target: "strongroom::engine", times, error = told,
                "what should be removed stays until this is set right"
            );
        }
    }
}

impl RepairReport {
    /// Notes a version of a store, or of the catalog, that could not be looked at.
    pub(crate) fn refuse(&mut self, store: Option<&StoreName>, error: &Error) {
        self.failed += 1;
        Hindrance::note(&mut self.refusals, store, error);
        let error = without_name(error);
        tracing::warn!(target: "strongroom::engine", %error, "a version could not be looked at");
    }
}

/// The name of a secret may be its owner's alone; its id says as much to whoever may know the name.
fn without_name(error: &Error) -> Error {
    let facts = error.context().filter(|(key, _)| *key != "name");
    let plain = Error::new(error.kind(), error.message().to_owned());
    facts.fold(plain, |told, (key, value)| told.with(key, value))
}

/// Whether an error tells of a store, and not of the catalog.
pub(crate) fn is_of_a_store(error: &Error) -> bool {
    error.context().any(|(key, _)| key == "store")
}
