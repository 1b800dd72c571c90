//! What all changes of a secret have in common: conditions, repeats, and who is told what if they fail.

use super::{
    super::{
        auth::Caller,
        detached::detached,
        error::{Answer, ApiError},
        if_match::IfMatch,
        json::Object,
        once::Once,
        state::App,
    },
    answer::{again, as_changed, missing, note_refusal},
};
use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use strongroom_core::{
    Error, ErrorKind, Reason, SecretId, SecretName, SecretRef, SecretUpdate, ValuesChange,
};

pub(super) fn change(object: &mut Object, patch: bool) -> Result<SecretUpdate, ApiError> {
    let mut update = SecretUpdate::new();
    for field in ["name", "private"] {
        if object.is_null(field) {
            return Err(ApiError::invalid(format!(
                "{field}: null is not allowed; leave it out to keep what it is"
            )));
        }
    }
    if let Some(name) = object.text("name")? {
        update = update.name(SecretName::new(name)?);
    }
    if let Some(private) = object.boolean("private")? {
        update = update.private(private);
    }
    Ok(match object.texts("values")? {
        None => update,
        Some(values) if patch => update.values(ValuesChange::Merge(values)),
        Some(values) => {
            let kept = values.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
            update.values(ValuesChange::Replace(kept))
        }
    })
}

/// A change of one secret.
pub(crate) struct Changing {
    pub(crate) secret: SecretId,
    /// Names the request for idempotency.
    pub(crate) what: String,
    /// The id as the caller wrote it.
    pub(crate) text: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Changing {
    /// Makes it, and answers the secret as it is then.
    pub(crate) async fn apply(self, app: &App, caller: &Caller, update: SecretUpdate) -> Answer<Response> {
        let once = Once::of(app, caller, &self.headers, &self.what, &self.body).await?;
        if once.before().await?.is_some() {
            return again(app, caller, self.secret).await;
        }
        let if_match = IfMatch::of(&self.headers)?;
        let bound = if_match.is_bound();
        let sent_all = matches!(update.values, ValuesChange::Replace(_));
        let mut cx = caller.context();
        cx.receipt = once.receipt();
        let which = SecretRef::Id(self.secret);
        let changed = detached(app, |app| async move {
            let at = |expected| {
                let mut update = update.clone();
                update.expected = expected;
                app.store.update(&cx, &which, update)
            };
            if_match.meet(at).await
        })
        .await;
        let error = match changed {
            Ok(meta) => return Ok(as_changed(app, caller, meta, sent_all).await),
            Err(error) => error,
        };
        if once.meanwhile(&error).await?.is_some() {
            return again(app, caller, self.secret).await;
        }
        note_refusal(app, caller, &error, Some(self.secret)).await?;
        Err(match error.kind() {
            ErrorKind::Conflict if bound => precondition(&error),
            ErrorKind::PermissionDenied if error.reason() == Some(Reason::OnlyItsOwner) => {
                ApiError::forbidden(
                    "Only the user who created the secret is allowed to update its private status.",
                )
            }
            ErrorKind::AlreadyExists => taken(error, caller),
            _ => missing(error, &self.text),
        })
    }
}

pub(super) fn precondition(error: &Error) -> ApiError {
    ApiError::new(StatusCode::PRECONDITION_FAILED, "ValueError", error.to_string())
}

/// That a name is taken, in the words of ZenML.
pub(super) fn taken(error: Error, caller: &Caller) -> ApiError {
    let Some((_, name)) = error.context().find(|(what, _)| *what == "name") else { return error.into() };
    let user = caller.account().name.escape_debug();
    ApiError::exists(match error.reason() {
        Some(Reason::PrivateNameTaken) => {
            format!("Found an existing private secret with the same '{name}' name for the same '{user}' user")
        }
        Some(Reason::PublicNameTaken) => {
            format!("Found an existing public secret with the same '{name}' name")
        }
        _ => return error.into(),
    })
}
