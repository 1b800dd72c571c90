//! `/service_accounts` and their API keys.

use super::{
    super::{
        auth::Caller,
        body::JsonBody,
        error::{Answer, ApiError},
        json::id,
        listing::{self, Facets},
        query::Query,
        state::App,
        wire,
    },
    accounts,
    users::facets,
};
use crate::identity::{NewUser, Patch};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
};
use serde_json::Value;
use strongroom_core::{ErrorKind, OwnerId};
use strongroom_sql::identities::{Account, AccountKind, AccountRef, ApiKey, ApiKeyPatch, Role, Scope};
use uuid::Uuid;

/// A page of programs' accounts.
pub(crate) async fn list(
    State(app): State<App>,
    _: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Json<Value>> {
    let query = Query::parse(query.as_deref().unwrap_or_default());
    let hydrate = query.paging()?.hydrate;
    let mut all = app.identities.catalog().accounts().await?;
    all.retain(|account| account.kind == AccountKind::Service);
    let page = listing::page(&query, all, facets)?;
    Ok(Json(wire::page(&page.map(|account| wire::service_account(&account, hydrate)))))
}

/// Makes a program's account.
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    JsonBody { mut object, .. }: JsonBody,
) -> Answer<Json<Value>> {
    let name = object.required_text("name")?;
    let role = object.text("role")?.map(|role| Role::parse(&role)).transpose()?;
    let new = NewUser {
        name: name.clone(),
        full_name: object.text("full_name")?.unwrap_or_default(),
        kind: AccountKind::Service,
        role: role.unwrap_or(Role::Writer),
        scope: accounts::scope(&mut object)?.unwrap_or(Scope::All),
        description: object.text("description")?.unwrap_or_default(),
        email: None,
        password: None,
        active: object.boolean("active")?.unwrap_or(true),
    };
    caller.must_be_admin("create service account")?;
    let made = app.identities.create_account(&caller.context(), new).await;
    let (account, _) = made.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => ApiError::exists(format!(
            "Unable to create service account with name '{}': Found existing service account with this name.",
            name.escape_debug()
        )),
        _ => error.into(),
    })?;
    Ok(Json(wire::service_account(&account, true)))
}

async fn found(app: &App, which: &str) -> Answer<Account> {
    accounts::find(app, which).await?.filter(|account| account.kind == AccountKind::Service).ok_or_else(
        || {
            ApiError::not_found(format!(
                "\"No service account with the '{}' name or ID was found\"",
                which.escape_debug()
            ))
        },
    )
}

/// One program's account.
pub(crate) async fn get(
    State(app): State<App>,
    _: Caller,
    Path(which): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Json<Value>> {
    let hydrate = Query::parse(query.as_deref().unwrap_or_default()).boolean("hydrate", true)?;
    Ok(Json(wire::service_account(&found(&app, &which).await?, hydrate)))
}

/// Changes a program's account; null leaves what it is.
pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    Path(which): Path<String>,
    JsonBody { mut object, .. }: JsonBody,
) -> Answer<Json<Value>> {
    let account = found(&app, &which).await?;
    let patch = Patch {
        name: object.text("name")?,
        full_name: object.text("full_name")?,
        description: object.text("description")?,
        active: object.boolean("active")?.filter(|active| *active != account.active),
        role: object.text("role")?.map(|role| Role::parse(&role)).transpose()?,
        scope: accounts::scope(&mut object)?,
        ..Patch::default()
    };
    caller.must_be_admin("update service account")?;
    let name = patch.name.clone().unwrap_or_default();
    let changed = app.identities.update_account(&caller.context(), &account, patch).await;
    let changed = changed.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => ApiError::exists(format!(
            "Unable to update service account with name '{}': Found an existing service account with this name.",
            name.escape_debug()
        )),
        ErrorKind::Conflict => ApiError::forbidden(error.to_string()),
        _ => error.into(),
    })?;
    Ok(Json(wire::service_account(&changed, true)))
}

/// Removes a program's account with its keys.
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(which): Path<String>,
) -> Answer<Json<Value>> {
    let account = found(&app, &which).await?;
    caller.must_be_admin("delete service account")?;
    accounts::delete(&app, &caller, &account, "service").await
}

/// The account of a path that takes ids alone.
async fn owner(app: &App, text: &str) -> Answer<Account> {
    let id = id("service account id", text)?;
    let account = app.identities.catalog().account(AccountRef::Id(OwnerId(id))).await?;
    account.filter(|account| account.kind == AccountKind::Service).ok_or_else(|| {
        ApiError::not_found(format!("\"No service account with the '{id}' name or ID was found\""))
    })
}

async fn key_of(app: &App, account: &Account, which: &str) -> Answer<ApiKey> {
    let keys = app.identities.catalog().api_keys(account.id).await?;
    let wanted = Uuid::parse_str(which).ok();
    keys.into_iter().find(|key| wanted.map_or(key.name == which, |id| key.id == id)).ok_or_else(|| {
        ApiError::not_found(format!(
            "\"An API key with ID or name '{}' is not configured for service account with ID '{}'.\"",
            which.escape_debug(),
            account.id
        ))
    })
}

/// A page of a program's keys.
pub(crate) async fn keys(
    State(app): State<App>,
    _: Caller,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Json<Value>> {
    let query = Query::parse(query.as_deref().unwrap_or_default());
    let hydrate = query.paging()?.hydrate;
    let account = owner(&app, &account).await?;
    let keys = app.identities.catalog().api_keys(account.id).await?;
    let page = listing::page(&query, keys, |key| Facets {
        id: key.id,
        name: &key.name,
        full_name: "",
        description: &key.description,
        active: key.active,
        created: key.created,
        updated: key.updated,
    })?;
    Ok(Json(wire::page(&page.map(|key| wire::api_key(&key, &account, None, hydrate)))))
}

/// Makes an API key.
pub(crate) async fn create_key(
    State(app): State<App>,
    caller: Caller,
    Path(account): Path<String>,
    JsonBody { mut object, .. }: JsonBody,
) -> Answer<Json<Value>> {
    let name = object.required_text("name")?;
    let description = object.text("description")?.unwrap_or_default();
    let days = object.integer("expires_in_days")?;
    caller.must_be_admin("create API key")?;
    let account = owner(&app, &account).await?;
    let expires = accounts::expires(&app, days)?;
    let made = app.identities.create_key(&caller.context(), &account, &name, &description, expires).await;
    let (key, text) = made.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => taken("register", &name, &account),
        _ => error.into(),
    })?;
    Ok(Json(wire::api_key(&key, &account, Some(&text), true)))
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
pub(crate) async fn key(
    State(app): State<App>,
    _: Caller,
    Path((account, which)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answer<Json<Value>> {
    let hydrate = Query::parse(query.as_deref().unwrap_or_default()).boolean("hydrate", true)?;
    let account = owner(&app, &account).await?;
    let key = key_of(&app, &account, &which).await?;
    Ok(Json(wire::api_key(&key, &account, None, hydrate)))
}

/// Changes an API key; null leaves what it is.
pub(crate) async fn update_key(
    State(app): State<App>,
    caller: Caller,
    Path((account, which)): Path<(String, String)>,
    JsonBody { mut object, .. }: JsonBody,
) -> Answer<Json<Value>> {
    let account = owner(&app, &account).await?;
    let key = key_of(&app, &account, &which).await?;
    let patch = ApiKeyPatch {
        name: object.text("name")?,
        description: object.text("description")?,
        active: object.boolean("active")?,
        expires: None,
    };
    caller.must_be_admin("update API key")?;
    let name = patch.name.clone().unwrap_or_default();
    let changed = app.identities.update_key(&caller.context(), &key, patch).await;
    let changed = changed.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => taken("update", &name, &account),
        _ => error.into(),
    })?;
    Ok(Json(wire::api_key(&changed, &account, None, true)))
}

/// Gives an API key a new secret.
pub(crate) async fn rotate_key(
    State(app): State<App>,
    caller: Caller,
    Path((account, which)): Path<(String, String)>,
    JsonBody { mut object, .. }: JsonBody,
) -> Answer<Json<Value>> {
    let minutes = object.integer("retain_period_minutes")?.unwrap_or(0);
    let account = owner(&app, &account).await?;
    let key = key_of(&app, &account, &which).await?;
    caller.must_be_admin("rotate API key")?;
    let minutes = u32::try_from(minutes.max(0)).unwrap_or(u32::MAX);
    let (key, text) = app.identities.rotate_key(&caller.context(), &key, minutes).await?;
    Ok(Json(wire::api_key(&key, &account, Some(&text), true)))
}

/// Removes an API key.
pub(crate) async fn delete_key(
    State(app): State<App>,
    caller: Caller,
    Path((account, which)): Path<(String, String)>,
) -> Answer<Json<Value>> {
    let account = owner(&app, &account).await?;
    let key = key_of(&app, &account, &which).await?;
    caller.must_be_admin("delete API key")?;
    app.identities.delete_key(&caller.context(), &key).await?;
    Ok(Json(Value::Null))
}
