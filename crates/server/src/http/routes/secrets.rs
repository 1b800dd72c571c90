//! `/secrets` as the contract has it.

use super::{
    super::{
        auth::{Caller, Reader, Sender},
        body::{JsonBody, Sent},
        detached::detached,
        error::{Answer, ApiError},
        if_match::IfMatch,
        json::id,
        once::Once,
        path::Path,
        query::Query,
        requests,
        state::App,
        wire::{Nothing, Paged, SecretView},
    },
    answer::{action, again, missing, note_refusal, one, read},
    change::{Changing, change, precondition, taken},
};
use axum::{
    Json,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use strongroom_core::{
    ErrorKind, GetOptions, Names, NewSecret, Page, Revision, SecretFilter, SecretId, SecretMeta, SecretName,
    SecretRef,
    filter::{Condition, Logic, Sort, TextOp},
};

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
    sender: Sender,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    let Sent { caller, mut object, bytes } = body.sent_by(sender, &app).await?;
    let once = Once::of(&app, &caller, &headers, "POST /secrets", &bytes).await?;
    if let Some(before) = once.before().await? {
        return again(&app, &caller, before.secret).await;
    }
    let name = SecretName::new(object.required_text("name")?)?;
    for (field, what) in [("private", "true or false"), ("values", "an object")] {
        if object.is_null(field) {
            return Err(ApiError::invalid(format!("{field}: it must be {what}")));
        }
    }
    let private = object.boolean("private")?.unwrap_or(false);
    let values = object.texts("values")?.unwrap_or_default();
    let values = values.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    let new = NewSecret::new(name, values).private(private);
    let mut cx = caller.context();
    cx.receipt = once.receipt();
    let made = detached(&app, |app| async move { app.store.create(&cx, new).await }).await;
    match made {
        Ok(secret) => Ok(one(&app, &caller, secret, true).await),
        Err(error) => {
            if let Some(before) = once.meanwhile(&error).await? {
                return again(&app, &caller, before.secret).await;
            }
            note_refusal(&app, &caller, &error, None).await?;
            Err(taken(error, &caller))
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
    sender: Sender,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    create(app, sender, headers, body).await
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
    let asked = || {
        let query = Query::parse(query.as_deref().unwrap_or_default())?;
        Answer::Ok((query.filter()?, query.paging()?.hydrate))
    };
    let (filter, hydrate) = reader.asks(&app, asked()).await?;
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
        items.push(SecretView::listed(meta, owner, hydrate));
    }
    let Page { index, max_size, total_pages, total, .. } = found;
    Ok(Json(Page { index, max_size, total_pages, total, items }.into()))
}

/// The filter for the exact name, if this is how the client looks for one: `name` contains or equals X, or the id begins
/// with X; the first page, the oldest first. A list that somebody asks for in another order is the whole list.
fn exact(filter: &SecretFilter) -> Option<SecretFilter> {
    let [a, b] = filter.conditions.as_slice() else { return None };
    if filter.page != 1 || filter.sort != Sort::default() {
        return None;
    }
    let ((Condition::Id(TextOp::StartsWith(id)), Condition::Name(name))
    | (Condition::Name(name), Condition::Id(TextOp::StartsWith(id)))) = (a, b)
    else {
        return None;
    };
    match name {
        TextOp::Contains(name) | TextOp::Equals(name) if name == id && filter.logic == Logic::Any => {
            let mut exact = filter.clone();
            exact.conditions = vec![Condition::Name(TextOp::Equals(name.clone()))];
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
    params(("id" = Uuid, Path, description = "The secret's id"), ("revision" = Option<u64>, Query, description = "An older version: the newest that is kept from that revision or before; 404 if none is, or if the revision is yet to come"), ("hydrate" = Option<bool>, Query, description = "Whether to answer `metadata`, too")),
    responses((status = 200, description = "Done", body = SecretView)),
)]
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    Path(text): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let asked = || {
        let query = Query::parse(query.as_deref().unwrap_or_default())?;
        Asked::of(SecretRef::Id(SecretId(id("secret id", &text)?)), &query)
    };
    let asked = reader.asks(&app, asked()).await?;
    show(&app, reader, asked, &text).await
}

/// A secret that is to be read, and how.
pub(crate) struct Asked {
    which: SecretRef,
    options: GetOptions,
    hydrate: bool,
}

impl Asked {
    pub(crate) fn of(which: SecretRef, query: &Query) -> Answer<Self> {
        let mut options = GetOptions::new();
        options.as_of = query.number("revision")?.map(Revision);
        Ok(Self { which, options, hydrate: query.boolean("hydrate", true)? })
    }
}

/// Reads one secret for a caller, notes it, and answers it.
pub(crate) async fn show(
    app: &App,
    reader: Reader,
    Asked { which, options, hydrate }: Asked,
    text: &str,
) -> Answer<Response> {
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
            app.trail.note(&caller.context(), action(&secret), secret.meta.id, "").await?;
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
    params(("id" = Uuid, Path, description = "The secret's id"), ("patch_values" = Option<bool>, Query, description = "Whether `values` are merged into those that are there"), ("If-Match" = Option<String>, Header, description = "The revision that is expected, in quotes, as in `ETag`, or several with commas between them; 412 if it is another one"), ("Idempotency-Key" = Option<Uuid>, Header, description = "A repeat with the same one within five minutes changes nothing more")),
    request_body = requests::SecretChange,
    responses((status = 200, description = "Done", body = SecretView)),
)]
pub(crate) async fn update(
    State(app): State<App>,
    sender: Sender,
    Path(text): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    let Sent { caller, mut object, bytes } = body.sent_by(sender, &app).await?;
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let secret = SecretId(id("secret id", &text)?);
    let merge = query.boolean("patch_values", false)?;
    let update = change(&mut object, merge)?;
    let what = format!("PUT /secrets/{secret}?patch_values={merge}");
    let change = Changing { secret, what, text, headers, body: bytes };
    change.apply(&app, &caller, update).await
}

/// Deletes a secret.
#[utoipa::path(
    delete,
    path = "/secrets/{id}",
    tag = "secrets",
    operation_id = "secrets_delete",
    params(("id" = Uuid, Path, description = "The secret's id"), ("If-Match" = Option<String>, Header, description = "The revision that is expected, in quotes, as in `ETag`, or several with commas between them; 412 if it is another one"), ("Idempotency-Key" = Option<Uuid>, Header, description = "A repeat with the same one within five minutes changes nothing more")),
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
    if once.before().await?.is_some() {
        return Ok(Json(Nothing));
    }
    let if_match = IfMatch::of(&headers)?;
    let bound = if_match.is_bound();
    let mut cx = caller.context();
    cx.receipt = once.receipt();
    let which = SecretRef::Id(secret);
    let deleted = detached(&app, |app| async move {
        if_match.meet(|expected| app.store.delete(&cx, &which, expected)).await
    })
    .await;
    let Err(error) = deleted else { return Ok(Json(Nothing)) };
    if once.meanwhile(&error).await?.is_some() {
        return Ok(Json(Nothing));
    }
    note_refusal(&app, &caller, &error, Some(secret)).await?;
    match error.kind() {
        ErrorKind::Conflict if bound => Err(precondition(&error)),
        _ => Err(missing(error, &text)),
    }
}
