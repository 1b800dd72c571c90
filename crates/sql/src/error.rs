//! What went wrong in a database, by its codes.

use crate::codes;
use strongroom_core::{Error, ErrorKind, Retry};

/// What a failed statement means for the transaction that it is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "not every database reports each of them")]
pub(crate) enum Class {
    /// A unique index refused it.
    Unique,
    /// A foreign key refused it.
    ForeignKey,
    /// The database undid the transaction, or cannot serve now: run it again as a whole.
    Again,
    /// A statement took longer than the database allows, and was undone.
    Slow,
    /// The connection is lost.
    Lost,
    /// No connection could be made, or none became free, in the time allowed.
    Unreachable,
    /// The server cannot be written: it is read-only, or a standby.
    ReadOnly,
    /// There is no room.
    Full,
    /// Our credentials or rights do not suffice.
    Denied,
    /// The database's file is damaged.
    Corrupt,
    /// The database's schema is not what it should be, or a statement of ours is wrong.
    Schema,
    /// The database is a file, and the system does not let us open or write it or what SQLite makes beside it.
    File,
    /// Reading or writing the file failed.
    Io,
    /// Anything else.
    Other,
}

/// A failed statement: what it means, and what the caller is told.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) class: Class,
    pub(crate) error: Error,
}

impl Failure {
    /// A failure that no database reported.
    pub(crate) fn other(error: Error) -> Self {
        Self { class: Class::Other, error }
    }

    /// No answer came.
    pub(crate) fn silent() -> Self {
        Self { class: Class::Lost, error: told(Class::Lost, "no answer") }
    }

    /// No connection could be made in time.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(crate) fn unreachable() -> Self {
        Self { class: Class::Unreachable, error: told(Class::Unreachable, "no answer") }
    }

    /// Something found damage in the database's file.
    pub(crate) fn damaged(found: &str) -> Self {
        Self { class: Class::Corrupt, error: told(Class::Corrupt, found) }
    }

    /// Names the file, where that is what has to be looked at.
    #[cfg(feature = "sqlite")]
    pub(crate) fn at(self, path: &std::path::Path) -> Self {
        if self.class == Class::File {
            return Self { error: self.error.with("path", path.display()), ..self };
        }
        self
    }

    /// Names what it is about.
    pub(crate) fn about(self, key: &'static str, value: impl std::fmt::Display) -> Self {
        Self { error: self.error.with(key, value), ..self }
    }

    /// Asks for the whole transaction to be run again.
    pub(crate) fn again() -> Self {
        Self { class: Class::Again, error: told(Class::Again, "retry") }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::other(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let (class, code) = classify(&error);
        let mut told = told(class, &code);
        // A statement's text is ours; no argument is part of it.
        if let (Class::Schema, Some(database)) = (class, error.as_database_error()) {
            told = told.with("database says", database.message());
        }
        Self { class, error: told }
    }
}

#[cfg(feature = "sqlite")]
impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failed, says) = error else {
            return Self { class: Class::Other, error: told(Class::Other, "driver") };
        };
        let number = u32::try_from(failed.extended_code).unwrap_or(1);
        let class = codes::sqlite(number);
        let mut told = told(class, &format!("SQLite code {number}"));
        // As above.
        if let (Class::Schema, Some(says)) = (class, says) {
            told = told.with("database says", says);
        }
        Self { class, error: told }
    }
}

fn classify(error: &sqlx::Error) -> (Class, String) {
    use sqlx::Error as E;
    match error {
        E::Database(database) => database_class(&**database),
        E::Io(io) => (Class::Lost, io.kind().to_string()),
        E::Tls(_) => (Class::Lost, "TLS: the server's certificate or protocol was refused".to_owned()),
        E::Protocol(_) => (Class::Lost, "protocol".to_owned()),
        E::PoolTimedOut => (Class::Unreachable, "no free connection".to_owned()),
        E::PoolClosed => (Class::Unreachable, "closed".to_owned()),
        E::WorkerCrashed => (Class::Lost, "worker".to_owned()),
        E::Configuration(_) => (Class::Other, "configuration".to_owned()),
        E::Decode(_) | E::ColumnDecode { .. } => (Class::Corrupt, "decode".to_owned()),
        _ => (Class::Other, "driver".to_owned()),
    }
}

fn database_class(error: &dyn sqlx::error::DatabaseError) -> (Class, String) {
    #[cfg(feature = "postgres")]
    if let Some(error) = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        return (codes::postgres(error.code()), format!("SQLSTATE {}", error.code()));
    }
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return (codes::mysql(error.number()), format!("error {}", error.number()));
    }
    #[cfg(feature = "sqlite")]
    if let Some(error) = error.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
        let code = sqlx::error::DatabaseError::code(error);
        let number = code.as_deref().and_then(|code| code.parse().ok()).unwrap_or(1);
        return (codes::sqlite(number), format!("SQLite code {number}"));
    }
    (Class::Other, error.code().map(Into::into).unwrap_or_default())
}

/// What a COMMIT without an answer is reported as.
pub(crate) fn unknown() -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        "the connection to the database was lost during the commit: whether it took effect is not known",
    )
}

fn told(class: Class, code: &str) -> Error {
    let (kind, retry, text) = match class {
        Class::Unique => (ErrorKind::Conflict, Retry::Never, "the database refused a duplicate"),
        Class::ForeignKey => {
            (ErrorKind::Conflict, Retry::Never, "the database refused: something refers to it")
        }
        Class::Again => (
            ErrorKind::Unavailable,
            Retry::Backoff,
            "the database is busy and did not take the change in time: nothing was changed, try again",
        ),
        Class::Slow => (
            ErrorKind::Timeout,
            Retry::Never,
            "the database did not do it in the time that a statement may take, and undid it: look what it is busy with, then \
             try again",
        ),
        Class::Lost | Class::Unreachable => (
            ErrorKind::Unavailable,
            Retry::Backoff,
            "the database cannot be reached: check that it runs and that its URL is right",
        ),
        Class::ReadOnly => {
            (ErrorKind::Unavailable, Retry::Never, "the database cannot be written: connect to the primary")
        }
        Class::Full => (ErrorKind::Unavailable, Retry::Backoff, "the database's disk is full: make room"),
        Class::Denied => (
            ErrorKind::StoreRefused,
            Retry::Never,
            "the database refused our account: check the URL's user, password and database name, and the rights",
        ),
        Class::Corrupt => {
            (ErrorKind::Corrupt, Retry::Never, "the database is damaged: stop, and restore a backup")
        }
        Class::Schema => (
            ErrorKind::Unexpected,
            Retry::Never,
            "the database's tables are not as they should be: compare the versions of program and database",
        ),
        Class::File => (
            ErrorKind::Unavailable,
            Retry::Never,
            "the database's file or its directory cannot be opened or written: check that the file system is not mounted \
             read-only, the owner and rights of the file, of its -wal and -shm, and of the directory, and the process's \
             limit of open files",
        ),
        Class::Io => (
            ErrorKind::Unavailable,
            Retry::Backoff,
            "reading or writing the database's file failed: check the disk and the limits of the process",
        ),
        Class::Other => (ErrorKind::Unexpected, Retry::Never, "the database reported an error"),
    };
    Error::new(kind, text).with("code", code).retryable(retry)
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::{ErrorKind, Failure};

    #[test]
    fn a_file_that_cannot_be_opened_is_named_and_no_account_is_blamed() {
        // SQLITE_CANTOPEN, and SQLITE_READONLY_DIRECTORY.
        for number in [14, 1544] {
            let code = rusqlite::ffi::Error::new(number);
            let failure = Failure::from(rusqlite::Error::SqliteFailure(code, None));
            let error = failure.at(std::path::Path::new("/data/strongroom.db")).error;
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{number}");
            let text = error.to_string();
            assert!(text.contains("read-only") && text.contains("/data/strongroom.db"), "{text}");
            assert!(!text.contains("account") && !text.contains("URL"), "{text}");
        }
        let busy = Failure::from(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(5), None));
        assert!(!busy.at(std::path::Path::new("/data/strongroom.db")).error.to_string().contains("/data"));
    }
}
