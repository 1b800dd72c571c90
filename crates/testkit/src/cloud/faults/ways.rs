//! How the wire breaks, and how long that is put up with.

use super::super::uncached;
use crate::wire::Fault;
use std::time::Duration;
use strongroom_engine::EngineOptions;

/// How late a request arrives, long after it was given up.
pub(super) const LATE: Duration = Duration::from_millis(2000);

/// One way in which the wire breaks.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) fault: Fault,
    /// What the caller is told to do about it.
    pub(super) remedy: &'static [&'static str],
}

impl Way {
    /// Whether it is waited for.
    pub(super) fn takes_time(&self) -> bool {
        matches!(self.name, "slow" | "late" | "429")
    }
}

/// What was lost on its way.
pub(super) const LOST: &[&str] = &["check", "network"];
const SLOW: &[&str] = &["in time", "try again", "call_timeout_ms"];
const BUSY: &[&str] = &["slow down", "try again"];
const DOWN: &[&str] = &["try again"];

/// Every way in which the wire breaks.
pub(super) fn ways() -> Vec<Way> {
    let way = |name, fault, remedy| Way { name, fault, remedy };
    vec![
        way("refused", Fault::Refuse(Duration::from_millis(20)), LOST),
        way("reset", Fault::Reset, LOST),
        way("slow", Fault::Slow(LATE), SLOW),
        way("late", Fault::Late(LATE), SLOW),
        way("half a body", Fault::HalfBody, LOST),
        way("429", Fault::status(429).retry_after(1).into(), BUSY),
        way("500", Fault::status(500).into(), DOWN),
        way("503", Fault::status(503).into(), DOWN),
        way("lost answer", Fault::LoseAnswer, LOST),
    ]
}

/// Short, so that what is slow is too slow.
pub(super) fn impatient(attempts: u32) -> EngineOptions {
    let mut options = uncached();
    options.call_timeout = Duration::from_millis(1000);
    options.call_attempts = attempts;
    // The port is closed for less than the first pauses.
    options.backoff = Duration::from_millis(100);
    options
}
