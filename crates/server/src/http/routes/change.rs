//! What all changes of a secret have in common: conditions, repeats, and who is told what if they fail.

use super::{
    super::{
        auth::Caller,
        detached::detached,
        error::{Answer, ApiError},
        json::Object,
        once::Once,
        state::App,
    },
    answer::{again, as_changed, missing, note_refusal},
};
use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use strongroom_core::{
    Error, ErrorKind, Revision, SecretId, SecretName, SecretRef, SecretUpdate, ValuesChange,
};
use strongroom_engine::ONLY_ITS_OWNER;

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
    pub(crate) async fn apply(
        self,
        app: &App,
        caller: &Caller,
        mut update: SecretUpdate,
    ) -> Answer<Response> {
        let once = Once::of(app, caller, &self.headers, &self.what, &self.body).await?;
        if once.before().await?.is_some() {
            return again(app, caller, self.secret).await;
        }
        update.expected = if_match(&self.headers)?;
        let (expected, name, private) = (update.expected, update.name.clone(), update.private);
        let sent_all = matches!(update.values, ValuesChange::Replace(_));
        let mut cx = caller.context();
        cx.receipt = once.receipt();
        let which = SecretRef::Id(self.secret);
        let changed = detached(app, |app| async move { app.store.update(&cx, &which, update).await }).await;
        let error = match changed {
            Ok(meta) => return Ok(as_changed(app, caller, meta, sent_all).await),
            Err(error) => error,
        };
        if once.meanwhile(&error).await?.is_some() {
            return again(app, caller, self.secret).await;
        }
        note_refusal(app, caller, &error, Some(self.secret)).await?;
        match (error.kind(), name) {
            (ErrorKind::Conflict, _) if expected.is_some() => Err(precondition(&error)),
            (ErrorKind::PermissionDenied, _) if error.message() == ONLY_ITS_OWNER => {
                Err(ApiError::forbidden(
                    "Only the user who created the secret is allowed to update its private status.",
                ))
            }
            (_, Some(name)) => Err(taken(error, &name, private).missing_as(&self.text)),
            (..) => Err(missing(error, &self.text)),
        }
    }
}

/// The revision that `If-Match` names; `*` is any.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<Revision>, ApiError> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let number = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(|n| n.parse().ok());
    number
        .map(|n| Some(Revision(n)))
        .ok_or_else(|| ApiError::invalid("If-Match: it must be one revision in quotes, as in ETag, or *"))
}

pub(super) fn precondition(error: &Error) -> ApiError {
    ApiError::new(StatusCode::PRECONDITION_FAILED, "ValueError", error.to_string())
}

pub(super) fn taken(error: Error, name: &SecretName, private: Option<bool>) -> ApiError {
    if error.kind() != ErrorKind::AlreadyExists {
        return error.into();
    }
    let name = name.as_str().escape_debug();
    ApiError::exists(match private {
        Some(true) => {
            format!("Found an existing private secret with the same '{name}' name for the same user")
        }
        Some(false) => format!("Found an existing public secret with the same '{name}' name"),
        None => format!("Found an existing secret with the same '{name}' name"),
    })
}

impl ApiError {
    pub(super) fn missing_as(self, text: &str) -> Self {
        if self.status == StatusCode::NOT_FOUND {
            missing(Error::new(ErrorKind::NotFound, ""), text)
        } else {
            self
        }
    }
}
