//! What the process does so that values stay inside it.

use std::{
    io::Write,
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// No core dumps, and a panic tells where it happened and nothing else: its message may quote anything.
pub(crate) fn harden() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // A system that does not allow even this keeps its own limit.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        let line = format!("error: a defect of strongroom{place}; please report it\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
    }));
}

/// Logs to standard error if `STRONGROOM_LOG` names a level: only what this project says, since other libraries log
/// what they send and receive.
pub(crate) fn log() {
    let Some(level) = std::env::var_os("STRONGROOM_LOG").filter(|level| !level.is_empty()) else { return };
    let Some(level) = level.to_str().and_then(|text| text.parse::<LevelFilter>().ok()) else {
        let line = "note: STRONGROOM_LOG is none of error, warn, info, debug and trace; nothing is logged\n";
        let _ = std::io::stderr().write_all(line.as_bytes());
        return;
    };
    log_at(level);
}

/// As [`log`], for a server: from INFO on unless told otherwise.
pub(crate) fn log_serving() {
    if std::env::var_os("STRONGROOM_LOG").is_none_or(|level| level.is_empty()) {
        log_at(LevelFilter::INFO);
    }
}

fn log_at(level: LevelFilter) {
    let ours = Targets::new().with_target("strongroom", level);
    let lines = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr).with_filter(ours);
    // Somebody who embeds us may have set up logging already.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

/// Turns a panic into exit code 1.
pub(crate) fn guarded(body: impl FnOnce() -> u8) -> ExitCode {
    panic::catch_unwind(AssertUnwindSafe(body)).map_or(ExitCode::FAILURE, ExitCode::from)
}
