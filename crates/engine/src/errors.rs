//! The errors that callers see most.

use crate::StoreName;
use std::time::Duration;
use strongroom_core::{
    Context, Error, ErrorKind, Names, Reason, Retry, Revision, SecretId, SecretMeta, SecretRef,
};

/// The same for a secret that is missing and for one that the caller may not know of.
pub(crate) fn not_found(which: &SecretRef) -> Error {
    let error = Error::new(ErrorKind::NotFound, "no such secret");
    match which {
        SecretRef::Id(id) => error.with("id", id),
        SecretRef::Name { name, .. } => error.with("name", name.as_str().escape_debug()),
    }
}

pub(crate) fn no_version(id: SecretId, revision: Revision) -> Error {
    Error::new(ErrorKind::NotFound, "no version of the secret is kept from that revision or before")
        .with("secret", id)
        .with("revision", revision)
}

/// That the revision does not exist yet.
pub(crate) fn no_revision_yet(id: SecretId, revision: Revision, current: Revision) -> Error {
    Error::new(ErrorKind::NotFound, "the secret has no such revision yet")
        .with("secret", id)
        .with("revision", revision)
        .with("current revision", current)
}

pub(crate) fn denied(what: &'static str) -> Error {
    Error::new(ErrorKind::PermissionDenied, what)
}

pub(crate) fn stale(expected: Option<Revision>, actual: Revision) -> Error {
    let error = Error::new(ErrorKind::Conflict, "the secret was changed by somebody else: read it again");
    match expected {
        Some(expected) => error.with("expected revision", expected),
        None => error,
    }
    .with("actual revision", actual)
    .because(Reason::Stale(actual))
}

/// That the caller may not change something: `text`, unless it may change nothing at all.
pub(crate) fn may_not_change(cx: &Context, text: &'static str) -> Error {
    if cx.access.change == Names::none() {
        return denied("neither the account's role nor its grants let it change any secret");
    }
    denied(text)
}

/// That somebody would make another account's secret private or public.
pub(crate) fn only_its_owner() -> Error {
    denied("only the account that created the secret may make it private or public")
        .because(Reason::OnlyItsOwner)
}

/// What a version is, and what helps, if its bytes are not what was written: it is the current one, or an older one.
pub(crate) fn damage(error: &Error, current: bool) -> String {
    let remedy = if current {
        "roll back to an older version, write the values again, or restore them from a backup"
    } else {
        "choose another version, or restore this one from a backup"
    };
    match error.kind() {
        // Nothing may be overwritten that a newer release wrote.
        ErrorKind::Unsupported => {
            format!("{}; if no newer release wrote it, it is damaged: {remedy}", error.message())
        }
        _ => format!("{}; {remedy}", error.message()),
    }
}

/// The same error with what helps.
pub(crate) fn damaged(error: &Error, current: bool) -> Error {
    let told = Error::new(error.kind(), damage(error, current));
    error.context().fold(told, |told, (key, value)| told.with(key, value))
}

pub(crate) fn out_of_time() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "others kept changing the secret until the time allowed was over: try again",
    )
}

/// That another attempt has the lock of the secret, for as long as its writer said, be it alive or not.
pub(crate) fn locked(lease: Duration) -> Error {
    let text = "another writer has the secret, or crashed while it wrote: try again in a while, or run `strongroom repair` \
                if one crashed";
    Error::new(ErrorKind::Unavailable, text)
        .with("a crashed one has it for at most, in seconds", lease.as_secs().max(1))
        .retryable(Retry::Backoff)
}

/// Of a version that the service may show later.
pub(crate) fn not_shown() -> Error {
    let text = "the service does not show the secret's new version yet: try again soon";
    Error::new(ErrorKind::Unavailable, text).because(Reason::NotShownYet).retryable(Retry::Backoff)
}

pub(crate) fn gone() -> Error {
    let text =
        "the secret's values are gone from the service: roll back to an older version or write them again";
    Error::new(ErrorKind::Lost, text)
}

/// Of values in a store that is not configured any more.
pub(crate) fn unreadable(store: &StoreName, versions: u64) -> Error {
    let text =
        "the store is not configured, and values are there that nobody can read: add its section again";
    Error::new(ErrorKind::ConfigInvalid, text).with("store", store).with("versions", versions)
}

/// Of what is to be removed from a store that is not configured any more.
pub(crate) fn out_of_reach(store: &StoreName) -> Error {
    let text = "something is still to be removed from a store that is not configured: add it to the configuration as \
                [stores.NAME], at least until that is done";
    Error::new(ErrorKind::ConfigInvalid, text).with("store", store)
}

pub(crate) fn too_slow() -> Error {
    let text = "the time allowed for the call is over: what it waited for may be down or slow; look at it, then try again";
    Error::new(ErrorKind::Timeout, text)
}

/// Of a change that was given up before anything was sent.
pub(crate) fn not_begun() -> Error {
    let text =
        "the connection to the database was lost before the change began, and nothing was changed: try again";
    Error::new(ErrorKind::Unavailable, text).retryable(Retry::Exhausted)
}

pub(crate) fn unknown_outcome() -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        "the connection was lost while the change was committed, and it could not be found out whether it was: read \
         the secret before trying again",
    )
}

pub(crate) fn about(error: Error, meta: &SecretMeta) -> Error {
    error.with("secret", meta.id).with("name", meta.name.as_str().escape_debug())
}
