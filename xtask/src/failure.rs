//! Why a task ended early.

use std::fmt::Display;
use std::path::Path;

/// The result of everything that may be interrupted.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// Why a task ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Ctrl-C, or somebody ended this process: clean up, do nothing else.
    Interrupted,
    /// Text for a person: what went wrong and what to do.
    Failed(String),
}

impl Failure {
    /// A failure of `action` ("start", "read") on `what`.
    pub(crate) fn of(action: &str, what: impl Display, error: impl Display) -> Self {
        Self::Failed(format!("cannot {action} {what}: {error}"))
    }

    /// A failure of `action` on a file or directory.
    pub(crate) fn on(action: &str, path: &Path, error: impl Display) -> Self {
        Self::of(action, path.display(), error)
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        Self::Failed(text.to_owned())
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Failed(text)
    }
}
