//! `/service_accounts`; their API keys are in `api_keys.rs`.

use super::{
    super::{
        auth::{Caller, Sender},
        body::{JsonBody, Sent},
        error::Answer,
        listing,
        once::Once,
        path::Path,
        query::Query,
        requests,
        state::App,
        wire::{Nothing, Paged, ServiceAccount},
    },
    accounts,
};
use crate::identity::{NewUser, Patch};
use axum::{
    Json,
    extract::{RawQuery, State},
    http::HeaderMap,
};
use strongroom_sql::identities::{Account, AccountKind, Role, Scope};

/// A page of programs' accounts.
#[utoipa::path(
    get,
    path = "/service_accounts",
    tag = "service accounts",
    operation_id = "service_accounts_list",
    params(requests::PageQuery, requests::AccountConditions),
    responses((status = 200, description = "Done", body = Paged<ServiceAccount>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    _: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Json<Paged<ServiceAccount>>> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let hydrate = query.paging()?.hydrate;
    let filter = listing::filter(&query, AccountKind::Service, None)?;
    let page = app.identities.catalog().accounts_page(&filter).await?;
    Ok(Json(page.map(|account| ServiceAccount::of(&account, hydrate)).into()))
}

/// Makes a program's account.
#[utoipa::path(
    post,
    path = "/service_accounts",
    tag = "service accounts",
    operation_id = "service_accounts_create",
    params(("Idempotency-Key" = Option<Uuid>, Header, description = "A repeat with the same one within five minutes makes no other account")),
    request_body = requests::NewServiceAccount,
    responses((status = 200, description = "Done", body = ServiceAccount)),
)]
pub(crate) async fn create(
    State(app): State<App>,
    sender: Sender,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Json<ServiceAccount>> {
    let Sent { caller, mut object, bytes } = body.sent_by(sender, &app).await?;
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
    let once = Once::of(&app, &caller, &headers, "POST /service_accounts", &bytes).await?;
    let (account, _) = accounts::make(&app, &caller, once, new, |there| {
        let name = name.escape_debug();
        format!(
            "Unable to create service account with name '{name}': Found existing {there} account with this name."
        )
    })
    .await?;
    Ok(Json(ServiceAccount::of(&account, true)))
}

async fn found(app: &App, which: &str) -> Answer<Account> {
    let account = accounts::find(app, which).await?;
    accounts::there(account.filter(|account| account.kind == AccountKind::Service), "service account", which)
}

/// One program's account.
#[utoipa::path(
    get,
    path = "/service_accounts/{which}",
    tag = "service accounts",
    operation_id = "service_accounts_get",
    params(("which" = String, Path, description = "Name or id"), ("hydrate" = Option<bool>, Query, description = "Whether to answer `metadata`, too")),
    responses((status = 200, description = "Done", body = ServiceAccount)),
)]
pub(crate) async fn get(
    State(app): State<App>,
    _: Caller,
    Path(which): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Json<ServiceAccount>> {
    let hydrate = Query::parse(query.as_deref().unwrap_or_default())?.boolean("hydrate", true)?;
    Ok(Json(ServiceAccount::of(&found(&app, &which).await?, hydrate)))
}

/// Changes a program's account; null leaves what it is.
#[utoipa::path(
    put,
    path = "/service_accounts/{which}",
    tag = "service accounts",
    operation_id = "service_accounts_update",
    params(("which" = String, Path, description = "Name or id")),
    request_body = requests::ServiceAccountChange,
    responses((status = 200, description = "Done", body = ServiceAccount)),
)]
pub(crate) async fn update(
    State(app): State<App>,
    sender: Sender,
    Path(which): Path<String>,
    body: JsonBody,
) -> Answer<Json<ServiceAccount>> {
    let Sent { caller, mut object, .. } = body.sent_by(sender, &app).await?;
    caller.must_be_admin("update service account")?;
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
    let name = patch.name.clone().unwrap_or_default();
    let changed = app.identities.update_account(&caller.context(), &account, patch).await;
    let taken = |there: &str| {
        let name = name.escape_debug();
        format!(
            "Unable to update service account with name '{name}': Found an existing {there} account with this name."
        )
    };
    match changed {
        Ok(changed) => Ok(Json(ServiceAccount::of(&changed, true))),
        Err(error) => Err(accounts::refused(&app, error, &name, taken).await),
    }
}

/// Removes a program's account with its keys.
#[utoipa::path(
    delete,
    path = "/service_accounts/{which}",
    tag = "service accounts",
    operation_id = "service_accounts_delete",
    params(("which" = String, Path, description = "Name or id"), requests::RemovalQuery),
    responses((status = 200, description = "Done", body = Nothing)),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(which): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Json<Nothing>> {
    caller.must_be_admin("delete service account")?;
    let account = found(&app, &which).await?;
    accounts::delete(&app, &caller, &account, "service", query.as_deref()).await
}
