//! What requests look like, for the API's description alone: bodies are read by hand, strictly, in `json.rs`.
#![expect(dead_code, reason = "nothing but the description of the API is made of these")]

use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A new secret.
#[derive(ToSchema)]
pub(crate) struct NewSecret {
    #[schema(max_length = 255)]
    name: String,
    #[schema(nullable = false)]
    private: Option<bool>,
    /// Values by key; a null is as if it were not there.
    #[schema(nullable = false)]
    values: Option<BTreeMap<String, Option<String>>>,
}

/// What changes of a secret; what is not there stays.
#[derive(ToSchema)]
pub(crate) struct SecretChange {
    #[schema(max_length = 255, nullable = false)]
    name: Option<String>,
    #[schema(nullable = false)]
    private: Option<bool>,
    /// All values from now on; or, with `patch_values=true`, those that change, where null removes a key.
    values: Option<BTreeMap<String, Option<String>>>,
}

/// Which version becomes current again.
#[derive(ToSchema)]
pub(crate) struct Rollback {
    #[schema(minimum = 1)]
    revision: u64,
}

/// Which secrets: at most 1,000 in all, each once.
#[derive(ToSchema)]
pub(crate) struct Wanted {
    ids: Option<Vec<Uuid>>,
    names: Option<Vec<String>>,
}

/// A form. `grant_type` is guessed from the other fields if it is not there.
#[derive(ToSchema)]
pub(crate) struct LoginForm {
    /// `password`, `zenml-api-key` or `urn:ietf:params:oauth:grant-type:device_code`.
    grant_type: Option<String>,
    username: Option<String>,
    /// The password, or the API key.
    password: Option<String>,
    /// As it was answered when the login with a browser began.
    device_code: Option<String>,
    /// As it was given when the login with a browser began.
    client_id: Option<Uuid>,
}

/// A form.
#[derive(ToSchema)]
pub(crate) struct DeviceForm {
    /// Names the program. It has to give the same one when it fetches the token.
    client_id: Uuid,
}

/// A form: code, name and password, or what the page gave for them, and the decision.
#[derive(ToSchema)]
pub(crate) struct VerifyForm {
    /// What the program shows.
    user_code: Option<String>,
    username: Option<String>,
    password: Option<String>,
    /// What the page was given for the three of them.
    ticket: Option<String>,
    /// `approve`; anything else is a no.
    decision: Option<String>,
}

/// A new user.
#[derive(ToSchema)]
pub(crate) struct NewUser {
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    full_name: Option<String>,
    /// Without it the account waits for being activated with the token that is answered.
    #[schema(min_length = 8)]
    password: Option<String>,
    email: Option<String>,
    is_admin: Option<bool>,
    /// `admin`, `writer`, `reader` or `auditor`; without it what `is_admin` says.
    role: Option<String>,
    /// `all` or `granted`.
    scope: Option<String>,
}

/// What changes of a user; what is not there stays.
#[derive(ToSchema)]
pub(crate) struct UserChange {
    #[schema(nullable = false)]
    name: Option<String>,
    #[schema(nullable = false)]
    full_name: Option<String>,
    email: Option<String>,
    /// The own one alone, with the old one.
    password: Option<String>,
    old_password: Option<String>,
    is_admin: Option<bool>,
    active: Option<bool>,
    role: Option<String>,
    scope: Option<String>,
}

/// What activates an account.
#[derive(ToSchema)]
pub(crate) struct Activation {
    activation_token: String,
    #[schema(min_length = 8)]
    password: String,
}

/// A new account for a program.
#[derive(ToSchema)]
pub(crate) struct NewServiceAccount {
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    full_name: Option<String>,
    description: Option<String>,
    active: Option<bool>,
    /// `writer` without it.
    role: Option<String>,
    /// `all` without it.
    scope: Option<String>,
}

/// What changes of a program's account; what is not there or null stays.
#[derive(ToSchema)]
pub(crate) struct ServiceAccountChange {
    name: Option<String>,
    full_name: Option<String>,
    description: Option<String>,
    active: Option<bool>,
    role: Option<String>,
    scope: Option<String>,
}

/// A new API key.
#[derive(ToSchema)]
pub(crate) struct NewApiKey {
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    description: Option<String>,
    #[schema(minimum = 1, maximum = 36500)]
    expires_in_days: Option<u32>,
}

/// What changes of an API key; what is not there or null stays.
#[derive(ToSchema)]
pub(crate) struct ApiKeyChange {
    name: Option<String>,
    description: Option<String>,
    active: Option<bool>,
}

/// How a key is rotated.
#[derive(ToSchema)]
pub(crate) struct Rotation {
    /// For how many minutes the old text is good.
    #[schema(minimum = 0)]
    retain_period_minutes: Option<u32>,
}

/// A new grant.
#[derive(ToSchema)]
pub(crate) struct NewGrant {
    /// `*` is any run of characters.
    glob: String,
}

/// Which page of secrets. A condition is `[OPERATOR:]VALUE`; several may be given for a field.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SecretQuery {
    #[param(minimum = 1)]
    page: Option<u32>,
    #[param(minimum = 1, maximum = 10000)]
    size: Option<u32>,
    /// `[asc:|desc:]COLUMN`
    sort_by: Option<String>,
    /// `and` or `or`
    logical_operator: Option<String>,
    hydrate: Option<bool>,
    name: Option<Vec<String>>,
    id: Option<Vec<String>>,
    user: Option<Vec<String>>,
    created: Option<Vec<String>>,
    updated: Option<Vec<String>>,
    private: Option<bool>,
}

/// Which page. A condition is `[OPERATOR:]VALUE`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    #[param(minimum = 1)]
    page: Option<u32>,
    #[param(minimum = 1, maximum = 10000)]
    size: Option<u32>,
    /// `[asc:|desc:]COLUMN`
    sort_by: Option<String>,
    /// `and` or `or`
    logical_operator: Option<String>,
    hydrate: Option<bool>,
    name: Option<Vec<String>>,
    id: Option<Vec<String>>,
    created: Option<Vec<String>>,
    updated: Option<Vec<String>>,
    active: Option<Vec<String>>,
    description: Option<Vec<String>>,
}

/// Conditions on accounts, besides those of a page.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AccountConditions {
    full_name: Option<Vec<String>>,
    /// No account has one.
    external_user_id: Option<Vec<String>>,
}

/// Conditions on users alone.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserConditions {
    email: Option<Vec<String>>,
    /// No account has it.
    email_opted_in: Option<Vec<String>>,
}

/// Conditions on API keys, besides those of a page.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct KeyConditions {
    last_login: Option<Vec<String>>,
    last_rotated: Option<Vec<String>>,
}

/// What goes with an account.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemovalQuery {
    /// Its private secrets, too; without it an account that has some stays.
    with_private_secrets: Option<bool>,
}

/// Which entries of the audit trail, the newest first.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// How many are skipped.
    skip: Option<u64>,
    /// How many, at most.
    #[param(minimum = 1, maximum = 10000)]
    size: Option<u32>,
    /// Of this account, by name or id.
    actor: Option<String>,
    /// About this secret.
    secret: Option<Uuid>,
    /// With this action, or all that begin with a word, like `secret`.
    action: Option<String>,
}
