//! The service's refusals as ours: by its codes and the status, never by its texts, which may quote what was sent.

use crate::unsent::not_sent;
use aws_sdk_secretsmanager::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
};
use std::{error::Error as StdError, time::Duration};
use strongroom_core::{Error, ErrorKind, Retry};

/// A call that failed.
pub(crate) struct Failure {
    pub(crate) why: Why,
    error: Error,
}

/// What a caller may have to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// There is no such secret or version.
    Missing,
    /// There is one of that name, or another value has that token.
    Exists,
    /// The secret is in a state that does not allow it: mostly, it is scheduled for deletion.
    State,
    /// A parameter does not fit what is there.
    Parameter,
    /// A quota of that one secret is used up.
    Full,
    /// Anything else.
    Other,
}

impl Failure {
    /// An answer that is none.
    pub(crate) fn unreadable() -> Self {
        Self { why: Why::Other, error: broken() }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// What is known of a failed call, without its texts.
struct Facts<'a> {
    code: Option<&'a str>,
    status: Option<u16>,
    after: Option<Duration>,
}

impl<'a> Facts<'a> {
    fn of(raw: &HttpResponse, code: Option<&'a str>) -> Self {
        Self { code, status: Some(raw.status().as_u16()), after: after(raw) }
    }
}

/// How long an answer asks to wait, if it does.
pub(crate) fn after(raw: &HttpResponse) -> Option<Duration> {
    let seconds = raw.headers().get("retry-after").and_then(|text| text.trim().parse().ok());
    seconds.map(Duration::from_secs)
}

/// Whether a code asks to slow down.
pub(crate) fn throttles(code: &str) -> bool {
    matches!(
        code,
        "ThrottlingException"
            | "Throttling"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "SlowDown"
    )
}

/// Sorts a failure of the SDK. `action` is what IAM calls the call.
pub(crate) fn failed<E>(action: &'static str, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let (why, sorted) = match error {
        SdkError::ServiceError(service) => refused(action, &Facts::of(service.raw(), service.err().code())),
        SdkError::ResponseError(response) => {
            let facts = Facts::of(response.raw(), None);
            // What it says did not arrive: the status alone tells too little of most refusals.
            let tells = matches!(facts.status, Some(429 | 500..));
            if tells { refused(action, &facts) } else { (Why::Other, broken()) }
        }
        SdkError::TimeoutError(_) => (Why::Other, late()),
        other => (Why::Other, not_sent(other)),
    };
    let error = match error.request_id().filter(|id| is_plain(id)) {
        Some(id) => sorted.with("request id", id),
        None => sorted,
    };
    Failure { why, error }
}

/// An answer that says no.
fn refused(action: &'static str, facts: &Facts<'_>) -> (Why, Error) {
    let (code, status) = (facts.code.unwrap_or_default(), facts.status.unwrap_or_default());
    let (why, error) = match code {
        "AccessDeniedException" | "AccessDenied" => (Why::Other, denied(action)),
        _ if throttles(code) => (Why::Other, throttled(facts.after)),
        "RequestTimeout" | "RequestTimeoutException" => (Why::Other, late()),
        _ => match of_code(code) {
            Some((why, kind, text)) => (why, Error::new(kind, text)),
            None => (Why::Other, by_status(action, status, facts.after)),
        },
    };
    let error = if is_plain(code) { error.with("code", code) } else { error };
    (why, error.with("status", status))
}

/// What a code means, whatever was called: asking again does not help.
fn of_code(code: &str) -> Option<(Why, ErrorKind, &'static str)> {
    use ErrorKind::{ConfigInvalid, NotFound, StoreRefused, Unexpected};
    Some(match code {
        "ResourceNotFoundException" => {
            (Why::Missing, NotFound, "there is no such secret or version in AWS Secrets Manager")
        }
        "ResourceExistsException" => (
            Why::Exists,
            Unexpected,
            "AWS Secrets Manager has another secret of that name or version of that id: look at the secret in AWS, \
             and try again",
        ),
        "InvalidRequestException" => (
            Why::State,
            Unexpected,
            "AWS Secrets Manager refused it in the secret's present state: look at the secret in AWS",
        ),
        "InvalidParameterException" | "ValidationException" | "PreconditionNotMetException" => (
            Why::Parameter,
            Unexpected,
            "AWS Secrets Manager refused a parameter: check kms_key and tags, and look at the secret in AWS",
        ),
        // No pause helps that anybody would wait for.
        "LimitExceededException" => (
            Why::Full,
            StoreRefused,
            "a quota of AWS Secrets Manager is used up: wait a day if this secret was updated some 100 times in one, \
             lower engine.history if it is its labels, or delete secrets or have the account's quota of them raised",
        ),
        "EncryptionFailure" | "DecryptionFailure" => (
            Why::Other,
            StoreRefused,
            "AWS KMS refused the key: check that it is enabled, and grant kms:Decrypt and kms:GenerateDataKey",
        ),
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignatureException"
        | "MissingAuthenticationTokenException"
        | "NotAuthorized"
        | "OptInRequired"
        | "RequestExpired" => (
            Why::Other,
            StoreRefused,
            "AWS does not accept our credentials: check the access key, its secret, the region and this \
             host's clock",
        ),
        "ExpiredToken" | "ExpiredTokenException" => (
            Why::Other,
            StoreRefused,
            "our AWS session has expired: renew session_token, or use a role, which renews itself",
        ),
        "UnknownOperationException" => {
            (Why::Other, ConfigInvalid, "what answers is not AWS Secrets Manager: check endpoint and region")
        }
        _ => return None,
    })
}

fn by_status(action: &'static str, status: u16, after: Option<Duration>) -> Error {
    match status {
        401 | 403 => denied(action),
        408 => late(),
        429 => throttled(after),
        500.. => Error::new(
            ErrorKind::Unavailable,
            "AWS Secrets Manager cannot serve now: try again, or see the AWS health dashboard",
        )
        .retryable(Retry::asked(after)),
        _ => Error::new(
            ErrorKind::Unexpected,
            "AWS Secrets Manager gave an answer nobody foresaw: check endpoint and region",
        ),
    }
}

fn denied(action: &'static str) -> Error {
    Error::new(
        ErrorKind::StoreRefused,
        "AWS does not allow this to our credentials: grant the action to them, for the secrets under prefix; and \
         kms:Decrypt and kms:GenerateDataKey, if the secret has a key of its own",
    )
    .with("action", action)
}

fn throttled(after: Option<Duration>) -> Error {
    Error::new(
        ErrorKind::RateLimited,
        "AWS Secrets Manager asks us to slow down: try again, or have the account's quota raised",
    )
    .retryable(Retry::asked(after))
}

fn late() -> Error {
    Error::new(ErrorKind::Timeout, "AWS Secrets Manager did not answer in time: try again")
        .retryable(Retry::Backoff)
}

fn broken() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the answer of AWS Secrets Manager could not be read: try again, and check the network and what is \
         between",
    )
    .retryable(Retry::Backoff)
}

/// What an endpoint calls its codes and requests, unless it is up to something.
fn is_plain(text: &str) -> bool {
    (1..=80).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(code: Option<&str>, status: u16, after: Option<u64>) -> (Why, ErrorKind, Retry) {
        let facts = Facts { code, status: Some(status), after: after.map(Duration::from_secs) };
        let (why, error) = refused("secretsmanager:GetSecretValue", &facts);
        (why, error.kind(), error.retry())
    }

    #[test]
    fn codes_come_before_the_status() {
        use ErrorKind::{NotFound, RateLimited, StoreRefused, Timeout, Unavailable, Unexpected};
        let pause = |seconds| Retry::After(Duration::from_secs(seconds));
        for (code, status, after, expected) in [
            (Some("ResourceNotFoundException"), 400, None, (Why::Missing, NotFound, Retry::Never)),
            (Some("ResourceExistsException"), 400, None, (Why::Exists, Unexpected, Retry::Never)),
            (Some("InvalidRequestException"), 400, None, (Why::State, Unexpected, Retry::Never)),
            (Some("ValidationException"), 400, None, (Why::Parameter, Unexpected, Retry::Never)),
            (Some("LimitExceededException"), 400, None, (Why::Full, StoreRefused, Retry::Never)),
            (Some("DecryptionFailure"), 400, None, (Why::Other, StoreRefused, Retry::Never)),
            (Some("AccessDeniedException"), 400, None, (Why::Other, StoreRefused, Retry::Never)),
            (Some("UnrecognizedClientException"), 400, None, (Why::Other, StoreRefused, Retry::Never)),
            (Some("ExpiredTokenException"), 400, None, (Why::Other, StoreRefused, Retry::Never)),
            (Some("ThrottlingException"), 400, None, (Why::Other, RateLimited, Retry::Backoff)),
            (Some("ThrottlingException"), 400, Some(3), (Why::Other, RateLimited, pause(3))),
            (Some("RequestThrottledException"), 400, None, (Why::Other, RateLimited, Retry::Backoff)),
            (Some("RequestTimeoutException"), 400, None, (Why::Other, Timeout, Retry::Backoff)),
            (Some("InternalServiceError"), 500, None, (Why::Other, Unavailable, Retry::Backoff)),
            (None, 429, Some(7), (Why::Other, RateLimited, pause(7))),
            (None, 429, Some(7_000_000), (Why::Other, RateLimited, pause(60))),
            (None, 503, None, (Why::Other, Unavailable, Retry::Backoff)),
            (None, 408, None, (Why::Other, Timeout, Retry::Backoff)),
            (None, 403, None, (Why::Other, StoreRefused, Retry::Never)),
            (None, 302, None, (Why::Other, Unexpected, Retry::Never)),
            (Some("NobodyKnowsException"), 400, None, (Why::Other, Unexpected, Retry::Never)),
        ] {
            assert_eq!(sorted(code, status, after), expected, "{code:?} {status}");
        }
    }

    #[test]
    fn what_is_about_the_clock_names_it() {
        let shown = |code| {
            let facts = Facts { code: Some(code), status: Some(400), after: None };
            refused("secretsmanager:GetSecretValue", &facts).1.to_string()
        };
        assert!(shown("RequestExpired").contains("clock"));
        assert!(shown("ExpiredTokenException").contains("session_token"));
    }

    #[test]
    fn a_code_that_is_none_is_not_shown() {
        let shown = |code| {
            let facts = Facts { code: Some(code), status: Some(400), after: None };
            refused("secretsmanager:GetSecretValue", &facts).1.to_string()
        };
        assert!(shown("SomethingException").contains("SomethingException"));
        assert!(!shown("{\"password\": \"canary\"}").contains("canary"));
    }
}
