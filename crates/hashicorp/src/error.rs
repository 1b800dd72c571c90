//! What goes wrong at the service, as one of our errors.

use crate::hitch::Hitch;
use reqwest::StatusCode;
use std::time::Duration;
use strongroom_core::{Error, ErrorKind, Retry};

/// Why a request has no answer of use. Holds nothing of what was sent or received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A status that is no success.
    Status { status: StatusCode, told: Told, retry_after: Option<Duration> },
    /// Nobody takes our connections, or whoever does is not who we were told.
    Connect(Hitch),
    /// The connection was lost, with the request or a part of the answer.
    Lost,
    /// No answer in time.
    Timeout,
    /// More than an answer may have.
    TooLarge,
    /// Not what the interface says.
    Unreadable,
}

/// What an answer without success says besides its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// That there is no such key or version is said without words.
    Nothing,
    /// What is wrong.
    Errors,
    /// Nothing that Vault would say: somebody in between answered, such as an ingress without a server behind it. What is
    /// there is not known.
    Strange,
}

impl Failure {
    /// Of the library's error nothing but its kind and those of its causes are looked at: it holds the URL.
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::Timeout
        } else if error.is_connect() {
            Self::Connect(Hitch::of(error))
        } else if error.is_builder() {
            Self::Unreadable
        } else {
            Self::Lost
        }
    }

    /// The status, if there was one.
    pub(crate) fn status(self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(status.as_u16()),
            _ => None,
        }
    }

    /// Whether there is no such key or version.
    pub(crate) fn is_missing(self) -> bool {
        matches!(self, Self::Status { status: StatusCode::NOT_FOUND, told: Told::Nothing, .. })
    }

    /// As ours. `doing` completes "Vault could not": `read the version`.
    pub(crate) fn into_error(self, doing: &'static str) -> Error {
        let (kind, retry, text) = match self {
            Self::Status { status, told, retry_after } => refused(status, told, retry_after),
            Self::Connect(hitch) => (ErrorKind::Unavailable, Retry::Backoff, hitch.text()),
            Self::Lost => (
                ErrorKind::Unavailable,
                Retry::Backoff,
                "the connection was lost; try again, and check the network and what is between",
            ),
            Self::Timeout => (ErrorKind::Timeout, Retry::Backoff, LATE),
            Self::TooLarge => (
                ErrorKind::Unexpected,
                Retry::Never,
                "its answer is too large; check `address`, and what is kept under `prefix`",
            ),
            Self::Unreadable => (
                ErrorKind::Unexpected,
                Retry::Never,
                "its answer is none of KV version 2; check `address` and `mount`",
            ),
        };
        let error = Error::new(kind, format!("HashiCorp Vault could not {doing}: {text}")).retryable(retry);
        match self.status() {
            Some(status) => error.with("status", status),
            None => error,
        }
    }
}

const LATE: &str = "it did not answer in time; try again";

/// Status by status, as the service's documents list them.
fn refused(
    status: StatusCode,
    told: Told,
    retry_after: Option<Duration>,
) -> (ErrorKind, Retry, &'static str) {
    let again = Retry::asked(retry_after);
    match status.as_u16() {
        404 if told == Told::Strange => (
            ErrorKind::Unavailable,
            again,
            "what answered is not Vault; try again, and check `address` and what is in between",
        ),
        404 if told == Told::Errors => (
            ErrorKind::ConfigInvalid,
            Retry::Never,
            "nothing is there; check `mount`, `vault_namespace` and `address`",
        ),
        404 => (ErrorKind::NotFound, Retry::Never, "there is no such version"),
        401 | 403 => (
            ErrorKind::StoreRefused,
            Retry::Never,
            "it refused our credentials; check the login, the policy, `mount`, `prefix` and `vault_namespace`",
        ),
        408 => (ErrorKind::Timeout, again, LATE),
        // 412: a node that has not seen our last write yet.
        412 => (ErrorKind::Unavailable, again, "this node lags behind; try again"),
        413 => (
            ErrorKind::InvalidInput,
            Retry::Never,
            "the request is larger than its listener takes; store less, or raise max_request_size there",
        ),
        429 => (
            ErrorKind::RateLimited,
            again,
            "it asks us to slow down; try again, or have its rate limit raised",
        ),
        300..=399 => (
            ErrorKind::ConfigInvalid,
            Retry::Never,
            "it sends us elsewhere, and redirects are not followed; give the address of the active node",
        ),
        503 => {
            (ErrorKind::Unavailable, again, "it is sealed or in maintenance; unseal it, or try again later")
        }
        500..=599 => (ErrorKind::Unavailable, again, "it failed; try again, and look at its log"),
        _ => (
            ErrorKind::Unexpected,
            Retry::Never,
            "it refused the request; check `address` and `mount`, and look at its log",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_kind() {
        let pause = Some(Duration::from_secs(3));
        for (status, told, retry_after, kind, retry) in [
            (307, Told::Nothing, None, ErrorKind::ConfigInvalid, Retry::Never),
            (400, Told::Nothing, None, ErrorKind::Unexpected, Retry::Never),
            (403, Told::Nothing, None, ErrorKind::StoreRefused, Retry::Never),
            (404, Told::Nothing, None, ErrorKind::NotFound, Retry::Never),
            (404, Told::Errors, None, ErrorKind::ConfigInvalid, Retry::Never),
            (404, Told::Strange, None, ErrorKind::Unavailable, Retry::Backoff),
            (412, Told::Nothing, None, ErrorKind::Unavailable, Retry::Backoff),
            (429, Told::Nothing, pause, ErrorKind::RateLimited, Retry::After(Duration::from_secs(3))),
            (429, Told::Nothing, None, ErrorKind::RateLimited, Retry::Backoff),
            (500, Told::Nothing, None, ErrorKind::Unavailable, Retry::Backoff),
            (503, Told::Nothing, pause, ErrorKind::Unavailable, Retry::After(Duration::from_secs(3))),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let error = Failure::Status { status, told, retry_after }.into_error("read the version");
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{status}");
            assert!(error.to_string().contains(status.as_str()), "{error}");
        }
        let lost = Failure::Lost.into_error("write the version");
        assert_eq!((lost.kind(), lost.retry()), (ErrorKind::Unavailable, Retry::Backoff));
    }
}
