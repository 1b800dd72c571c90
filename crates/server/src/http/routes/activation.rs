//! Making users' accounts inactive, and active again with the token for that.

use super::{
    super::{
        auth::{Caller, Facts, origin},
        body::TypedJson,
        error::{Answer, ApiError},
        path::Path,
        requests,
        state::App,
        wire::{Show, User},
    },
    accounts,
    users::found,
};
use axum::{Json, extract::State, http::StatusCode};
use strongroom_core::{Access, Context, ErrorKind};
use strongroom_sql::identities::AccountKind;

/// Makes a user's account inactive.
#[utoipa::path(
    put,
    path = "/users/{which}/deactivate",
    tag = "users",
    operation_id = "users_deactivate",
    params(("which" = String, Path, description = "Name or id")),
    responses((status = 200, description = "Done", body = User)),
)]
pub(crate) async fn deactivate(
    State(app): State<App>,
    caller: Caller,
    Path(which): Path<String>,
) -> Answer<Json<User>> {
    caller.must_be_admin("deactivate user")?;
    let account = found(&app, &which, false).await?;
    if account.id == caller.id() {
        return Err(ApiError::forbidden("Cannot deactivate yourself."));
    }
    let deactivated = app.identities.deactivate(&caller.context(), &account).await;
    let (account, token) = deactivated.map_err(accounts::not_allowed)?;
    Ok(Json(User::of(&account, Show::Plain).with_token(Some(&token))))
}

/// Makes a user's account active with the token for that; nobody needs to be logged in.
#[utoipa::path(
    put,
    path = "/users/{which}/activate",
    tag = "users",
    operation_id = "users_activate",
    params(("which" = String, Path, description = "Name or id")),
    request_body = requests::Activation,
    security(()),
    responses((status = 200, description = "Done", body = User)),
)]
pub(crate) async fn activate(
    State(app): State<App>,
    facts: Facts,
    Path(which): Path<String>,
    TypedJson(mut object): TypedJson,
) -> Answer<Json<User>> {
    // Whether or not there is such an account, a wrong token gets one answer.
    let refused = || {
        let text = "Authentication error: the activation token is not valid";
        ApiError::new(StatusCode::UNAUTHORIZED, "CredentialsNotValid", text)
    };
    let token = object.secret("activation_token")?.ok_or_else(refused)?;
    let password = object.secret("password")?;
    let password = password.ok_or_else(|| ApiError::invalid("password: it is required"))?;
    let account = accounts::find(&app, &which).await?;
    let account = account.filter(|account| account.kind == AccountKind::User).ok_or_else(refused)?;
    let cx = Context::new(account.id, Access::none(), origin(&facts));
    match app.identities.activate(&cx, &account, &token, password).await {
        Ok(account) => Ok(Json(User::of(&account, Show::Plain))),
        Err(error) if error.kind() == ErrorKind::Unauthenticated => Err(refused()),
        Err(error) => Err(error.into()),
    }
}
