//! The service's refusals as ours: by its codes and the status, never by its texts, which may quote what was sent.

use google_cloud_auth::errors::CredentialsError;
use google_cloud_gax::error::{
    Error as SdkError,
    rpc::{Code, StatusDetails},
};
use std::{error::Error as _, time::Duration};
use strongroom_core::{Error, ErrorKind, Retry};

/// A call that failed.
pub(crate) struct Failure {
    pub(crate) why: Why,
    pub(crate) error: Error,
}

/// What a caller may have to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// There is no such secret or version.
    Missing,
    /// There is one of that name.
    Exists,
    /// It is in a state that does not allow it, or has changed since it was looked at.
    State,
    /// Anything else.
    Other,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { why: Why::Other, error }
    }
}

/// What is known of an answer that says no, without its texts.
#[derive(Clone, Copy)]
struct Facts<'a> {
    /// The code in the service's own form; none if what answered has another form.
    code: Option<Code>,
    status: Option<u16>,
    /// Why, in a word of the service's list.
    reason: Option<&'a str>,
    after: Option<Duration>,
}

/// Whether the SDK's credentials have given up for ever.
pub(crate) fn is_for_good(error: &SdkError) -> bool {
    error.is_authentication() && !credentials(error).is_some_and(CredentialsError::is_transient)
}

fn credentials(error: &SdkError) -> Option<&CredentialsError> {
    error.source()?.downcast_ref()
}

/// Sorts a failure of the SDK. `permission` is what IAM calls the call.
pub(crate) fn failed(permission: &'static str, error: &SdkError) -> Failure {
    let status = error.status();
    let facts = Facts {
        code: status.map(|status| status.code),
        status: error.http_status_code(),
        reason: status.and_then(|status| status.details.iter().find_map(reason)),
        after: error
            .http_headers()
            .and_then(|headers| headers.get("retry-after")?.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs),
    };
    let (why, error) = if error.is_authentication() {
        let passing = credentials(error).is_some_and(CredentialsError::is_transient);
        (Why::Other, no_token(passing))
    } else if facts.code.is_some() || facts.status.is_some_and(|status| status >= 300) {
        refused(permission, facts)
    } else if error.is_timeout() {
        (Why::Other, late())
    } else if error.is_connect() {
        (Why::Other, unreachable())
    } else if error.is_serialization() || error.is_binding() {
        let text = "the call to Google Cloud could not be written: check project, location and prefix";
        (Why::Other, Error::new(ErrorKind::Unexpected, text))
    } else {
        (Why::Other, broken())
    };
    Failure { why, error }
}

fn reason(details: &StatusDetails) -> Option<&str> {
    match details {
        StatusDetails::ErrorInfo(info) => Some(&info.reason),
        _ => None,
    }
}

/// An answer that says no.
fn refused(permission: &'static str, facts: Facts<'_>) -> (Why, Error) {
    use ErrorKind::{ConfigInvalid, NotFound, StoreRefused, Unexpected};
    let status = facts.status.unwrap_or_default();
    let Some(code) = facts.code else {
        return (Why::Other, by_status(permission, status, facts.after).with("status", status));
    };
    let (why, error) = match code {
        Code::NotFound => (
            Why::Missing,
            Error::new(NotFound, "there is no such secret or version in Google Cloud Secret Manager"),
        ),
        Code::AlreadyExists => (
            Why::Exists,
            Error::new(
                Unexpected,
                "Google Cloud Secret Manager has another secret of that name: look at it there, and try again",
            ),
        ),
        Code::FailedPrecondition => (
            Why::State,
            Error::new(
                Unexpected,
                "Google Cloud Secret Manager refused it in the present state: look at the secret and its key there",
            ),
        ),
        Code::InvalidArgument | Code::OutOfRange => (
            Why::Other,
            Error::new(
                Unexpected,
                "Google Cloud Secret Manager refused an argument: check project, location, labels, replicas and kms_key",
            ),
        ),
        Code::PermissionDenied => (Why::Other, denied(permission, facts.reason)),
        Code::Unauthenticated => (
            Why::Other,
            Error::new(
                StoreRefused,
                "Google Cloud does not accept our credentials: check that they are neither expired nor revoked, \
                 and this host's clock",
            ),
        ),
        Code::ResourceExhausted => (Why::Other, throttled(facts.after)),
        Code::DeadlineExceeded | Code::Cancelled => (Why::Other, late()),
        Code::Unavailable | Code::Internal | Code::Aborted | Code::Unknown => (Why::Other, down(facts.after)),
        Code::Unimplemented => (Why::Other, Error::new(ConfigInvalid, NOT_IT)),
        _ => (Why::Other, Error::new(Unexpected, NOBODY_FORESAW)),
    };
    let error = match facts.reason.filter(|reason| is_plain(reason)) {
        Some(reason) => error.with("reason", reason),
        None => error,
    };
    (why, error.with("code", code.name()).with("status", status))
}

const NOT_IT: &str = "what answers is not Google Cloud Secret Manager: check endpoint";
const NOBODY_FORESAW: &str =
    "Google Cloud Secret Manager gave an answer nobody foresaw: check endpoint and project";

/// Whatever is between us and the service answers in its own way.
fn by_status(permission: &'static str, status: u16, after: Option<Duration>) -> Error {
    match status {
        401 | 403 => denied(permission, None),
        404 | 405 | 501 => Error::new(ErrorKind::ConfigInvalid, NOT_IT),
        408 => late(),
        429 => throttled(after),
        500.. => down(after),
        _ => Error::new(ErrorKind::Unexpected, NOBODY_FORESAW),
    }
}

fn denied(permission: &'static str, reason: Option<&str>) -> Error {
    let text = match reason {
        Some("SERVICE_DISABLED") => {
            "Secret Manager is not enabled in the project (gcloud services enable secretmanager.googleapis.com); or these are \
             a person's credentials without a project of theirs to count for (gcloud auth application-default \
             set-quota-project)"
        }
        Some("BILLING_DISABLED") => "the project in Google Cloud has no billing account: link one",
        _ => {
            "Google Cloud does not allow this to our credentials: check project and prefix, and grant the \
             permission to them"
        }
    };
    Error::new(ErrorKind::StoreRefused, text).with("permission", permission)
}

fn no_token(passing: bool) -> Error {
    if passing {
        let text = "Google Cloud gave no token in time: check that its token service or the host's metadata \
                    server can be reached";
        return Error::new(ErrorKind::Unavailable, text).retryable(Retry::Backoff);
    }
    Error::new(
        ErrorKind::StoreRefused,
        "Google Cloud gave no token for our credentials: set credentials, or check those of this host and \
         impersonate",
    )
}

fn throttled(after: Option<Duration>) -> Error {
    Error::new(
        ErrorKind::RateLimited,
        "Google Cloud Secret Manager asks us to slow down: try again, or have the project's quota raised",
    )
    .retryable(Retry::asked(after))
}

fn down(after: Option<Duration>) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "Google Cloud Secret Manager cannot serve now: try again, or see status.cloud.google.com",
    )
    .retryable(Retry::asked(after))
}

fn late() -> Error {
    Error::new(
        ErrorKind::Timeout,
        "Google Cloud Secret Manager did not answer in time: try again, and check the network if it stays so",
    )
    .retryable(Retry::Backoff)
}

fn unreachable() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "Google Cloud Secret Manager cannot be reached: check endpoint, location, and the network",
    )
    .retryable(Retry::Backoff)
}

fn broken() -> Error {
    damaged(
        "the answer of Google Cloud Secret Manager could not be read: try again, and check the network and what is \
         between",
    )
}

/// What came back is not what was sent: this text says in which way. The next answer may be whole.
pub(crate) fn damaged(text: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, text).retryable(Retry::Backoff)
}

/// A word of the service's lists, unless the endpoint is up to something.
fn is_plain(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use google_cloud_gax::error::rpc::Status;

    fn sorted(code: Option<Code>, status: u16, after: Option<u64>) -> (Why, ErrorKind, Retry) {
        let after = after.map(Duration::from_secs);
        let (why, error) = refused("p", Facts { code, status: Some(status), reason: None, after });
        assert!(error.kind() != ErrorKind::Timeout || error.to_string().contains("try again, and check"));
        (why, error.kind(), error.retry())
    }

    #[test]
    fn codes_come_before_the_status() {
        use ErrorKind::{
            ConfigInvalid, NotFound, RateLimited, StoreRefused, Timeout, Unavailable, Unexpected,
        };
        let pause = |seconds| Retry::After(Duration::from_secs(seconds));
        for (code, status, after, expected) in [
            (Some(Code::NotFound), 404, None, (Why::Missing, NotFound, Retry::Never)),
            (Some(Code::AlreadyExists), 409, None, (Why::Exists, Unexpected, Retry::Never)),
            (Some(Code::FailedPrecondition), 400, None, (Why::State, Unexpected, Retry::Never)),
            (Some(Code::InvalidArgument), 400, None, (Why::Other, Unexpected, Retry::Never)),
            (Some(Code::PermissionDenied), 403, None, (Why::Other, StoreRefused, Retry::Never)),
            (Some(Code::Unauthenticated), 401, None, (Why::Other, StoreRefused, Retry::Never)),
            (Some(Code::ResourceExhausted), 429, None, (Why::Other, RateLimited, Retry::Backoff)),
            (Some(Code::ResourceExhausted), 429, Some(3), (Why::Other, RateLimited, pause(3))),
            (Some(Code::Internal), 500, None, (Why::Other, Unavailable, Retry::Backoff)),
            (Some(Code::Unavailable), 503, None, (Why::Other, Unavailable, Retry::Backoff)),
            (Some(Code::DeadlineExceeded), 504, None, (Why::Other, Timeout, Retry::Backoff)),
            (Some(Code::Unimplemented), 501, None, (Why::Other, ConfigInvalid, Retry::Never)),
            // Not the service: nothing is known to be missing.
            (None, 404, None, (Why::Other, ConfigInvalid, Retry::Never)),
            (None, 429, Some(7_000_000), (Why::Other, RateLimited, pause(60))),
            (None, 502, None, (Why::Other, Unavailable, Retry::Backoff)),
            (None, 403, None, (Why::Other, StoreRefused, Retry::Never)),
            (None, 302, None, (Why::Other, Unexpected, Retry::Never)),
        ] {
            assert_eq!(sorted(code, status, after), expected, "{code:?} {status}");
        }
    }

    #[test]
    fn what_the_service_says_is_not_shown() {
        let status = Status::default().set_code(Code::PermissionDenied).set_message("canary");
        let shown = failed("p", &SdkError::service(status)).error.to_string();
        assert!(shown.contains("PERMISSION_DENIED") && !shown.contains("canary"), "{shown}");
        let facts = |reason| Facts {
            code: Some(Code::PermissionDenied),
            status: Some(403),
            reason: Some(reason),
            after: None,
        };
        let shown = |reason| refused("p", facts(reason)).1.to_string();
        assert!(shown("SERVICE_DISABLED").contains("gcloud services enable"));
        assert!(!shown("a canary").contains("canary"));
    }
}
