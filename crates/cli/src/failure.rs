//! How a command fails: one line for the person and an exit code for the program.

use crate::escape::visible;
use std::io;
use strongroom_core::{Error, ErrorKind};

/// What a command answers.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// The exit codes. They are documented, and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something else went wrong.
    Other = 1,
    /// The command line or an input is wrong.
    Usage = 2,
    /// There is no such secret, key, revision or file.
    NotFound = 3,
    /// It exists already, or somebody else changed it.
    Conflict = 4,
    /// It is not allowed.
    Refused = 5,
    /// The database or a service cannot be reached.
    Unavailable = 6,
}

/// A failure: nothing in it is a value.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What the process exits with; `None` if the reader of the output went away, which is no failure of ours.
    pub(crate) exit: Option<Exit>,
    /// What happened and what helps; escaped when it is shown.
    pub(crate) text: String,
}

impl Failure {
    /// A failure with this code and text.
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit: Some(exit), text: text.into() }
    }

    /// The command line or an input is wrong.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// A failure to read or write a file or a stream: `what` says which.
    pub(crate) fn io(what: &str, error: &io::Error) -> Self {
        let exit = match error.kind() {
            io::ErrorKind::NotFound => Exit::NotFound,
            io::ErrorKind::AlreadyExists => Exit::Conflict,
            io::ErrorKind::PermissionDenied => Exit::Refused,
            _ => Exit::Other,
        };
        // The kind's own words: an error with a message of a library could quote what was read.
        let why = match error.kind() {
            io::ErrorKind::NotFound => "no such file or directory".to_owned(),
            kind => kind.to_string(),
        };
        Self::new(exit, format!("{what}: {why}"))
    }

    /// The reader of our output is gone: `strongroom secret list | head -1`.
    pub(crate) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { exit: None, text: String::new() };
        }
        Self::io("standard output", error)
    }

    /// The same where the output was the only copy of something: that nobody reads it is a failure then, and whatever went
    /// wrong, `text` says that it is lost.
    pub(crate) fn or_lost(self, text: &str) -> Self {
        match self.exit {
            None => Self::new(Exit::Other, format!("standard output: {text}")),
            Some(exit) => Self::new(exit, format!("{}: {text}", self.text)),
        }
    }

    /// The one line that is printed.
    pub(crate) fn line(&self) -> String {
        format!("error: {}\n", visible(&self.text))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(exit_of(error.kind()), error.to_string())
    }
}

fn exit_of(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::InvalidInput => Exit::Usage,
        ErrorKind::NotFound => Exit::NotFound,
        ErrorKind::AlreadyExists | ErrorKind::Conflict => Exit::Conflict,
        ErrorKind::PermissionDenied | ErrorKind::Unauthenticated | ErrorKind::StoreRefused => Exit::Refused,
        ErrorKind::RateLimited | ErrorKind::Timeout | ErrorKind::Unavailable => Exit::Unavailable,
        // An unknown outcome is not among those that a script may simply repeat.
        _ => Exit::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_whatever_is_in_it() {
        let failure = Failure::from(Error::new(ErrorKind::NotFound, "no secret `a\nb\x1b[2J`"));
        assert_eq!(failure.line(), "error: no secret `a\\nb\\u{1b}[2J`\n");
        assert_eq!(failure.exit, Some(Exit::NotFound));
    }

    #[test]
    fn an_unknown_outcome_is_not_to_be_repeated() {
        let failure = Failure::from(Error::new(ErrorKind::OutcomeUnknown, "x"));
        assert_eq!(failure.exit, Some(Exit::Other));
    }
}
