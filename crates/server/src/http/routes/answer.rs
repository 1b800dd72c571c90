//! Answering one secret, or that there is none.

use super::super::{
    auth::Caller,
    error::{Answer, ApiError},
    state::App,
    wire::SecretView,
};
use crate::audit::Event;
use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use strongroom_core::{Error, ErrorKind, GetOptions, Names, Result, Secret, SecretId, SecretMeta, SecretRef};
use uuid::Uuid;

/// Answers a secret as it is now, which somebody else may have changed since: that is a read.
pub(crate) async fn again(app: &App, caller: &Caller, secret: SecretId) -> Answer<Response> {
    let cx = caller.context();
    let mut options = GetOptions::new();
    options.keys_only = cx.access.read == Names::none();
    let found = read(&*app.store, &cx, &secret.into(), &options).await;
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            note_refusal(app, caller, &error, Some(secret)).await?;
            return Err(missing(error, &secret.to_string()));
        }
    };
    app.trail.note(&cx, action(&found), secret, "").await?;
    Ok(one(app, caller, found, true).await)
}

/// What it is to be shown a secret: without its values it is seen alone.
pub(super) fn action(shown: &Secret) -> &'static str {
    if shown.values.is_hidden() { "secret.look" } else { "secret.read" }
}

/// Answers a secret as a change made it, whatever others did to it since. If the caller did not send all of its values, to
/// answer them is a read.
pub(super) async fn as_changed(app: &App, caller: &Caller, meta: SecretMeta, sent_all: bool) -> Response {
    let cx = caller.context();
    let mut options = GetOptions::new().as_of(meta.revision);
    options.keys_only = cx.access.read == Names::none();
    let owner = app.identities.owner(meta.owner.id, caller.known.epoch).await;
    let tag = etag(&meta);
    let view = match read(&*app.store, &cx, &meta.id.into(), &options).await {
        Ok(secret)
            if sent_all
                || secret.values.is_hidden()
                || app.trail.note(&cx, "secret.read", meta.id, "").await.is_ok() =>
        {
            SecretView::whole(Secret::new(meta, secret.values, secret.version), owner, true)
        }
        // It was made: that its values are gone again, or cannot be read or noted to be read now, does not undo it.
        _ => SecretView::listed(&meta, owner, true),
    };
    ([(header::ETAG, tag)], Json(view)).into_response()
}

pub(super) async fn read(
    store: &dyn strongroom_core::SecretsStore,
    cx: &strongroom_core::Context,
    which: &SecretRef,
    options: &GetOptions,
) -> Result<Secret> {
    let mut answers = store.get(cx, std::slice::from_ref(which), options).await;
    answers.pop().unwrap_or_else(|| Err(Error::new(ErrorKind::Unexpected, "the store gave no answer")))
}

pub(super) async fn one(app: &App, caller: &Caller, secret: Secret, hydrate: bool) -> Response {
    let owner = app.identities.owner(secret.meta.owner.id, caller.known.epoch).await;
    let tag = etag(&secret.meta);
    let view = SecretView::whole(secret, owner, hydrate);
    ([(header::ETAG, tag)], Json(view)).into_response()
}

/// The revision, in quotes.
fn etag(meta: &SecretMeta) -> HeaderValue {
    let tag = format!("\"{}\"", meta.revision);
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The one answer for what is not there and what the caller may not know of.
pub(crate) fn missing(error: Error, text: &str) -> ApiError {
    match error.kind() {
        // The secret is there, and the caller may know of it.
        ErrorKind::NotFound if error.context().any(|(what, _)| what == "revision") => {
            ApiError::not_found(error.to_string())
        }
        ErrorKind::NotFound => ApiError::not_found(format!(
            "\"Unable to get secret with name or ID '{}': No secret with this ID found.\"",
            text.escape_debug()
        )),
        _ => error.into(),
    }
}

/// What the audit trail says of an error: that something was denied, not found or damaged.
pub(super) fn refusal(error: &Error) -> Option<Event> {
    match error.kind() {
        // As many as the caller likes, who need not be allowed anything.
        ErrorKind::PermissionDenied => Some(Event::Denied("secret.denied")),
        ErrorKind::NotFound => Some(Event::Denied("secret.missing")),
        ErrorKind::Corrupt | ErrorKind::Lost => Some(Event::Done("secret.damaged")),
        _ => None,
    }
}

/// Notes that something was denied, not found or damaged.
pub(crate) async fn note_refusal(
    app: &App,
    caller: &Caller,
    error: &Error,
    secret: Option<SecretId>,
) -> Result<(), ApiError> {
    let Some(event) = refusal(error) else { return Ok(()) };
    let secret = secret.unwrap_or(SecretId(Uuid::nil()));
    caller.facts.seen.note();
    Ok(app.trail.note_many(&caller.context(), &[(event, secret)]).await?)
}
