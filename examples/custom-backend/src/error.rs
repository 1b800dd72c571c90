//! What goes wrong with files and with age, as one of our errors.

use age::DecryptError;
use std::io;
use strongroom_core::{Error, ErrorKind, Retry};

/// Why something could not be done. Holds nothing of what was read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The file system said no.
    Files(io::ErrorKind),
    /// None of our identities opens the file.
    NotForUs,
    /// It is no file of age, or was changed.
    Damaged,
    /// age could not encrypt.
    Encrypt,
}

impl Failure {
    /// Whether there is no such file or directory.
    pub(crate) fn is_missing(self) -> bool {
        self == Self::Files(io::ErrorKind::NotFound)
    }

    /// As ours. `doing` completes "the directory: could not": `read the version`.
    pub(crate) fn into_error(self, doing: &'static str) -> Error {
        let (kind, retry, text) = match self {
            Self::Files(io::ErrorKind::NotFound) => (ErrorKind::NotFound, Retry::Never, "it is not there"),
            Self::Files(io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => (
                ErrorKind::StoreRefused,
                Retry::Never,
                "we are not allowed to; check the owner and the mode of `path`",
            ),
            Self::Files(io::ErrorKind::NotADirectory) => {
                (ErrorKind::ConfigInvalid, Retry::Never, "a file is in the way; check `path`")
            }
            Self::Files(io::ErrorKind::InvalidData) => {
                (ErrorKind::Corrupt, Retry::Never, "it is no text, as we write it")
            }
            Self::Files(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                (ErrorKind::Unavailable, Retry::Backoff, "the disk is full")
            }
            Self::Files(_) => (ErrorKind::Unavailable, Retry::Backoff, "the file system failed"),
            Self::NotForUs => (
                ErrorKind::StoreRefused,
                Retry::Never,
                "it is encrypted for others; add the identity that opens it to the file of `identity_path`",
            ),
            Self::Damaged => (ErrorKind::Corrupt, Retry::Never, "the file is not as age wrote it"),
            Self::Encrypt => (ErrorKind::Unexpected, Retry::Never, "age could not encrypt it"),
        };
        let error = Error::new(kind, format!("the directory: could not {doing}: {text}")).retryable(retry);
        match self {
            Self::Files(reason) => error.with("reason", reason),
            _ => error,
        }
    }
}

/// The kind alone: the text of such an error may hold a path, and whatever a library likes.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Files(error.kind())
    }
}

impl From<DecryptError> for Failure {
    fn from(error: DecryptError) -> Self {
        match error {
            DecryptError::NoMatchingKeys => Self::NotForUs,
            _ => Self::Damaged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_its_kind() {
        for (failure, kind, retry) in [
            (Failure::Files(io::ErrorKind::NotFound), ErrorKind::NotFound, Retry::Never),
            (Failure::Files(io::ErrorKind::PermissionDenied), ErrorKind::StoreRefused, Retry::Never),
            (Failure::Files(io::ErrorKind::ReadOnlyFilesystem), ErrorKind::StoreRefused, Retry::Never),
            (Failure::Files(io::ErrorKind::NotADirectory), ErrorKind::ConfigInvalid, Retry::Never),
            (Failure::Files(io::ErrorKind::InvalidData), ErrorKind::Corrupt, Retry::Never),
            (Failure::Files(io::ErrorKind::StorageFull), ErrorKind::Unavailable, Retry::Backoff),
            (Failure::Files(io::ErrorKind::Other), ErrorKind::Unavailable, Retry::Backoff),
            (DecryptError::NoMatchingKeys.into(), ErrorKind::StoreRefused, Retry::Never),
            (DecryptError::InvalidMac.into(), ErrorKind::Corrupt, Retry::Never),
            (DecryptError::InvalidHeader.into(), ErrorKind::Corrupt, Retry::Never),
            (Failure::Encrypt, ErrorKind::Unexpected, Retry::Never),
        ] {
            let error = failure.into_error("read the version");
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{failure:?}");
        }
    }
}
