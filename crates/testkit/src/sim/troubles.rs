//! What went wrong around the engine, and when: nobody is to be told of a failure without one.

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The database refused.
    Refused,
    /// A COMMIT got no answer.
    InDoubt,
    /// The service could not be reached.
    Unreachable,
    /// The service did not answer.
    Unanswered,
    /// The service did not show a new version yet.
    NotShown,
    /// The service gave an older version.
    Old,
    /// A replica stood still.
    Stopped,
}

/// All that went wrong in a run. Times are in microseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Troubles {
    /// From when until when.
    all: Vec<(u64, u64, Trouble)>,
}

impl Troubles {
    /// Something goes wrong, from now until then.
    pub(crate) fn note(&mut self, trouble: Trouble, from: u64, until: u64) {
        self.all.push((from, until, trouble));
    }

    /// Whether one of these happened in that time.
    pub(crate) fn any(&self, kinds: &[Trouble], from: u64, until: u64) -> bool {
        self.all.iter().any(|(began, ended, kind)| kinds.contains(kind) && *began <= until && *ended >= from)
    }
}
