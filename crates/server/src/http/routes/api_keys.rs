//! `/service_accounts/{id}/api_keys`

use super::{
    super::{
        auth::{Caller, Sender},
        body::{JsonBody, Sent},
        error::{Answer, ApiError},
        json::id,
        key_listing,
        once::Once,
        path::Path,
        query::Query,
        requests,
        state::App,
        wire::{ApiKeyView, Nothing, Paged},
    },
    accounts,
};
use crate::identity::as_kept;
use axum::{
    Json,
    extract::{RawQuery, State},
    http::HeaderMap,
};
use secrecy::SecretString;
use strongroom_core::{Context, ErrorKind, OwnerId};
use strongroom_sql::{
    Received,
    identities::{Account, AccountKind, AccountRef, ApiKey, ApiKeyPatch},
};
use uuid::Uuid;

/// For how many minutes the text before a rotation can be kept good: 100 years.
const LONGEST_RETENTION: u32 = 100 * 365 * 24 * 60;

/// The account of a path that takes ids alone.
async fn owner(app: &App, text: &str) -> Answer<Account> {
    let id = id("service account id", text)?;
    let account = app.identities.catalog().account(AccountRef::Id(OwnerId(id))).await?;
    let account = account.filter(|account| account.kind == AccountKind::Service);
    accounts::there(account, "service account", &id.to_string())
}

async fn key_of(app: &App, account: &Account, which: &str) -> Answer<ApiKey> {
    let keys = app.identities.catalog().api_keys(account.id).await?;
    let (id, name) = (Uuid::parse_str(which).ok(), as_kept(which));
    keys.into_iter().find(|key| id.map_or(key.name == name, |id| key.id == id)).ok_or_else(|| {
        ApiError::not_found(format!(
            "\"An API key with ID or name '{}' is not configured for service account with ID '{}'.\"",
            which.escape_debug(),
            account.id
        ))
    })
}

/// A page of a program's keys.
#[utoipa::path(
    get,
    path = "/service_accounts/{id}/api_keys",
    tag = "service accounts",
    operation_id = "service_accounts_keys",
    params(("id" = Uuid, Path, description = "The service account's id"), requests::PageQuery, requests::KeyConditions),
    responses((status = 200, description = "Done", body = Paged<ApiKeyView>)),
)]
pub(crate) async fn keys(
    State(app): State<App>,
    _: Caller,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Json<Paged<ApiKeyView>>> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let hydrate = query.paging()?.hydrate;
    let account = owner(&app, &account).await?;
    let keys = app.identities.catalog().api_keys(account.id).await?;
    let page = key_listing::page(&query, keys)?;
    Ok(Json(page.map(|key| ApiKeyView::of(&key, &account, None, hydrate)).into()))
}

/// Makes an API key.
#[utoipa::path(
    post,
    path = "/service_accounts/{id}/api_keys",
    tag = "service accounts",
    operation_id = "service_accounts_create_key",
    params(
        ("id" = Uuid, Path, description = "The service account's id"),
        ("Idempotency-Key" = Option<Uuid>, Header, description = "A repeat with the same one within five minutes gives a text in place of the one that did not arrive")
    ),
    request_body = requests::NewApiKey,
    responses((status = 200, description = "Done", body = ApiKeyView)),
)]
pub(crate) async fn create_key(
    State(app): State<App>,
    sender: Sender,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Json<ApiKeyView>> {
    let Sent { caller, mut object, bytes } = body.sent_by(sender, &app).await?;
    let name = object.required_text("name")?;
    let description = object.text("description")?.unwrap_or_default();
    let days = object.integer("expires_in_days")?;
    caller.must_be_admin("create API key")?;
    let account = owner(&app, &account).await?;
    let what = format!("POST /service_accounts/{}/api_keys", account.id);
    let once = Once::of(&app, &caller, &headers, &what, &bytes).await?;
    let mut cx = caller.context();
    cx.receipt = once.receipt();
    let expires = accounts::expires(&app, days)?;
    let (key, text) = match once.before().await? {
        Some(before) => again(&app, &cx, &account, &before).await?,
        None => match app.identities.create_key(&cx, &account, &name, &description, expires).await {
            Ok(made) => made,
            Err(error) => match once.meanwhile(&error).await? {
                Some(before) => again(&app, &cx, &account, &before).await?,
                None if error.kind() == ErrorKind::AlreadyExists => {
                    return Err(taken("register", &name, &account));
                }
                None => return Err(error.into()),
            },
        },
    };
    Ok(Json(ApiKeyView::of(&key, &account, Some(&text), true)))
}

/// The key that the request made before, with another text.
async fn again(
    app: &App,
    cx: &Context,
    account: &Account,
    before: &Received,
) -> Answer<(ApiKey, SecretString)> {
    let key = key_of(app, account, &before.secret.to_string()).await?;
    Ok(app.identities.rotate_key(cx, &key, 0).await?)
}

fn taken(what: &str, name: &str, account: &Account) -> ApiError {
    ApiError::exists(format!(
        "Unable to {what} API key with name '{}': Found an existing API key with the same name configured for the \
         same '{}' service account.",
        name.escape_debug(),
        account.name.escape_debug()
    ))
}

/// One API key.
#[utoipa::path(
    get,
    path = "/service_accounts/{id}/api_keys/{key}",
    tag = "service accounts",
    operation_id = "service_accounts_key",
    params(("id" = Uuid, Path, description = "The service account's id"), ("key" = String, Path, description = "The key's name or id"), ("hydrate" = Option<bool>, Query, description = "Whether to answer `metadata`, too")),
    responses((status = 200, description = "Done", body = ApiKeyView)),
)]
pub(crate) async fn key(
    State(app): State<App>,
    _: Caller,
    Path((account, which)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answer<Json<ApiKeyView>> {
    let hydrate = Query::parse(query.as_deref().unwrap_or_default())?.boolean("hydrate", true)?;
    let account = owner(&app, &account).await?;
    let key = key_of(&app, &account, &which).await?;
    Ok(Json(ApiKeyView::of(&key, &account, None, hydrate)))
}

/// Changes an API key; null leaves what it is.
#[utoipa::path(
    put,
    path = "/service_accounts/{id}/api_keys/{key}",
    tag = "service accounts",
    operation_id = "service_accounts_update_key",
    params(("id" = Uuid, Path, description = "The service account's id"), ("key" = String, Path, description = "The key's name or id")),
    request_body = requests::ApiKeyChange,
    responses((status = 200, description = "Done", body = ApiKeyView)),
)]
pub(crate) async fn update_key(
    State(app): State<App>,
    sender: Sender,
    Path((account, which)): Path<(String, String)>,
    body: JsonBody,
) -> Answer<Json<ApiKeyView>> {
    let Sent { caller, mut object, .. } = body.sent_by(sender, &app).await?;
    caller.must_be_admin("update API key")?;
    let account = owner(&app, &account).await?;
    let key = key_of(&app, &account, &which).await?;
    let patch = ApiKeyPatch {
        name: object.text("name")?,
        description: object.text("description")?,
        active: object.boolean("active")?,
        expires: None,
    };
    let name = patch.name.clone().unwrap_or_default();
    let changed = app.identities.update_key(&caller.context(), &key, patch).await;
    let changed = changed.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => taken("update", &name, &account),
        _ => error.into(),
    })?;
    Ok(Json(ApiKeyView::of(&changed, &account, None, true)))
}

/// Gives an API key a new secret.
#[utoipa::path(
    put,
    path = "/service_accounts/{id}/api_keys/{key}/rotate",
    tag = "service accounts",
    operation_id = "service_accounts_rotate_key",
    params(
        ("id" = Uuid, Path, description = "The service account's id"),
        ("key" = String, Path, description = "The key's name or id"),
        ("Idempotency-Key" = Option<Uuid>, Header, description = "A repeat with the same one within five minutes gives a text in place of the one that did not arrive")
    ),
    request_body = requests::Rotation,
    responses((status = 200, description = "Done", body = ApiKeyView)),
)]
pub(crate) async fn rotate_key(
    State(app): State<App>,
    sender: Sender,
    Path((account, which)): Path<(String, String)>,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Json<ApiKeyView>> {
    let Sent { caller, mut object, bytes } = body.sent_by(sender, &app).await?;
    caller.must_be_admin("rotate API key")?;
    let minutes = u32::try_from(object.integer("retain_period_minutes")?.unwrap_or(0));
    let minutes = minutes
        .ok()
        .filter(|minutes| *minutes <= LONGEST_RETENTION)
        .ok_or_else(|| ApiError::invalid(format!("retain_period_minutes: use 0 to {LONGEST_RETENTION}")))?;
    let account = owner(&app, &account).await?;
    let key = key_of(&app, &account, &which).await?;
    let once = Once::of(&app, &caller, &headers, &format!("PUT /api_keys/{}/rotate", key.id), &bytes).await?;
    // A repeat goes on, with another text; another request of the same name does not.
    once.before().await?;
    let mut cx = caller.context();
    cx.receipt = once.receipt();
    let (key, text) = app.identities.rotate_key(&cx, &key, minutes).await?;
    Ok(Json(ApiKeyView::of(&key, &account, Some(&text), false)))
}

/// Removes an API key.
#[utoipa::path(
    delete,
    path = "/service_accounts/{id}/api_keys/{key}",
    tag = "service accounts",
    operation_id = "service_accounts_delete_key",
    params(("id" = Uuid, Path, description = "The service account's id"), ("key" = String, Path, description = "The key's name or id")),
    responses((status = 200, description = "Done", body = Nothing)),
)]
pub(crate) async fn delete_key(
    State(app): State<App>,
    caller: Caller,
    Path((account, which)): Path<(String, String)>,
) -> Answer<Json<Nothing>> {
    caller.must_be_admin("delete API key")?;
    let account = owner(&app, &account).await?;
    let key = key_of(&app, &account, &which).await?;
    app.identities.delete_key(&caller.context(), &key).await?;
    Ok(Json(Nothing))
}
