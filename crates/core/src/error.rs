//! The one error type.

use crate::{Reason, SecretName};
use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

/// A result with Strongroom's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as a kind that programs match on and a text that is safe to show to the user.
///
/// Cloneable, because one failed call answers every reader that waited for it. There is no source chain: an
/// SDK's error may hold a response body, and with it a value; a back-end copies code, status and request id.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    retry: Retry,
    message: Cow<'static, str>,
    context: Vec<(&'static str, String)>,
    reason: Option<Reason>,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no such secret, revision, version or account, or the caller may not know of it.
    NotFound,
    /// The name is taken.
    AlreadyExists,
    /// The secret is not at the expected revision, or somebody else kept changing it until the time was up.
    Conflict,
    /// The caller's input breaks a rule; the text names the field and the rule.
    InvalidInput,
    /// The caller may not do this.
    PermissionDenied,
    /// The caller did not prove who it is.
    Unauthenticated,
    /// The service refused *our* credentials; never to be reported to a caller as theirs.
    StoreRefused,
    /// The service asked us to slow down.
    RateLimited,
    /// No answer within the time allowed.
    Timeout,
    /// The service or the database cannot be reached, or cannot serve now.
    Unavailable,
    /// The connection was lost while the change was being committed, and nothing tells whether it was.
    OutcomeUnknown,
    /// This store, back-end, format or version cannot do that.
    Unsupported,
    /// The configuration is wrong; the text names the key and the remedy.
    ConfigInvalid,
    /// What was read is not what was written: tampered with, swapped, rolled back or damaged.
    Corrupt,
    /// A committed value is gone from the service.
    Lost,
    /// A defect of ours or an answer nobody foresaw.
    Unexpected,
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// It cannot.
    Never,
    /// After a pause that grows.
    Backoff,
    /// After the time that the service asked for.
    After(Duration),
    /// Of a put alone: once versions of the object were removed that nothing needs any more.
    AfterRemoval,
    /// It was tried as often as allowed.
    Exhausted,
}

impl ErrorKind {
    /// Whether a service may be well again in a while without anybody doing something: it was not reached, did not answer
    /// in time, or asks to be left alone for now.
    #[must_use]
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Unavailable | Self::Timeout | Self::RateLimited)
    }
}

impl Retry {
    /// After the time that a service asked for, but a minute at most; with a growing pause if it asked for none. Longer
    /// than that no call goes on anyway.
    #[must_use]
    pub fn asked(after: Option<Duration>) -> Self {
        after.map_or(Self::Backoff, |after| Self::After(after.min(Duration::from_secs(60))))
    }
}

impl Error {
    /// An error that is not to be retried. `message` is shown to users: it must hold no value of a secret.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let (message, context) = (message.into(), Vec::new());
        Self(Arc::new(Inner { kind, retry: Retry::Never, message, context, reason: None }))
    }

    /// That a secret has the name already: a private one of the same account, or a public one.
    #[must_use]
    pub fn name_taken(name: &SecretName, private: bool) -> Self {
        let (reason, text) = if private {
            (Reason::PrivateNameTaken, "this account has a private secret of that name already")
        } else {
            (Reason::PublicNameTaken, "there is a public secret of that name already")
        };
        Self::new(ErrorKind::AlreadyExists, text).because(reason).with("name", name.as_str().escape_debug())
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// The text without the context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The facts around it: names, ids, numbers; never a value of a secret.
    pub fn context(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.context.iter().map(|(key, value)| (*key, value.as_str()))
    }

    /// The same error, to be retried as said.
    #[must_use]
    pub fn retryable(mut self, retry: Retry) -> Self {
        Arc::make_mut(&mut self.0).retry = retry;
        self
    }

    /// The same error, for this reason.
    #[must_use]
    pub fn because(mut self, reason: Reason) -> Self {
        Arc::make_mut(&mut self.0).reason = Some(reason);
        self
    }

    /// What it is about, if the kind does not say it all and whoever made it told.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.0.reason
    }

    /// The same error about the configuration of this section: in front of a text that begins with a key, `key: what is
    /// wrong`, comes the section with a dot, `store.key: what is wrong`, and in front of another one with a colon. So all
    /// errors about the configuration name it in one form.
    #[must_use]
    pub fn in_section(mut self, section: &str) -> Self {
        let key = self.message().split_once(": ").map(|(key, _)| key);
        let part =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '[' | ']');
        let dot = if key.is_some_and(|key| !key.is_empty() && key.chars().all(part)) { "." } else { ": " };
        let message = format!("{section}{dot}{}", self.message());
        Arc::make_mut(&mut self.0).message = message.into();
        self
    }

    /// The same error with one more fact; a key that is there already stays as it is.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        if self.0.context.iter().all(|(known, _)| *known != key) {
            Arc::make_mut(&mut self.0).context.push((key, value.to_string()));
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        for (i, (key, value)) in self.0.context.iter().enumerate() {
            write!(f, "{}{key}: {value}", if i == 0 { " (" } else { ", " })?;
        }
        if self.0.context.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{:?}: {self}", self.0.kind, self.0.retry)
    }
}

impl std::error::Error for Error {}
