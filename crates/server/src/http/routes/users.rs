//! `/users`, and what people change of their own account.

use super::{
    super::{
        auth::{Caller, Sender},
        body::{JsonBody, Sent},
        error::{Answer, ApiError},
        guesses,
        json::Object,
        listing,
        once::Once,
        path::Path,
        query::Query,
        requests,
        state::App,
        wire::{Nothing, Paged, Show, User},
    },
    accounts,
};
use crate::identity::{NewUser, Patch, as_kept};
use axum::{
    Json,
    extract::{RawQuery, State},
    http::HeaderMap,
};
use secrecy::SecretString;
use strongroom_sql::identities::{Account, AccountKind, AccountRef, Role, Scope};

/// A page of users; whoever is no admin sees only the own account.
#[utoipa::path(
    get,
    path = "/users",
    tag = "users",
    operation_id = "users_list",
    params(requests::PageQuery, requests::AccountConditions, requests::UserConditions),
    responses((status = 200, description = "Done", body = Paged<User>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Json<Paged<User>>> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let only = (!caller.is_admin()).then(|| caller.id());
    let filter = listing::filter(&query, AccountKind::User, only)?;
    let page = app.identities.catalog().accounts_page(&filter).await?;
    // Without metadata even if asked for: the client asks here for the one that its `user describe` then cannot print.
    Ok(Json(page.map(|account| User::of(&account, Show::Plain)).into()))
}

/// Makes a user.
#[utoipa::path(
    post,
    path = "/users",
    tag = "users",
    operation_id = "users_create",
    params(("Idempotency-Key" = Option<Uuid>, Header, description = "A repeat with the same one within five minutes makes no other account, and gives an activation token in place of the one that did not arrive")),
    request_body = requests::NewUser,
    responses((status = 200, description = "Done", body = User)),
)]
pub(crate) async fn create(
    State(app): State<App>,
    sender: Sender,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Json<User>> {
    let Sent { caller, mut object, bytes } = body.sent_by(sender, &app).await?;
    let name = object.required_text("name")?;
    let is_admin = object.boolean("is_admin")?;
    let role = match object.text("role")? {
        Some(role) => Role::parse(&role)?,
        None if is_admin == Some(true) => Role::Admin,
        None => Role::Writer,
    };
    let new = NewUser {
        name: name.clone(),
        full_name: object.text("full_name")?.unwrap_or_default(),
        kind: AccountKind::User,
        role,
        scope: accounts::scope(&mut object)?.unwrap_or(Scope::All),
        description: String::new(),
        email: object.text("email")?,
        password: object.secret("password")?,
        active: true,
    };
    caller.must_be_admin("create user")?;
    let once = Once::of(&app, &caller, &headers, "POST /users", &bytes).await?;
    let (account, token) = accounts::make(&app, &caller, once, new, |there| {
        let name = name.escape_debug();
        format!("Unable to create user with name '{name}': Found an existing {there} account with this name.")
    })
    .await?;
    Ok(Json(User::of(&account, Show::Plain).with_token(token.as_ref())))
}

/// One user.
#[utoipa::path(
    get,
    path = "/users/{which}",
    tag = "users",
    operation_id = "users_get",
    params(("hydrate" = Option<bool>, Query), ("which" = String, Path, description = "Name or id")),
    responses((status = 200, description = "Done", body = User)),
)]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(which): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Json<User>> {
    let hydrate = Query::parse(query.as_deref().unwrap_or_default())?.boolean("hydrate", true)?;
    if !is_own(&caller, &which) {
        caller.must_be_admin("get other user")?;
    }
    let account = found(&app, &which, true).await?;
    // By id with metadata, which the client asks for when one of its fields is read; by name without, since its `user
    // describe` cannot print it.
    let by_id = uuid::Uuid::parse_str(&which).is_ok();
    Ok(Json(User::of(&account, if by_id && hydrate { Show::Everything } else { Show::Plain })))
}

/// Whether a name or id is the caller's: rights are looked at first, so that nobody learns which accounts there are.
fn is_own(caller: &Caller, which: &str) -> bool {
    uuid::Uuid::parse_str(which)
        .map_or_else(|_| caller.account().name == as_kept(which), |id| id == caller.id().0)
}

pub(super) async fn found(app: &App, which: &str, programs_too: bool) -> Answer<Account> {
    let account = accounts::find(app, which).await?;
    let by_id = uuid::Uuid::parse_str(which).is_ok();
    let account = account.filter(|account| {
        account.kind == AccountKind::User || (programs_too && by_id && account.kind == AccountKind::Service)
    });
    accounts::there(account, "user account", which)
}

/// Changes a user.
#[utoipa::path(
    put,
    path = "/users/{which}",
    tag = "users",
    operation_id = "users_update",
    params(("which" = String, Path, description = "Name or id")),
    request_body = requests::UserChange,
    responses((status = 200, description = "Done", body = User)),
)]
pub(crate) async fn update(
    State(app): State<App>,
    sender: Sender,
    Path(which): Path<String>,
    body: JsonBody,
) -> Answer<Json<User>> {
    let Sent { caller, object, .. } = body.sent_by(sender, &app).await?;
    if !is_own(&caller, &which) {
        caller.must_be_admin("update other user account")?;
    }
    let account = found(&app, &which, false).await?;
    // Its name may have become another account's since.
    if account.id != caller.id() {
        caller.must_be_admin("update other user account")?;
    }
    change(&app, &caller, account, object, true).await
}

/// Changes the caller's own account.
#[utoipa::path(
    put,
    path = "/current-user",
    tag = "users",
    operation_id = "users_update_current",
    request_body = requests::UserChange,
    responses((status = 200, description = "Done", body = User)),
)]
pub(crate) async fn update_current(
    State(app): State<App>,
    sender: Sender,
    body: JsonBody,
) -> Answer<Json<User>> {
    let Sent { caller, object, .. } = body.sent_by(sender, &app).await?;
    if caller.is_service() {
        return Err(ApiError::not_found("\"No user account: this is a service account\""));
    }
    let account = caller.account().clone();
    change(&app, &caller, account, object, false).await
}

async fn change(
    app: &App,
    caller: &Caller,
    account: Account,
    object: Object,
    rights: bool,
) -> Answer<Json<User>> {
    let own = account.id == caller.id();
    // As it was when the caller was looked at: what the old password is compared with.
    let account = if own { caller.account().clone() } else { account };
    let (mut patch, old_password) = wanted(object, &account, own, rights)?;
    let what = if rights { "PUT /api/v1/users/{which}" } else { "PUT /api/v1/current-user" };
    allow(app, caller, &account, &patch, old_password, what).await?;
    if !caller.is_admin() {
        // It is the account's own, unless an admin has changed that since.
        patch.name = None;
    }
    let changed = apply(app, caller, &account, patch).await?;
    Ok(Json(User::of(&changed, Show::Plain)))
}

/// What a body asks for, and the password that it shows for that. Without `rights`, what these are is not looked at.
fn wanted(
    mut object: Object,
    account: &Account,
    own: bool,
    rights: bool,
) -> Answer<(Patch, Option<SecretString>)> {
    for field in ["name", "full_name"] {
        if object.is_null(field) {
            return Err(ApiError::invalid(format!(
                "{field}: null is not allowed; leave it out to keep what it is"
            )));
        }
    }
    let mut patch = Patch {
        name: object.text("name")?,
        full_name: object.text("full_name")?,
        email: object.has("email").then(|| object.text("email")).transpose()?,
        password: object.secret("password")?,
        ..Patch::default()
    };
    let old_password = object.secret("old_password")?;
    let (is_admin, active) = (object.boolean("is_admin")?, object.boolean("active")?);
    let (role, scope) = (object.text("role")?, accounts::scope(&mut object)?);
    if rights {
        let role = match (role, is_admin) {
            (Some(role), _) => Some(Role::parse(&role)?),
            (None, Some(true)) => Some(Role::Admin),
            (None, Some(false)) if account.role == Role::Admin => Some(Role::Writer),
            _ => None,
        };
        patch.role = role.filter(|role| *role != account.role);
        patch.scope = scope.filter(|scope| *scope != account.scope);
        // Said again of an account that waits to be activated it ends the token for that.
        let token = account.activation.is_some() && !own;
        patch.active = active.filter(|active| *active != account.active || token);
    }
    Ok((patch, old_password))
}

/// Refuses what this caller may not change of the account; `what` names the request in the audit trail.
async fn allow(
    app: &App,
    caller: &Caller,
    account: &Account,
    patch: &Patch,
    old_password: Option<SecretString>,
    what: &'static str,
) -> Answer<()> {
    let own = account.id == caller.id();
    // The trail and the lists show them: nobody may pass for somebody else.
    if !caller.is_admin() && patch.name.as_ref().is_some_and(|name| *name != account.name) {
        return Err(ApiError::forbidden("Only admins change names: ask one."));
    }
    if patch.password.is_some() {
        if !own {
            return Err(ApiError::forbidden(
                "Users cannot change the password of other users. Use the account deactivation and activation flow instead.",
            ));
        }
        if old_password.is_none() {
            return Err(ApiError::forbidden(
                "The current password must be supplied when changing the password.",
            ));
        }
    }
    if own && patch.role.is_some() {
        return Err(ApiError::forbidden("Cannot change the admin status of your own user account."));
    }
    if own && patch.scope.is_some() {
        return Err(ApiError::forbidden("Cannot change the scope of your own user account."));
    }
    if own && patch.active.is_some() {
        return Err(ApiError::forbidden("Cannot change the active status of your own user account."));
    }
    if !own && patch.email.is_some() {
        return Err(ApiError::forbidden(
            "Cannot change the private user account information for another user account.",
        ));
    }
    let Some(old) = old_password.filter(|_| patch.password.is_some()) else { return Ok(()) };
    // Before the old password is looked at: refused behind that it would say that it is right, and leave no trace.
    patch.check(account)?;
    name_is_free(app, account, patch).await?;
    if !guesses::is_own(app, caller, old, what).await? {
        return Err(ApiError::forbidden("The current password is incorrect."));
    }
    Ok(())
}

/// Refuses a new name that another account has.
async fn name_is_free(app: &App, account: &Account, patch: &Patch) -> Answer<()> {
    let Some(name) = patch.name.as_ref().filter(|name| **name != account.name) else { return Ok(()) };
    match app.identities.catalog().account(AccountRef::Name(&as_kept(name))).await? {
        Some(there) if there.id != account.id => Err(ApiError::exists(taken(name, there.kind.as_str()))),
        _ => Ok(()),
    }
}

fn taken(name: &str, there: &str) -> String {
    let name = name.escape_debug();
    format!(
        "Unable to update user account with name '{name}': Found an existing {there} account with this name."
    )
}

async fn apply(app: &App, caller: &Caller, account: &Account, patch: Patch) -> Answer<Account> {
    let new_password = patch.password.is_some();
    let name = patch.name.clone().unwrap_or_default();
    let taken = |there: &str| taken(&name, there);
    let changed = match app.identities.update_account(&caller.context(), account, patch).await {
        Ok(changed) => changed,
        Err(error) => return Err(accounts::refused(app, error, &name, taken).await),
    };
    if new_password {
        accounts::forget_first_password(app, &changed);
    }
    Ok(changed)
}

/// Removes a user.
#[utoipa::path(
    delete,
    path = "/users/{which}",
    tag = "users",
    operation_id = "users_delete",
    params(("which" = String, Path, description = "Name or id"), requests::RemovalQuery),
    responses((status = 200, description = "Done", body = Nothing)),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(which): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<Json<Nothing>> {
    caller.must_be_admin("delete user")?;
    let account = found(&app, &which, false).await?;
    if account.id == caller.id() {
        return Err(ApiError::forbidden(
            "You cannot delete the user account currently used to authenticate to the ZenML server. If you wish to \
             delete this account, please authenticate with another account or contact your ZenML administrator.",
        ));
    }
    accounts::delete(&app, &caller, &account, "user", query.as_deref()).await
}
