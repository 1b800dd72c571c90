//! The service's refusals as ours: by its status and its codes, never by its texts, which may quote what was sent.

use crate::ours::{Ours, ours};
use azure_core::{
    error::{Error as SdkError, ErrorKind as SdkKind},
    http::{
        RawResponse,
        headers::{HeaderName, RETRY_AFTER},
    },
};
use serde::Deserialize;
use std::time::Duration;
use strongroom_core::{Error, ErrorKind, Retry};

/// How long the service mostly takes to delete or to purge.
const DELETING: Duration = Duration::from_secs(5);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");

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
    /// The version is disabled.
    Disabled,
    /// The secret was deleted and not yet purged.
    Deleted,
    /// The service is about to delete or to purge it.
    Deleting,
    /// We may not, or nobody may.
    Denied,
    /// Anything else.
    Other,
}

/// What came back is damaged.
pub(crate) const UNREADABLE: &str =
    "the answer of Azure Key Vault could not be read: try again, and check the network and what is between";

/// Nothing came back.
pub(crate) const LATE: &str =
    "Azure Key Vault did not answer in time: try again, and check endpoint and the network if it stays so";

impl Failure {
    /// An answer that is none.
    pub(crate) fn unreadable() -> Self {
        let error = Error::new(ErrorKind::Unavailable, UNREADABLE);
        Self { why: Why::Other, error: error.retryable(Retry::Backoff) }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// What is known of a refusal, without its texts.
#[derive(Default)]
struct Facts {
    status: u16,
    code: String,
    inner: String,
    after: Option<Duration>,
    request: Option<String>,
}

#[derive(Deserialize)]
struct Told {
    error: Option<Codes>,
}

#[derive(Deserialize)]
struct Codes {
    code: Option<String>,
    innererror: Option<Box<Codes>>,
}

impl Facts {
    fn of(status: u16, response: Option<&RawResponse>) -> Self {
        let mut facts = Self { status, ..Self::default() };
        let Some(response) = response else { return facts };
        let headers = response.headers();
        facts.after = headers.get_optional_str(&RETRY_AFTER).and_then(seconds);
        facts.request = headers.get_optional_str(&REQUEST_ID).filter(|id| is_plain(id)).map(str::to_owned);
        // The SDK's own `error_code` is wrong where the text beside it has an escape.
        if let Ok(Told { error: Some(codes) }) = serde_json::from_slice(response.body().as_ref()) {
            facts.code = codes.code.unwrap_or_default();
            facts.inner = codes.innererror.and_then(|inner| inner.code).unwrap_or_default();
        }
        facts
    }
}

/// Sorts a failure of the SDK. `action` is what Azure calls the call in a role.
pub(crate) fn failed(action: &'static str, error: &SdkError) -> Failure {
    if let Some(Ours { error, .. }) = ours(error) {
        return Failure { why: Why::Other, error };
    }
    match error.kind() {
        SdkKind::HttpResponse { status, raw_response, .. } => {
            let facts = Facts::of((*status).into(), raw_response.as_deref());
            let (why, sorted) = refused(action, &facts);
            let error = match facts.request {
                Some(id) => sorted.with("request id", id),
                None => sorted,
            };
            Failure { why, error }
        }
        SdkKind::Other => Failure {
            why: Why::Other,
            error: Error::new(
                ErrorKind::ConfigInvalid,
                "what answers does not say that it is an Azure Key Vault: check vault, cloud and endpoint",
            ),
        },
        _ => Failure::unreadable(),
    }
}

/// An answer that says no.
fn refused(action: &'static str, facts: &Facts) -> (Why, Error) {
    let (why, error) = match (facts.status, facts.code.as_str(), facts.inner.as_str()) {
        (404, "SecretNotFound", _) => (
            Why::Missing,
            Error::new(ErrorKind::NotFound, "there is no such secret or version in Azure Key Vault"),
        ),
        (403, _, "SecretDisabled") => {
            (Why::Disabled, Error::new(ErrorKind::NotFound, "the version is disabled in Azure Key Vault"))
        }
        (409, _, "ObjectIsDeletedButRecoverable") => (
            Why::Deleted,
            Error::new(
                ErrorKind::Lost,
                "somebody deleted the secret in Azure: recover or purge it there, then try again",
            ),
        ),
        (409, _, "ObjectIsBeingDeleted") => (Why::Deleting, deleting()),
        // On its way back, or something nobody foresaw: not gone.
        (409, ..) => (Why::Other, deleting()),
        (403, _, "ForbiddenByFirewall" | "ForbiddenByConnection") => (
            Why::Other,
            Error::new(
                ErrorKind::StoreRefused,
                "the vault's firewall does not let us in: allow this network, or use a private endpoint",
            ),
        ),
        (403, ..) => (Why::Denied, denied(action)),
        _ => (Why::Other, by_status(facts)),
    };
    let codes = [("code", &facts.code), ("inner code", &facts.inner)];
    let error = codes
        .into_iter()
        .filter(|(_, code)| is_plain(code))
        .fold(error, |error, (name, code)| error.with(name, code.clone()));
    (why, error.with("status", facts.status))
}

/// The service has not come to its end with a secret.
pub(crate) fn deleting() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "Azure Key Vault is still deleting or recovering the secret: try again in a moment",
    )
    .retryable(Retry::After(DELETING))
}

fn by_status(facts: &Facts) -> Error {
    match facts.status {
        400 => Error::new(
            ErrorKind::Unexpected,
            "Azure Key Vault refused a parameter: check tags, and look at the secret in Azure",
        ),
        401 => Error::new(
            ErrorKind::StoreRefused,
            "Azure Key Vault does not accept our token: check tenant_id, cloud, and that the vault is of that tenant",
        ),
        404 | 405 => Error::new(
            ErrorKind::ConfigInvalid,
            "what answers is not Azure Key Vault: check vault and endpoint",
        ),
        408 => Error::new(ErrorKind::Timeout, LATE).retryable(Retry::Backoff),
        429 => Error::new(
            ErrorKind::RateLimited,
            "Azure Key Vault asks us to slow down: try again, or spread the secrets over several vaults, of several \
             subscriptions if these are many",
        )
        .retryable(Retry::asked(facts.after)),
        500.. => Error::new(
            ErrorKind::Unavailable,
            "Azure Key Vault cannot serve now: try again, or see the Azure status page",
        )
        .retryable(Retry::asked(facts.after)),
        _ => Error::new(
            ErrorKind::Unexpected,
            "Azure Key Vault gave an answer nobody foresaw: check vault and endpoint",
        ),
    }
}

fn denied(action: &'static str) -> Error {
    Error::new(
        ErrorKind::StoreRefused,
        "Azure does not allow this to our credentials: grant them the role Key Vault Secrets Officer on the vault, \
         or one with the action",
    )
    .with("action", action)
}

/// What `Retry-After` says.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

/// What Azure calls its codes and requests, unless somebody is up to something.
fn is_plain(text: &str) -> bool {
    (1..=80).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(status: u16, code: &str, inner: &str, after: Option<u64>) -> (Why, ErrorKind, Retry) {
        let after = after.map(Duration::from_secs);
        let facts = Facts { status, code: code.into(), inner: inner.into(), after, request: None };
        let (why, error) = refused("Microsoft.KeyVault/vaults/secrets/getSecret/action", &facts);
        assert!(error.kind() != ErrorKind::Timeout || error.to_string().contains("try again, and check"));
        (why, error.kind(), error.retry())
    }

    #[test]
    fn codes_come_before_the_status() {
        use ErrorKind::{
            ConfigInvalid, Lost, NotFound, RateLimited, StoreRefused, Timeout, Unavailable, Unexpected,
        };
        let pause = |seconds| Retry::After(Duration::from_secs(seconds));
        for (status, code, inner, after, expected) in [
            (404, "SecretNotFound", "", None, (Why::Missing, NotFound, Retry::Never)),
            (404, "VaultNotFound", "", None, (Why::Other, ConfigInvalid, Retry::Never)),
            (404, "", "", None, (Why::Other, ConfigInvalid, Retry::Never)),
            (403, "Forbidden", "SecretDisabled", None, (Why::Disabled, NotFound, Retry::Never)),
            (403, "Forbidden", "ForbiddenByRbac", None, (Why::Denied, StoreRefused, Retry::Never)),
            (403, "Forbidden", "ForbiddenByPolicy", None, (Why::Denied, StoreRefused, Retry::Never)),
            (403, "Forbidden", "", None, (Why::Denied, StoreRefused, Retry::Never)),
            (403, "Forbidden", "ForbiddenByFirewall", None, (Why::Other, StoreRefused, Retry::Never)),
            (401, "Unauthorized", "", None, (Why::Other, StoreRefused, Retry::Never)),
            (409, "Conflict", "ObjectIsDeletedButRecoverable", None, (Why::Deleted, Lost, Retry::Never)),
            (409, "Conflict", "ObjectIsBeingDeleted", None, (Why::Deleting, Unavailable, pause(5))),
            (409, "Conflict", "ObjectIsBeingRecovered", None, (Why::Other, Unavailable, pause(5))),
            (409, "Conflict", "", None, (Why::Other, Unavailable, pause(5))),
            (400, "BadParameter", "", None, (Why::Other, Unexpected, Retry::Never)),
            (408, "", "", None, (Why::Other, Timeout, Retry::Backoff)),
            (429, "Throttled", "", None, (Why::Other, RateLimited, Retry::Backoff)),
            (429, "", "", Some(7), (Why::Other, RateLimited, pause(7))),
            (429, "", "", Some(7_000_000), (Why::Other, RateLimited, pause(60))),
            (503, "", "", Some(3), (Why::Other, Unavailable, pause(3))),
            (302, "", "", None, (Why::Other, Unexpected, Retry::Never)),
        ] {
            assert_eq!(sorted(status, code, inner, after), expected, "{status} {code} {inner}");
        }
    }

    #[test]
    fn a_code_that_is_none_is_not_shown() {
        let shown = |code: &str| {
            let facts = Facts { status: 400, code: code.into(), ..Facts::default() };
            refused("", &facts).1.to_string()
        };
        assert!(shown("BadParameter").contains("BadParameter"));
        assert!(!shown("{\"password\": \"canary\"}").contains("canary"));
    }
}
