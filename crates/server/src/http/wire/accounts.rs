//! Accounts, keys and grants in answers.

use super::{Empty, time};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use strongroom_sql::identities::{Account, AccountKind, ApiKey, Grant, Role};
use utoipa::ToSchema;
use uuid::Uuid;

/// How much of an account is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// Without `metadata`, so that the client's `user describe` can print it.
    Plain,
    /// With everything: to the person itself and to admins.
    Everything,
}

/// A user, or a program's account looked at as one.
#[derive(Serialize, ToSchema)]
pub(crate) struct User {
    body: UserBody,
    metadata: Option<UserMetadata>,
    resources: Option<Empty>,
    id: Uuid,
    permission_denied: bool,
    name: String,
}

/// What a user is.
#[derive(Serialize, ToSchema)]
struct UserBody {
    created: String,
    updated: String,
    active: bool,
    /// Activates the account; shown once, to who made or deactivated it.
    activation_token: Option<String>,
    full_name: String,
    email_opted_in: Option<bool>,
    is_service_account: bool,
    is_admin: bool,
    default_project_id: Option<Uuid>,
    avatar_url: Option<String>,
    /// `admin`, `writer`, `reader` or `auditor`.
    role: &'static str,
    /// `all` or `granted`.
    scope: &'static str,
}

/// What others need not know of a user.
#[derive(Serialize, ToSchema)]
struct UserMetadata {
    password_changed_at: Option<String>,
    email: Option<String>,
    external_user_id: Option<Uuid>,
    user_metadata: Empty,
    oidc_claims: Empty,
}

impl User {
    pub(crate) fn of(account: &Account, show: Show) -> Self {
        let metadata = || UserMetadata {
            password_changed_at: account.password_changed.map(time),
            email: account.email.clone(),
            external_user_id: None,
            user_metadata: Empty::default(),
            oidc_claims: Empty::default(),
        };
        Self {
            body: UserBody {
                created: time(account.created),
                updated: time(account.updated),
                active: account.active,
                activation_token: None,
                full_name: account.full_name.clone(),
                // Of a program it is known, of a person it was never asked.
                email_opted_in: (account.kind == AccountKind::Service).then_some(false),
                is_service_account: account.kind == AccountKind::Service,
                is_admin: account.role == Role::Admin,
                default_project_id: None,
                avatar_url: None,
                role: account.role.as_str(),
                scope: account.scope.as_str(),
            },
            metadata: (show != Show::Plain).then(metadata),
            resources: None,
            id: account.id.0,
            permission_denied: false,
            name: account.name.clone(),
        }
    }

    /// With the token that activates the account.
    pub(crate) fn with_token(mut self, token: Option<&SecretString>) -> Self {
        self.body.activation_token = token.map(|token| token.expose_secret().to_owned());
        self
    }
}

/// A program's account.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServiceAccount {
    body: ServiceAccountBody,
    /// `null` unless hydrated.
    metadata: Option<ServiceAccountMetadata>,
    resources: Option<Empty>,
    id: Uuid,
    permission_denied: bool,
    name: String,
}

/// What a program's account is.
#[derive(Serialize, ToSchema)]
struct ServiceAccountBody {
    created: String,
    updated: String,
    full_name: String,
    active: bool,
    avatar_url: Option<String>,
    /// `admin`, `writer`, `reader` or `auditor`.
    role: &'static str,
    /// `all` or `granted`.
    scope: &'static str,
}

/// More of a program's account.
#[derive(Serialize, ToSchema)]
struct ServiceAccountMetadata {
    description: String,
    external_user_id: Option<Uuid>,
}

impl ServiceAccount {
    pub(crate) fn of(account: &Account, hydrate: bool) -> Self {
        let metadata =
            ServiceAccountMetadata { description: account.description.clone(), external_user_id: None };
        Self {
            body: ServiceAccountBody {
                created: time(account.created),
                updated: time(account.updated),
                full_name: account.full_name.clone(),
                active: account.active,
                avatar_url: None,
                role: account.role.as_str(),
                scope: account.scope.as_str(),
            },
            metadata: hydrate.then_some(metadata),
            resources: None,
            id: account.id.0,
            permission_denied: false,
            name: account.name.clone(),
        }
    }
}

/// An API key.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct ApiKeyView {
    body: ApiKeyBody,
    /// `null` unless hydrated.
    metadata: Option<ApiKeyMetadata>,
    resources: Option<Empty>,
    id: Uuid,
    permission_denied: bool,
    name: String,
}

/// What an API key is.
#[derive(Serialize, ToSchema)]
struct ApiKeyBody {
    created: String,
    updated: String,
    /// The key itself: once, when it is made or rotated.
    key: Option<String>,
    active: bool,
    service_account: ServiceAccount,
}

/// More of an API key.
#[derive(Serialize, ToSchema)]
struct ApiKeyMetadata {
    description: String,
    /// For how many minutes the text before the last rotation is good.
    retain_period_minutes: i64,
    last_login: Option<String>,
    last_rotated: Option<String>,
    expires: Option<String>,
}

impl ApiKeyView {
    /// `text` is the key itself.
    pub(crate) fn of(key: &ApiKey, account: &Account, text: Option<&SecretString>, hydrate: bool) -> Self {
        let metadata = ApiKeyMetadata {
            description: key.description.clone(),
            retain_period_minutes: key.retain_minutes,
            last_login: key.last_used.map(time),
            last_rotated: key.rotated.map(time),
            expires: key.expires.map(time),
        };
        Self {
            body: ApiKeyBody {
                created: time(key.created),
                updated: time(key.updated),
                key: text.map(|text| text.expose_secret().to_owned()),
                active: key.active,
                service_account: ServiceAccount::of(account, false),
            },
            metadata: hydrate.then_some(metadata),
            resources: None,
            id: key.id,
            permission_denied: false,
            name: key.name.clone(),
        }
    }
}

/// Names that an account with the scope `granted` may see.
#[derive(Serialize, ToSchema)]
#[schema(as = Grant)]
pub(crate) struct GrantView {
    /// `*` is any run of characters.
    glob: String,
    created: String,
}

impl From<&Grant> for GrantView {
    fn from(grant: &Grant) -> Self {
        Self { glob: grant.glob.clone(), created: time(grant.created) }
    }
}
