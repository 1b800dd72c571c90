//! `/secrets` as the contract has it.

use super::super::{
    auth::{Caller, Reader},
    body::JsonBody,
    error::{Answer, ApiError},
    json::{Object, id},
    once::Once,
    query::Query,
    requests,
    state::App,
    wire::{Nothing, Paged, SecretView},
};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use strongroom_core::{
    Error, ErrorKind, GetOptions, Names, NewSecret, Page, Result, Revision, Secret, SecretFilter, SecretId,
    SecretMeta, SecretName, SecretRef, SecretUpdate, ValuesChange,
    filter::{Condition, Logic, TextOp},
};
use strongroom_sql::identities::Role;
use uuid::Uuid;

/// Creates a secret.
#[utoipa::path(
    post,
    path = "/secrets",
    tag = "secrets",
    operation_id = "secrets_create",
    params(("Idempotency-Key" = Option<Uuid>, Header, description = "A repeat with the same one within five minutes changes nothing more")),
    request_body = requests::NewSecret,
    responses((status = 200, description = "Done", body = SecretView)),
)]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    JsonBody { mut object, bytes }: JsonBody,
) -> Answer<Response> {
    let once = Once::of(&app, &caller, &headers, "POST /secrets", &bytes).await?;
    if let Some(once) = &once
        && let Some(before) = once.before().await?
    {
        return again(&app, &caller, before.secret).await;
    }
    let name = SecretName::new(object.required_text("name")?)?;
    if object.is_null("private") {
        return Err(ApiError::invalid("private: it must be true or false"));
    }
    let private = object.boolean("private")?.unwrap_or(false);
    let values = object.texts("values")?.unwrap_or_default();
    let values = values.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    let new = NewSecret::new(name.clone(), values).private(private);
    let mut cx = caller.context();
    cx.receipt = once.as_ref().map(|once| once.receipt);
    let made = detached(&app, |app| async move { app.store.create(&cx, new).await }).await;
    match made {
        Ok(secret) => Ok(one(&app, &caller, secret, true).await),
        Err(error) => {
            if let Some(once) = &once
                && doubtful(&error)
                && let Some(before) = once.before().await?
            {
                return again(&app, &caller, before.secret).await;
            }
            note_refusal(&app, &caller, &error, None).await?;
            Err(taken(error, &name, Some(private)))
        }
    }
}

/// Creates a secret: an address of older clients.
#[utoipa::path(
    post,
    path = "/workspaces/{workspace}/secrets",
    tag = "secrets",
    operation_id = "secrets_create_in_workspace",
    params(
        ("workspace" = String, Path, description = "Anything"),
        ("Idempotency-Key" = Option<Uuid>, Header, description = "A repeat with the same one within five minutes changes nothing more")
    ),
    request_body = requests::NewSecret,
    responses((status = 200, description = "Done", body = SecretView)),
)]
#[deprecated]
pub(crate) async fn create_in_workspace(
    app: State<App>,
    caller: Caller,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    create(app, caller, headers, body).await
}

/// A page of secrets.
#[utoipa::path(
    get,
    path = "/secrets",
    tag = "secrets",
    operation_id = "secrets_list",
    params(requests::SecretQuery),
    responses((status = 200, description = "Done", body = Paged<SecretView>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Answer<Json<Paged<SecretView>>> {
    let query = Query::parse(query.as_deref().unwrap_or_default());
    let (filter, hydrate) = (query.filter()?, query.paging()?.hydrate);
    let exact = exact(&filter);
    let store = app.store.clone();
    let (found, caller) = reader
        .read(&app, |cx| {
            let (store, exact, filter) = (store.clone(), exact.clone(), filter.clone());
            async move {
                if let Some(exact) = exact {
                    // Page 1 of what the client asks for may hide the very secret that it names, or hold another one.
                    let page = store.list(&cx, &exact).await?;
                    if page.total > 0 {
                        return Ok(page);
                    }
                }
                store.list(&cx, &filter).await
            }
        })
        .await?;
    let found: Page<SecretMeta> = found?;
    app.trail.note_event(&caller.context(), "secret.list", "").await?;
    let epoch = caller.known.epoch;
    let mut items = Vec::with_capacity(found.items.len());
    for meta in &found.items {
        let owner = app.identities.owner(meta.owner.id, epoch).await;
        items.push(SecretView::listed(meta, owner.as_deref(), hydrate));
    }
    let Page { index, max_size, total_pages, total, .. } = found;
    Ok(Json(Page { index, max_size, total_pages, total, items }.into()))
}

/// The filter for the exact name, if this is how the client looks for one: `name` contains or equals X, or the id begins
/// with X.
fn exact(filter: &SecretFilter) -> Option<SecretFilter> {
    let [a, b] = filter.conditions.as_slice() else { return None };
    let ((Condition::Id(TextOp::StartsWith(id)), Condition::Name(name))
    | (Condition::Name(name), Condition::Id(TextOp::StartsWith(id)))) = (a, b)
    else {
        return None;
    };
    match name {
        TextOp::Contains(name) | TextOp::Equals(name) if name == id && filter.logic == Logic::Any => {
            let mut exact = filter.clone();
            exact.conditions = vec![Condition::Name(TextOp::Equals(name.clone()))];
            exact.page = 1;
            Some(exact)
        }
        _ => None,
    }
}

/// One secret with its values.
#[utoipa::path(
    get,
    path = "/secrets/{id}",
    tag = "secrets",
    operation_id = "secrets_get",
    params(("id" = Uuid, Path, description = "The secret's id"), ("revision" = Option<u64>, Query, description = "An older version"), ("hydrate" = Option<bool>, Query, description = "Whether to answer `metadata`, too")),
    responses((status = 200, description = "Done", body = SecretView)),
)]
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    Path(text): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let query = Query::parse(query.as_deref().unwrap_or_default());
    let which = SecretRef::Id(SecretId(id("secret id", &text)?));
    show(&app, reader, which, &query, &text).await
}

/// Reads one secret for a caller, notes it, and answers it.
pub(crate) async fn show(
    app: &App,
    reader: Reader,
    which: SecretRef,
    query: &Query,
    text: &str,
) -> Answer<Response> {
    let hydrate = query.boolean("hydrate", true)?;
    let mut options = GetOptions::new();
    options.as_of = query.number("revision")?.map(Revision);
    let store = app.store.clone();
    let (found, caller) = reader
        .read(app, |cx| {
            let (store, which, mut options) = (store.clone(), which.clone(), options.clone());
            async move {
                // Auditors see the keys alone.
                options.keys_only = cx.access.read == Names::none();
                read(&*store, &cx, &which, &options).await
            }
        })
        .await?;
    match found {
        Ok(secret) => {
            let action = if secret.values.is_hidden() { "secret.look" } else { "secret.read" };
            app.trail.note(&caller.context(), action, secret.meta.id, "").await?;
            Ok(one(app, &caller, secret, hydrate).await)
        }
        Err(error) => {
            let id = if let SecretRef::Id(id) = &which { Some(*id) } else { None };
            note_refusal(app, &caller, &error, id).await?;
            Err(missing(error, text))
        }
    }
}

/// Changes a secret.
#[utoipa::path(
    put,
    path = "/secrets/{id}",
    tag = "secrets",
    operation_id = "secrets_update",
    params(("id" = Uuid, Path, description = "The secret's id"), ("patch_values" = Option<bool>, Query, description = "Whether `values` are merged into those that are there"), ("If-Match" = Option<String>, Header, description = "The revision that is expected, in quotes, as in `ETag`; 412 if it is another one"), ("Idempotency-Key" = Option<Uuid>, Header, description = "A repeat with the same one within five minutes changes nothing more")),
    request_body = requests::SecretChange,
    responses((status = 200, description = "Done", body = SecretView)),
)]
pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    JsonBody { mut object, bytes }: JsonBody,
) -> Answer<Response> {
    let query = Query::parse(query.as_deref().unwrap_or_default());
    let secret = SecretId(id("secret id", &text)?);
    let update = change(&mut object, query.boolean("patch_values", false)?)?;
    let what = format!("PUT /secrets/{secret}");
    let change = Changing { secret, what, text, headers, body: bytes.to_vec() };
    change.apply(&app, &caller, update).await
}

fn change(object: &mut Object, patch: bool) -> Result<SecretUpdate, ApiError> {
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
    pub(crate) body: Vec<u8>,
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
        if let Some(once) = &once
            && once.before().await?.is_some()
        {
            return again(app, caller, self.secret).await;
        }
        update.expected = if_match(&self.headers)?;
        let (expected, name, private) = (update.expected, update.name.clone(), update.private);
        let mut cx = caller.context();
        cx.receipt = once.as_ref().map(|once| once.receipt);
        let which = SecretRef::Id(self.secret);
        let changed = detached(app, |app| async move { app.store.update(&cx, &which, update).await }).await;
        let error = match changed {
            Ok(meta) => return Ok(as_changed(app, caller, meta).await),
            Err(error) => error,
        };
        if let Some(once) = &once
            && doubtful(&error)
            && once.before().await?.is_some()
        {
            return again(app, caller, self.secret).await;
        }
        note_refusal(app, caller, &error, Some(self.secret)).await?;
        match (error.kind(), name) {
            (ErrorKind::Conflict, _) if expected.is_some() => Err(precondition(&error)),
            (ErrorKind::PermissionDenied, _) if private.is_some() && caller_may_change(caller) => {
                Err(ApiError::forbidden(
                    "Only the user who created the secret is allowed to update its private status.",
                ))
            }
            (_, Some(name)) => Err(taken(error, &name, private).missing_as(&self.text)),
            (..) => Err(missing(error, &self.text)),
        }
    }
}

fn caller_may_change(caller: &Caller) -> bool {
    matches!(caller.account().role, Role::Admin | Role::Writer)
}

/// Deletes a secret.
#[utoipa::path(
    delete,
    path = "/secrets/{id}",
    tag = "secrets",
    operation_id = "secrets_delete",
    params(("id" = Uuid, Path, description = "The secret's id"), ("If-Match" = Option<String>, Header, description = "The revision that is expected, in quotes, as in `ETag`; 412 if it is another one"), ("Idempotency-Key" = Option<Uuid>, Header, description = "A repeat with the same one within five minutes changes nothing more")),
    responses((status = 200, description = "Done", body = Nothing)),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(text): Path<String>,
    headers: HeaderMap,
) -> Answer<Json<Nothing>> {
    let secret = SecretId(id("secret id", &text)?);
    let once = Once::of(&app, &caller, &headers, &format!("DELETE /secrets/{secret}"), b"").await?;
    if let Some(once) = &once
        && once.before().await?.is_some()
    {
        return Ok(Json(Nothing));
    }
    let expected = if_match(&headers)?;
    let mut cx = caller.context();
    cx.receipt = once.as_ref().map(|once| once.receipt);
    let which = SecretRef::Id(secret);
    let deleted = detached(&app, |app| async move { app.store.delete(&cx, &which, expected).await }).await;
    let Err(error) = deleted else { return Ok(Json(Nothing)) };
    if let Some(once) = &once
        && doubtful(&error)
        && once.before().await?.is_some()
    {
        return Ok(Json(Nothing));
    }
    note_refusal(&app, &caller, &error, Some(secret)).await?;
    match error.kind() {
        ErrorKind::Conflict if expected.is_some() => Err(precondition(&error)),
        _ => Err(missing(error, &text)),
    }
}

/// Runs a change to its end, whether or not the caller waits for it.
async fn detached<T, F>(app: &App, work: impl FnOnce(App) -> F) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let ended = tokio::spawn(work(app.clone())).await;
    ended.unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::Unexpected, "the request failed in a way nobody foresaw"))
    })
}

/// Answers a secret as it is now.
pub(crate) async fn again(app: &App, caller: &Caller, secret: SecretId) -> Answer<Response> {
    let cx = caller.context();
    let mut options = GetOptions::new();
    options.keys_only = cx.access.read == Names::none();
    let found = read(&*app.store, &cx, &secret.into(), &options).await;
    Ok(one(app, caller, found.map_err(|error| missing(error, &secret.to_string()))?, true).await)
}

/// Answers a secret as a change made it, whatever others did to it since.
async fn as_changed(app: &App, caller: &Caller, meta: SecretMeta) -> Response {
    let cx = caller.context();
    let mut options = GetOptions::new().as_of(meta.revision);
    options.keys_only = cx.access.read == Names::none();
    let owner = app.identities.owner(meta.owner.id, caller.known.epoch).await;
    let tag = etag(&meta);
    let view = match read(&*app.store, &cx, &meta.id.into(), &options).await {
        Ok(secret) => {
            SecretView::whole(Secret::new(meta, secret.values, secret.version), owner.as_deref(), true)
        }
        // It was made: that its values are gone again, or cannot be read now, does not undo it.
        Err(_) => SecretView::listed(&meta, owner.as_deref(), true),
    };
    ([(header::ETAG, tag)], Json(view)).into_response()
}

async fn read(
    store: &dyn strongroom_core::SecretsStore,
    cx: &strongroom_core::Context,
    which: &SecretRef,
    options: &GetOptions,
) -> Result<Secret> {
    let mut answers = store.get(cx, std::slice::from_ref(which), options).await;
    answers.pop().unwrap_or_else(|| Err(Error::new(ErrorKind::Unexpected, "the store gave no answer")))
}

async fn one(app: &App, caller: &Caller, secret: Secret, hydrate: bool) -> Response {
    let owner = app.identities.owner(secret.meta.owner.id, caller.known.epoch).await;
    let tag = etag(&secret.meta);
    let view = SecretView::whole(secret, owner.as_deref(), hydrate);
    ([(header::ETAG, tag)], Json(view)).into_response()
}

/// The revision, in quotes.
fn etag(meta: &SecretMeta) -> HeaderValue {
    let tag = format!("\"{}\"", meta.revision);
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The revision that `If-Match` names; `*` is any.
fn if_match(headers: &HeaderMap) -> Result<Option<Revision>, ApiError> {
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

fn precondition(error: &Error) -> ApiError {
    ApiError::new(StatusCode::PRECONDITION_FAILED, "ValueError", error.to_string())
}

/// Whether a repeat of the same request may have been carried out meanwhile.
fn doubtful(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Conflict | ErrorKind::AlreadyExists | ErrorKind::NotFound | ErrorKind::OutcomeUnknown
    )
}

/// The one answer for what is not there and what the caller may not know of.
pub(crate) fn missing(error: Error, text: &str) -> ApiError {
    match error.kind() {
        ErrorKind::NotFound => ApiError::not_found(format!(
            "\"Unable to get secret with name or ID '{}': No secret with this ID found.\"",
            text.escape_debug()
        )),
        _ => error.into(),
    }
}

fn taken(error: Error, name: &SecretName, private: Option<bool>) -> ApiError {
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
    fn missing_as(self, text: &str) -> Self {
        if self.status == StatusCode::NOT_FOUND {
            missing(Error::new(ErrorKind::NotFound, ""), text)
        } else {
            self
        }
    }
}

/// Notes that something was denied or not found.
pub(crate) async fn note_refusal(
    app: &App,
    caller: &Caller,
    error: &Error,
    secret: Option<SecretId>,
) -> Result<(), ApiError> {
    let action = match error.kind() {
        ErrorKind::PermissionDenied => "secret.denied",
        ErrorKind::NotFound => "secret.missing",
        ErrorKind::Corrupt | ErrorKind::Lost => "secret.damaged",
        _ => return Ok(()),
    };
    let secret = secret.unwrap_or(SecretId(Uuid::nil()));
    Ok(app.trail.note(&caller.context(), action, secret, "").await?)
}
