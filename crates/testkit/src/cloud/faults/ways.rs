//! How the wire breaks, and how long that is put up with.

use super::super::uncached;
use crate::wire::Fault;
use std::time::Duration;
use strongroom_engine::EngineOptions;

/// How late a request arrives, long after it was given up.
pub(super) const LATE: Duration = Duration::from_millis(1500);

/// Every way in which the wire breaks.
pub(super) fn ways() -> Vec<(&'static str, Fault)> {
    vec![
        ("refused", Fault::Refuse(Duration::from_millis(20))),
        ("reset", Fault::Reset),
        ("slow", Fault::Slow(LATE)),
        ("late", Fault::Late(LATE)),
        ("half a body", Fault::HalfBody),
        ("429", Fault::status(429).retry_after(1).into()),
        ("500", Fault::status(500).into()),
        ("503", Fault::status(503).into()),
        ("lost answer", Fault::LoseAnswer),
    ]
}

/// Short, so that what is slow is too slow.
pub(super) fn impatient(attempts: u32) -> EngineOptions {
    let mut options = uncached();
    options.call_timeout = Duration::from_millis(700);
    options.call_attempts = attempts;
    // The port is closed for less than the first pauses.
    options.backoff = Duration::from_millis(100);
    options
}
