//! What answers look like.

mod accounts;
mod server;

pub(crate) use accounts::{ApiKeyView, GrantView, ServiceAccount, Show, User};
pub(crate) use server::{
    AuditView, DeviceAuthorization, DeviceRefusal, HeadView, Info, Project, Stack, Token,
};

use crate::identity::Known;
use secrecy::ExposeSecret;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::to_raw_value;
use std::sync::Arc;
use strongroom_core::{Page, Secret, SecretMeta, SecretValues, Timestamp, Version};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};
use uuid::Uuid;

/// A moment as the contract writes it: UTC, without saying so.
pub(crate) fn time(at: Timestamp) -> String {
    let mut text = at.to_string();
    if text.ends_with('Z') {
        text.pop();
    }
    text
}

/// Nothing: `null`, since clients want JSON.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Nothing;

impl PartialSchema for Nothing {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Null).into()
    }
}

impl ToSchema for Nothing {}

/// An empty object, where ZenML has more.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Empty {}

/// A page of anything.
#[derive(Serialize, ToSchema)]
pub(crate) struct Paged<T> {
    /// Which page, from 1.
    index: u32,
    /// How many items a page has at most.
    max_size: u32,
    /// How many pages there are: 1 if there is nothing.
    total_pages: u64,
    /// How many items all pages have.
    total: u64,
    items: Vec<T>,
}

impl<T> From<Page<T>> for Paged<T> {
    fn from(page: Page<T>) -> Self {
        let Page { index, max_size, total_pages, total, items, .. } = page;
        Self { index, max_size, total_pages: total_pages.into(), total, items }
    }
}

/// A secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Secret)]
pub(crate) struct SecretView {
    body: SecretBody,
    /// `null` unless hydrated.
    metadata: Option<Empty>,
    resources: SecretResources,
    id: Uuid,
    permission_denied: bool,
    name: String,
}

/// What a secret is.
#[derive(Serialize, ToSchema)]
struct SecretBody {
    /// UTC, `YYYY-MM-DDTHH:MM:SS.ffffff`.
    created: String,
    /// UTC, `YYYY-MM-DDTHH:MM:SS.ffffff`.
    updated: String,
    /// The owner.
    user_id: Uuid,
    /// Whether it is its owner's alone.
    private: bool,
    /// Values by key: empty in lists, `null` for each value that the caller may not see.
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    values: Values,
    /// Moves with every change.
    revision: u64,
    /// The revision that wrote the values: an older one where an older version was asked for, or where only the name
    /// changed since. Not there in lists, which have no values.
    #[serde(skip_serializing_if = "Option::is_none")]
    values_revision: Option<u64>,
}

/// What belongs to a secret.
#[derive(Serialize, ToSchema)]
struct SecretResources {
    /// The owner.
    #[schema(value_type = Option<User>)]
    user: Option<Owner>,
}

/// An owner: the same for most secrets, so that its text is made once.
struct Owner(Arc<Known>);

impl Serialize for Owner {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.shown.get_or_init(|| to_raw_value(&User::of(&self.0.account, Show::Plain)).ok());
        text.serialize(serializer)
    }
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
    pub(crate) fn whole(secret: Secret, owner: Option<Arc<Known>>, hydrate: bool) -> Self {
        let mut view = Self::of(&secret.meta, secret.values, owner, hydrate);
        view.body.values_revision = Some(secret.version.0);
        view
    }

    /// A secret in a list.
    pub(crate) fn listed(meta: &SecretMeta, owner: Option<Arc<Known>>, hydrate: bool) -> Self {
        Self::of(meta, SecretValues::new(), owner, hydrate)
    }

    fn of(meta: &SecretMeta, values: SecretValues, owner: Option<Arc<Known>>, hydrate: bool) -> Self {
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
            metadata: hydrate.then(Empty::default),
            resources: SecretResources { user: owner.map(Owner) },
            id: meta.id.0,
            permission_denied: false,
            name: meta.name.as_str().to_owned(),
        }
    }
}

/// A kept version of a secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Version)]
pub(crate) struct VersionView {
    /// The revision that wrote it.
    revision: u64,
    /// UTC, `YYYY-MM-DDTHH:MM:SS.ffffff`.
    created: String,
    /// Whether its values are the secret's.
    current: bool,
}

impl From<&Version> for VersionView {
    fn from(version: &Version) -> Self {
        Self { revision: version.revision.0, created: time(version.created), current: version.current }
    }
}

/// Answers about many secrets, in the order in which they were asked for: ids, then names.
#[derive(Serialize, ToSchema)]
pub(crate) struct Many {
    pub(crate) items: Vec<OneOfMany>,
}

/// The answer about one of many secrets.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum OneOfMany {
    /// It may be read.
    Found {
        /// The id or name that was asked for.
        #[serde(rename = "ref")]
        which: String,
        secret: Box<SecretView>,
    },
    /// It may not, or is not there.
    Failed {
        /// The id or name that was asked for.
        #[serde(rename = "ref")]
        which: String,
        error: super::error::Detail,
    },
}
