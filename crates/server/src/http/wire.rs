//! What answers look like.

use crate::identity::Known;
use secrecy::ExposeSecret;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value, json};
use strongroom_core::{Page, Secret, SecretMeta, SecretValues, Timestamp};
use strongroom_sql::identities::{Account, AccountKind, ApiKey, Role};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};
use uuid::Uuid;

const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]");

/// A moment as the contract writes it: UTC, without saying so.
pub(crate) fn time(at: Timestamp) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1000)
        .ok()
        .and_then(|at| at.format(TIME).ok())
        .unwrap_or_default()
}

/// A secret as it is answered.
#[derive(Serialize)]
pub(crate) struct SecretView {
    body: SecretBody,
    metadata: Option<Value>,
    resources: Value,
    id: Uuid,
    permission_denied: bool,
    name: String,
}

#[derive(Serialize)]
struct SecretBody {
    created: String,
    updated: String,
    user_id: Uuid,
    private: bool,
    values: Values,
    revision: u64,
    /// The revision that wrote the values, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    values_revision: Option<u64>,
}

/// The one place where values leave as text.
struct Values(SecretValues);

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        if self.0.is_hidden() {
            for key in self.0.keys() {
                map.serialize_entry(key, &None::<&str>)?;
            }
        } else {
            for (key, value) in self.0.iter() {
                map.serialize_entry(key, value.expose_secret())?;
            }
        }
        map.end()
    }
}

impl SecretView {
    /// A secret with its values.
    pub(crate) fn whole(secret: Secret, owner: Option<&Known>, hydrate: bool) -> Self {
        let mut view = Self::of(&secret.meta, secret.values, owner, hydrate);
        view.body.values_revision = Some(secret.version.0);
        view
    }

    /// A secret in a list.
    pub(crate) fn listed(meta: &SecretMeta, owner: Option<&Known>, hydrate: bool) -> Self {
        Self::of(meta, SecretValues::new(), owner, hydrate)
    }

    fn of(meta: &SecretMeta, values: SecretValues, owner: Option<&Known>, hydrate: bool) -> Self {
        let user = owner.map_or(Value::Null, |known| user(&known.account, Show::Plain));
        Self {
            body: SecretBody {
                created: time(meta.created),
                updated: time(meta.updated),
                user_id: meta.owner.id.0,
                private: meta.private,
                values: Values(values),
                revision: meta.revision.0,
                values_revision: None,
            },
            metadata: hydrate.then(|| Value::Object(Map::new())),
            resources: json!({ "user": user }),
            id: meta.id.0,
            permission_denied: false,
            name: meta.name.as_str().to_owned(),
        }
    }
}

/// A page of anything.
pub(crate) fn page<T: Serialize>(page: &Page<T>) -> Value {
    json!({
        "index": page.index,
        "max_size": page.max_size,
        "total_pages": page.total_pages,
        "total": page.total,
        "items": page.items,
    })
}

/// How much of an account is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// Without `metadata`, so that the client's `user describe` can print it.
    Plain,
    /// With everything: to the person itself and to admins.
    Everything,
}

/// A user, or a program's account looked at as one.
pub(crate) fn user(account: &Account, show: Show) -> Value {
    let metadata = json!({
        "password_changed_at": account.password_changed.map(time),
        "email": account.email,
        "external_user_id": null,
        "user_metadata": {},
        "oidc_claims": {},
    });
    json!({
        "body": {
            "created": time(account.created),
            "updated": time(account.updated),
            "active": account.active,
            "activation_token": null,
            "full_name": account.full_name,
            "email_opted_in": null,
            "is_service_account": account.kind == AccountKind::Service,
            "is_admin": account.role == Role::Admin,
            "default_project_id": null,
            "avatar_url": null,
            "role": account.role.as_str(),
            "scope": account.scope.as_str(),
        },
        "metadata": (show != Show::Plain).then_some(metadata),
        "resources": null,
        "id": account.id.0,
        "permission_denied": false,
        "name": account.name,
    })
}

/// A program's account.
pub(crate) fn service_account(account: &Account, hydrate: bool) -> Value {
    json!({
        "body": {
            "created": time(account.created),
            "updated": time(account.updated),
            "full_name": account.full_name,
            "active": account.active,
            "avatar_url": null,
            "role": account.role.as_str(),
            "scope": account.scope.as_str(),
        },
        "metadata": hydrate.then(|| json!({"description": account.description, "external_user_id": null})),
        "resources": null,
        "id": account.id.0,
        "permission_denied": false,
        "name": account.name,
    })
}

/// An API key; `text` is its text, which is shown once.
pub(crate) fn api_key(
    key: &ApiKey,
    account: &Account,
    text: Option<&secrecy::SecretString>,
    hydrate: bool,
) -> Value {
    let metadata = json!({
        "description": key.description,
        "retain_period_minutes": key.retain_minutes,
        "last_login": key.last_used.map(time),
        "last_rotated": key.rotated.map(time),
        "expires": key.expires.map(time),
    });
    json!({
        "body": {
            "created": time(key.created),
            "updated": time(key.updated),
            "key": text.map(ExposeSecret::expose_secret),
            "active": key.active,
            "service_account": service_account(account, false),
        },
        "metadata": hydrate.then_some(metadata),
        "resources": null,
        "id": key.id,
        "permission_denied": false,
        "name": key.name,
    })
}
