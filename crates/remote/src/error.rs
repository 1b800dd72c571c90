//! From what the server answers to our errors.

use crate::transport::Reply;
use serde::Deserialize;
use strongroom_core::{Error, ErrorKind, Reason, Retry, Revision, SecretName, SecretRef, causes};

/// The longest text of a server that is shown, in characters.
const LONGEST: usize = 1000;

/// What the error is about, as far as statuses do not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct About {
    /// Whether something may have been changed.
    pub(crate) writes: bool,
    /// Whether a name was asked for, so that a conflict means that it is taken.
    pub(crate) names: bool,
    /// Whether the server's texts never repeat what was sent: ours does not, ZenML's does.
    pub(crate) discreet: bool,
}

/// The exception and the text of an error's body.
pub(crate) struct Told {
    pub(crate) exception: Option<String>,
    pub(crate) text: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Detail {
    Pair(Vec<String>),
    Text(String),
    Object { detail: Box<Detail> },
}

impl Told {
    /// Reads a body in any of the contract's forms; anything else tells nothing.
    pub(crate) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).map_or(Self { exception: None, text: String::new() }, Self::of)
    }

    fn of(detail: Detail) -> Self {
        match detail {
            Detail::Object { detail } => Self::of(*detail),
            Detail::Text(text) => Self { exception: None, text },
            Detail::Pair(mut pair) if !pair.is_empty() => {
                let exception = Some(pair.remove(0));
                Self { exception, text: pair.join(": ") }
            }
            Detail::Pair(_) => Self { exception: None, text: String::new() },
        }
    }

    fn is_nothing(&self) -> bool {
        self.exception.is_none() && self.text.is_empty()
    }
}

/// The error that an answer other than a success means.
pub(crate) fn of(reply: &Reply, about: About) -> Error {
    let told = Told::read(reply.body.as_ref());
    let kind = kind(reply.status, told.exception.as_deref(), about);
    let quoting = matches!(reply.status, 422 | 500..);
    let text = if quoting && !about.discreet { String::new() } else { presentable(&told.text) };
    let error = match reply.status {
        300..=399 => Error::new(
            kind,
            "the server sends elsewhere, and credentials are not sent along: set url to the right place",
        ),
        _ if text.is_empty() => Error::new(kind, fallback(kind)).with("status", reply.status),
        _ => Error::new(kind, text),
    };
    let error = match reason(reply.status, &told, about) {
        Some(reason) => error.because(reason),
        None => error,
    };
    match (kind, reply.retry_after) {
        (ErrorKind::Unavailable | ErrorKind::RateLimited, Some(after)) => {
            error.retryable(Retry::After(after))
        }
        (ErrorKind::Unavailable | ErrorKind::RateLimited, None) => error.retryable(Retry::Backoff),
        _ => error,
    }
}

fn kind(status: u16, exception: Option<&str>, about: About) -> ErrorKind {
    match status {
        400 | 413 | 414 | 415 | 422 | 431 => ErrorKind::InvalidInput,
        401 => ErrorKind::StoreRefused,
        402 | 403 => ErrorKind::PermissionDenied,
        // A text alone is about the route: this is no server that has it.
        404 if exception.is_none() => ErrorKind::Unsupported,
        404 => ErrorKind::NotFound,
        405 | 501 => ErrorKind::Unsupported,
        409 if about.names && exception == Some("EntityExistsError") => ErrorKind::AlreadyExists,
        409 | 412 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimited,
        300..=399 => ErrorKind::ConfigInvalid,
        // In the contract's form it is what the store said, which then changed nothing; else it is a proxy, or the
        // server's own limit of time, and the request may still be under way.
        408 | 502..=504 if exception.is_some() || !about.writes => ErrorKind::Unavailable,
        408 | 500.. if about.writes => ErrorKind::OutcomeUnknown,
        _ => ErrorKind::Unexpected,
    }
}

/// Whether a change may still be under way after this answer, although it asks to come later: so does a ZenML server when it
/// waited too long for one that it began, and not in the contract's form. What only counts requests answers in that form.
pub(crate) fn may_go_on(reply: &Reply, about: About) -> bool {
    about.writes && !about.discreet && reply.status == 429 && Told::read(reply.body.as_ref()).is_nothing()
}

/// What the server means, ours or ZenML's, as far as nothing but its text tells.
fn reason(status: u16, told: &Told, about: About) -> Option<Reason> {
    let begins = |text: &str| told.text.starts_with(text);
    match (status, told.exception.as_deref()) {
        // With this status ours says nothing else.
        (400, Some(_)) if about.discreet || begins("Invalid page ") => Some(Reason::BeyondLimit),
        (403, Some(_)) if begins("Only the user who created the secret ") => Some(Reason::OnlyItsOwner),
        (409, Some(_)) if begins("Found an existing private secret ") => Some(Reason::PrivateNameTaken),
        (409, Some(_)) if begins("Found an existing public secret ") => Some(Reason::PublicNameTaken),
        _ => None,
    }
}

/// The kind of an item's error in an answer about many: it has no status. `None` if only asking alone tells.
pub(crate) fn of_item(exception: &str, text: &str) -> Option<Error> {
    let kind = match exception {
        "KeyError" => ErrorKind::NotFound,
        "IllegalOperationError" => ErrorKind::PermissionDenied,
        "ValueError" => ErrorKind::InvalidInput,
        "NotImplementedError" => ErrorKind::Unsupported,
        _ => return None,
    };
    Some(Error::new(kind, presentable(text)))
}

/// What to say where the server said nothing that can be shown.
fn fallback(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "the server refused the request as wrong",
        ErrorKind::StoreRefused => "the server refused the credentials",
        ErrorKind::PermissionDenied => "the server does not allow this",
        ErrorKind::NotFound => "no such thing",
        ErrorKind::AlreadyExists => "the name is taken",
        ErrorKind::Conflict => "it was changed by somebody else: read it again",
        ErrorKind::Unsupported => {
            "the server cannot do this: is the url that of a Strongroom or ZenML server?"
        }
        ErrorKind::RateLimited => "the server asked to slow down",
        ErrorKind::Unavailable => "the server cannot serve now",
        ErrorKind::OutcomeUnknown => {
            "the server failed, and whether it made the change is not known: look at what is there before trying again"
        }
        _ => "the server failed",
    }
}

/// Not in the quotes of a `KeyError`, and not without end.
pub(crate) fn presentable(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    inner.chars().take(LONGEST).collect()
}

/// The same words as the local store has, so that what is hidden looks like what is missing.
pub(crate) fn not_found(which: &SecretRef) -> Error {
    about(Error::new(ErrorKind::NotFound, "no such secret"), which)
}

fn about(error: Error, which: &SecretRef) -> Error {
    match which {
        SecretRef::Id(id) => error.with("id", id),
        SecretRef::Name { name, .. } => error.with("name", name.as_str().escape_debug()),
    }
}

/// Whether the secret or only that version is missing does not show, as the server says neither.
pub(crate) fn no_version(which: &SecretRef, revision: Revision) -> Error {
    let text = "no such secret, or it has no such revision yet, or no version of it is kept from that revision or before";
    about(Error::new(ErrorKind::NotFound, text), which).with("revision", revision)
}

/// In the words of the local store, if it is that this name is taken.
pub(crate) fn name_taken(error: Error, name: &SecretName) -> Error {
    match error.reason() {
        Some(Reason::PublicNameTaken) => Error::name_taken(name, false),
        Some(Reason::PrivateNameTaken) => Error::name_taken(name, true),
        _ => error,
    }
}

pub(crate) fn hidden() -> Error {
    Error::new(ErrorKind::PermissionDenied, "you may not see the values of this secret")
}

pub(crate) fn too_slow(server: &str) -> Error {
    Error::new(ErrorKind::Timeout, "the server did not answer in time").with("server", server)
}

pub(crate) fn too_large(server: &str) -> Error {
    Error::new(ErrorKind::Unexpected, "the server's answer is too large").with("server", server)
}

pub(crate) fn unreachable(server: &str, lost: &reqwest::Error) -> Error {
    let error = Error::new(ErrorKind::Unavailable, "the server cannot be reached").with("server", server);
    match why(lost) {
        Some(why) => error.with("why", why),
        None => error,
    }
    .retryable(Retry::Backoff)
}

/// What was in the way, in the system's words or ours: a library's could hold a piece of an answer.
fn why(lost: &reqwest::Error) -> Option<String> {
    if let Some(rustls::Error::InvalidMessage(_)) = tls(lost) {
        return Some("no TLS is spoken there: does the url begin with http://?".to_owned());
    }
    causes(lost)
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .find(|io| io.raw_os_error().is_some())
        .map(|io| io.kind().to_string())
}

pub(crate) fn untrusted(server: &str, why: &str) -> Error {
    let text = format!("the server's certificate is not accepted: {why}");
    Error::new(ErrorKind::ConfigInvalid, text).with("server", server)
}

pub(crate) fn unreadable(server: &str) -> Error {
    let text = "the answer is none that a Strongroom or ZenML server gives: is the url right?";
    Error::new(ErrorKind::Unexpected, text).with("server", server)
}

/// Of a change of which the server may have kept a part.
pub(crate) fn half_made(error: &Error) -> Error {
    let text = "the server refused the values, and may have changed name or privacy before: read the secret before trying \
                again";
    Error::new(ErrorKind::OutcomeUnknown, text).with("because", error)
}

pub(crate) fn unsupported(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("this is a ZenML server, which {what}"))
}

/// The change was sent, and no answer tells what became of it.
pub(crate) fn in_doubt(last: &Error) -> Error {
    let text = "no answer tells whether the change was made: look at what is there before trying again";
    Error::new(ErrorKind::OutcomeUnknown, text).with("last attempt", last.message())
}

/// Why the certificate was not accepted, if that is what went wrong.
pub(crate) fn certificate(error: &reqwest::Error) -> Option<String> {
    match tls(error) {
        Some(rustls::Error::InvalidCertificate(why)) => Some(in_words(why)),
        _ => None,
    }
}

/// What is wrong with it and what helps. What the library tells of a name that the certificate is not for is in words
/// already.
fn in_words(why: &rustls::CertificateError) -> String {
    use rustls::CertificateError as E;
    let text = match why {
        E::UnknownIssuer => {
            "no authority that is trusted here vouches for it: name the one that does, or the certificate itself if it has \
             none, with ca_file"
        }
        // The library has no code of its own for it, and shows the name of another library's.
        E::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
            "it is a certificate authority's certificate, which no server may show: make one with \
             basicConstraints=CA:FALSE"
        }
        E::Expired | E::ExpiredContext { .. } => {
            "it has expired: have it renewed, unless this machine's clock is wrong"
        }
        E::NotValidYet | E::NotValidYetContext { .. } => {
            "it is not valid yet: does this machine's clock go right?"
        }
        other => return other.to_string(),
    };
    text.to_owned()
}

/// What TLS said, if it said something.
fn tls(error: &reqwest::Error) -> Option<&rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}
