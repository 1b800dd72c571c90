//! What users and programs have in common: finding, removing, grants.

use super::super::{
    auth::{Caller, Sender},
    body::{JsonBody, Sent},
    error::{Answer, ApiError},
    json::Object,
    once::Once,
    path::Path,
    query::Query,
    requests,
    state::App,
    wire::{GrantView, Nothing},
};
use crate::identity::{NewUser, Removal, as_kept};
use axum::{
    Json,
    extract::{RawQuery, State},
};
use secrecy::SecretString;
use std::time::Duration;
use strongroom_core::{Context, Error, ErrorKind, OwnerId, Reason, Timestamp};
use strongroom_sql::{
    Received,
    identities::{Account, AccountRef, Scope},
};
use uuid::Uuid;

const DAY: u64 = 86_400;

/// An account by its id, with or without hyphens, or by its exact name.
pub(crate) async fn find(app: &App, which: &str) -> Answer<Option<Account>> {
    match Uuid::parse_str(which) {
        Ok(id) => Ok(app.identities.catalog().account(AccountRef::Id(OwnerId(id))).await?),
        Err(_) => {
            let name = as_kept(which);
            let found = app.identities.catalog().account(AccountRef::Name(&name)).await?;
            // The database finds names without regard to case.
            Ok(found.filter(|account| account.name == name))
        }
    }
}

/// The account, or that there is none.
pub(crate) fn there(account: Option<Account>, what: &str, which: &str) -> Answer<Account> {
    account.ok_or_else(|| {
        let which = which.escape_debug();
        ApiError::not_found(format!("\"No {what} with the '{which}' name or ID was found\""))
    })
}

/// Why an account was not made or changed; `taken` says that its name is, by which kind of account: people and programs
/// share one name space.
pub(crate) async fn refused(
    app: &App,
    error: Error,
    name: &str,
    taken: impl FnOnce(&str) -> String,
) -> ApiError {
    match error.kind() {
        ErrorKind::AlreadyExists => {
            match app.identities.catalog().account(AccountRef::Name(&as_kept(name))).await {
                Ok(there) => ApiError::exists(taken(there.map_or("other", |account| account.kind.as_str()))),
                Err(error) => error.into(),
            }
        }
        _ => not_allowed(error),
    }
}

/// What a change of an account may not do, such as leaving no admin, is 403, as with ZenML. That somebody else was faster
/// is no question of rights.
pub(crate) fn not_allowed(error: Error) -> ApiError {
    match error.reason() {
        Some(Reason::AccountNeeded) => ApiError::forbidden(error.to_string()),
        _ => error.into(),
    }
}

/// Makes an account, or answers again what a repeated request made; `taken` as for [`refused`].
pub(crate) async fn make(
    app: &App,
    caller: &Caller,
    once: Once,
    new: NewUser,
    taken: impl FnOnce(&str) -> String,
) -> Answer<(Account, Option<SecretString>)> {
    let mut cx = caller.context();
    cx.receipt = once.receipt();
    if let Some(before) = once.before().await? {
        return again(app, &cx, &before).await;
    }
    let name = new.name.clone();
    let error = match app.identities.create_account(&cx, new).await {
        Ok(made) => return Ok(made),
        Err(error) => error,
    };
    if let Some(before) = once.meanwhile(&error).await? {
        return again(app, &cx, &before).await;
    }
    Err(refused(app, error, &name, taken).await)
}

/// What the request made before.
async fn again(app: &App, cx: &Context, before: &Received) -> Answer<(Account, Option<SecretString>)> {
    Ok(app.identities.answer_again(cx, OwnerId(before.secret.0)).await?)
}

/// The field `scope` of a request.
pub(crate) fn scope(object: &mut Object) -> Answer<Option<Scope>> {
    Ok(object.text("scope")?.map(|scope| Scope::parse(&scope)).transpose()?)
}

/// When a key ends that is good for so many days.
pub(crate) fn expires(app: &App, days: Option<i64>) -> Answer<Option<Timestamp>> {
    let Some(days) = days else { return Ok(None) };
    match u64::try_from(days) {
        Ok(days @ 1..=36_500) => {
            Ok(Some(app.identities.engine().now().plus(Duration::from_secs(days * DAY))))
        }
        _ => Err(ApiError::invalid("expires_in_days: use 1 to 36500")),
    }
}

/// Removes an account; with its private secrets if the query says so.
pub(crate) async fn delete(
    app: &App,
    caller: &Caller,
    account: &Account,
    what: &str,
    query: Option<&str>,
) -> Answer<Json<Nothing>> {
    let query = Query::parse(query.unwrap_or_default())?;
    let with_private_secrets = query.boolean("with_private_secrets", false)?;
    match app.identities.delete_account(&caller.context(), account, with_private_secrets).await {
        Ok(Removal::Done) => Ok(Json(Nothing)),
        // In the words of ZenML.
        Ok(Removal::OwnsSecrets(owned)) => Err(ApiError::forbidden(format!(
            "The {what} account has already been used to create other resources that it now owns and therefore cannot \
             be deleted. Please delete all resources owned by the {what} account or consider deactivating it instead. \
             ({owned})"
        ))),
        Err(error) => Err(not_allowed(error)),
    }
}

/// Removes the file with the first admin's made-up password once there is another one.
pub(crate) fn forget_first_password(app: &App, account: &Account) {
    let owner = app.identities.engine().identity().owner.id;
    if let Some(file) = app.first_password.as_ref().filter(|_| account.id == owner) {
        // It may have been removed by hand.
        let _ = std::fs::remove_file(file);
    }
}

async fn found(app: &App, caller: &Caller, which: &str) -> Answer<Account> {
    caller.must_be_admin("manage grants")?;
    there(find(app, which).await?, "account", which)
}

/// The grants of an account.
#[utoipa::path(
    get,
    path = "/accounts/{which}/grants",
    tag = "grants",
    operation_id = "accounts_grants",
    params(("which" = String, Path, description = "Name or id")),
    responses((status = 200, description = "Done", body = Vec<GrantView>)),
)]
pub(crate) async fn grants(
    State(app): State<App>,
    caller: Caller,
    Path(which): Path<String>,
) -> Answer<Json<Vec<GrantView>>> {
    let account = found(&app, &caller, &which).await?;
    let grants = app.identities.catalog().grants(account.id).await?;
    Ok(Json(grants.iter().map(GrantView::from).collect()))
}

/// Adds a grant.
#[utoipa::path(
    post,
    path = "/accounts/{which}/grants",
    tag = "grants",
    operation_id = "accounts_grant",
    params(("which" = String, Path, description = "Name or id")),
    request_body = requests::NewGrant,
    responses((status = 200, description = "Done", body = Nothing)),
)]
pub(crate) async fn grant(
    State(app): State<App>,
    sender: Sender,
    Path(which): Path<String>,
    body: JsonBody,
) -> Answer<Json<Nothing>> {
    let Sent { caller, mut object, .. } = body.sent_by(sender, &app).await?;
    let glob = object.required_text("glob")?;
    let account = found(&app, &caller, &which).await?;
    app.identities.grant(&caller.context(), &account, &glob).await?;
    Ok(Json(Nothing))
}

/// Takes a grant back.
#[utoipa::path(
    delete,
    path = "/accounts/{which}/grants",
    tag = "grants",
    operation_id = "accounts_revoke",
    params(("which" = String, Path, description = "Name or id"), ("glob" = String, Query, description = "As it was written")),
    responses((status = 200, description = "Done", body = Nothing)),
)]
pub(crate) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(which): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Json<Nothing>> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let glob = query.get("glob").ok_or_else(|| ApiError::invalid("glob: it is required"))?;
    let account = found(&app, &caller, &which).await?;
    app.identities.revoke(&caller.context(), &account, glob).await?;
    Ok(Json(Nothing))
}
