//! Errors as the contract wants them: `{"detail": ["ExceptionName", "text"]}`.

use crate::identity::{Reason, Rejected};
use axum::{
    Json,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use strongroom_core::{Error, ErrorKind};
use utoipa::ToSchema;

/// The fact of an error that is a database's own text.
const DATABASE_SAYS: &str = "database says";

/// What every handler answers.
pub(crate) type Answer<T> = Result<T, ApiError>;

/// An error on its way to the caller. Its text is safe to show.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    detail: Detail,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Why credentials were not accepted: for the audit trail, not for the caller.
    reason: Option<Box<Reason>>,
    /// What it was made of: for the log, since the caller is not told all of it.
    error: Option<Error>,
}

/// What the log says of a request that failed.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) text: String,
    pub(crate) kind: Option<ErrorKind>,
}

/// The body of an error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorBody {
    detail: Detail,
}

/// The name of the exception that the ZenML client raises and its text, or a text alone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErrorDetail)]
#[serde(untagged)]
pub(crate) enum Detail {
    /// Exception and text.
    Pair(Vec<String>),
    /// A text alone.
    Text(String),
}

impl ErrorBody {
    /// With a text alone.
    pub(crate) fn plain(text: &str) -> Self {
        Self { detail: Detail::Text(text.to_owned()) }
    }
}

impl ApiError {
    /// With an exception of the client.
    pub(crate) fn new(status: StatusCode, exception: &str, text: impl Into<String>) -> Self {
        let detail = Detail::Pair(vec![exception.to_owned(), text.into()]);
        Self { status, detail, headers: Vec::new(), reason: None, error: None }
    }

    /// With a text alone.
    pub(crate) fn plain(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, detail: Detail::Text(text.into()), headers: Vec::new(), reason: None, error: None }
    }

    /// A field or parameter breaks a rule.
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "ValueError", text)
    }

    /// The caller may not do that.
    pub(crate) fn forbidden(text: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "IllegalOperationError", text)
    }

    /// Only admins may do that.
    pub(crate) fn admins_only(what: &str) -> Self {
        Self::forbidden(format!("Only admin users can perform `{what}` without RBAC enabled."))
    }

    /// There is no such thing; the client shows a `KeyError`'s text in quotes.
    pub(crate) fn not_found(text: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "KeyError", text)
    }

    /// The name is taken.
    pub(crate) fn exists(text: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "EntityExistsError", text)
    }

    /// No credentials were shown.
    pub(crate) fn not_authenticated() -> Self {
        Self::plain(StatusCode::UNAUTHORIZED, "Not authenticated")
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            .because(Reason::new("no credentials"))
    }

    pub(crate) fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(Box::new(reason));
        self
    }

    /// What stands under `detail` of an answer that is more than this error.
    pub(crate) fn into_detail(self) -> Detail {
        if let Some(error) = self.error.filter(|_| self.status.is_server_error()) {
            tracing::error!(target: "strongroom::http", %error, "a part of an answer failed");
        }
        self.detail
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self { error: Some(error.clone()), ..Self::of(&error) }
    }
}

impl ApiError {
    /// With what it is about, which those may know who ask for that.
    pub(crate) fn with_facts(error: Error) -> Self {
        if error.kind() != ErrorKind::Corrupt {
            return error.into();
        }
        let told = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "RuntimeError", shown(&error));
        Self { error: Some(error), ..told }
    }

    fn of(error: &Error) -> Self {
        use ErrorKind::{
            AlreadyExists, Conflict, InvalidInput, NotFound, PermissionDenied, RateLimited, Timeout,
            Unauthenticated, Unavailable, Unsupported,
        };
        let text = shown(error);
        match error.kind() {
            NotFound => Self::not_found(text),
            AlreadyExists => Self::exists(text),
            // Not in the word for a taken name: nothing is there that was not there before.
            Conflict => Self::new(StatusCode::CONFLICT, "RuntimeError", text),
            // The contract's status for it.
            InvalidInput if error.reason() == Some(strongroom_core::Reason::BeyondLimit) => {
                Self::new(StatusCode::BAD_REQUEST, "ValueError", text)
            }
            InvalidInput => Self::invalid(text),
            PermissionDenied => Self::forbidden(text),
            Unauthenticated => Self::new(StatusCode::UNAUTHORIZED, "CredentialsNotValid", text),
            Unsupported => Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplementedError", text),
            Unavailable | Timeout | RateLimited => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "RuntimeError", text)
                    .header(header::RETRY_AFTER, HeaderValue::from_static("1"))
            }
            // Whoever asks can do nothing with the facts, and may be anybody: those are for the log.
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "RuntimeError", error.message()),
        }
    }
}

/// The error without what a database said, which names tables and quotes statements.
fn shown(error: &Error) -> String {
    let facts = error.context().filter(|(key, _)| *key != DATABASE_SAYS);
    facts
        .fold(Error::new(error.kind(), error.message().to_owned()), |error, (key, value)| {
            error.with(key, value)
        })
        .to_string()
}

impl From<Rejected> for ApiError {
    fn from(rejected: Rejected) -> Self {
        let credentials =
            |text: &str| Self::new(StatusCode::UNAUTHORIZED, "CredentialsNotValid", text.to_owned());
        match rejected {
            Rejected::Credentials(text, reason) => credentials(text).because(reason),
            // Not 429: the unmodified client would repeat that for minutes.
            Rejected::Wait(seconds) => credentials(
                "Authentication error: too many failed logins: wait as many seconds as Retry-After says",
            )
            .header(header::RETRY_AFTER, HeaderValue::from(seconds))
            .because(Reason::new("too many failures")),
            Rejected::Failed(error) => error.into(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let failed = self.status.is_server_error().then(|| {
            let told = || match &self.detail {
                Detail::Pair(pair) => pair.last().cloned().unwrap_or_default(),
                Detail::Text(text) => text.clone(),
            };
            let text = self.error.as_ref().map_or_else(told, Error::to_string);
            Failed { text, kind: self.error.as_ref().map(Error::kind) }
        });
        let mut headers = HeaderMap::new();
        headers.extend(self.headers.into_iter().map(|(name, value)| (Some(name), value)));
        let mut response = (self.status, headers, Json(ErrorBody { detail: self.detail })).into_response();
        if let Some(failed) = failed {
            response.extensions_mut().insert(failed);
        }
        if let Some(reason) = self.reason {
            response.extensions_mut().insert(*reason);
        }
        response
    }
}
