//! The same as the server answers it.

use super::{Account, ApiKey};
use crate::wire;
use secrecy::SecretString;
use serde::Deserialize;
use strongroom_core::{AccountKind, Error, ErrorKind, OwnerId, Result, Role, Scope};
use uuid::Uuid;

#[derive(Deserialize)]
pub(super) struct AccountView {
    id: Uuid,
    name: String,
    body: AccountBody,
}

#[derive(Deserialize)]
pub(super) struct AccountBody {
    created: String,
    updated: String,
    #[serde(default)]
    full_name: Option<String>,
    active: bool,
    #[serde(default)]
    is_service_account: Option<bool>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    scope: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct KeyView {
    id: Uuid,
    name: String,
    body: KeyBody,
    #[serde(default)]
    metadata: Option<KeyMetadata>,
}

#[derive(Deserialize)]
pub(super) struct KeyBody {
    created: String,
    active: bool,
    #[serde(default)]
    key: Option<SecretString>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct KeyMetadata {
    description: Option<String>,
    last_login: Option<String>,
    last_rotated: Option<String>,
    expires: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct GrantView {
    pub(super) glob: String,
    pub(super) created: String,
}

impl AccountView {
    /// Of that kind, where the server does not say which it is.
    pub(super) fn account(self, kind: AccountKind) -> Result<Account> {
        let kind = match self.body.is_service_account {
            Some(true) => AccountKind::Service,
            Some(false) => AccountKind::User,
            None => kind,
        };
        Ok(Account {
            id: OwnerId(self.id),
            name: self.name,
            full_name: self.body.full_name.unwrap_or_default(),
            kind,
            role: self.body.role.as_deref().map(Role::parse).transpose().map_err(unknown)?,
            scope: self.body.scope.as_deref().map(Scope::parse).transpose().map_err(unknown)?,
            active: self.body.active,
            created: wire::time(&self.body.created)?,
            updated: wire::time(&self.body.updated)?,
        })
    }
}

/// A word of a newer server.
fn unknown(error: Error) -> Error {
    let text = format!("the server's answer is not understood: {}", error.message());
    Error::new(ErrorKind::Unexpected, text)
}

impl KeyView {
    pub(super) fn key(self) -> Result<(ApiKey, Option<SecretString>)> {
        let metadata = self.metadata.unwrap_or_default();
        let moment = |text: Option<String>| text.as_deref().map(wire::time).transpose();
        let key = ApiKey {
            id: self.id,
            name: self.name,
            description: metadata.description.unwrap_or_default(),
            active: self.body.active,
            expires: moment(metadata.expires)?,
            last_used: moment(metadata.last_login)?,
            rotated: moment(metadata.last_rotated)?,
            created: wire::time(&self.body.created)?,
        };
        Ok((key, self.body.key))
    }

    pub(super) fn with_text(self) -> Result<(ApiKey, SecretString)> {
        let (key, text) = self.key()?;
        let none = || Error::new(ErrorKind::Unexpected, "the server did not answer the key's text");
        Ok((key, text.ok_or_else(none)?))
    }
}
