//! What callers ask for as it is sent. Their own types cannot be serialised, so that no log of theirs shows a password.

use super::{AccountChange, NewAccount};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use strongroom_core::{Role, Scope};

/// An account to be made, or what is to change of one.
#[derive(Serialize)]
pub(super) struct AccountRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
}

impl<'a> From<&'a NewAccount> for AccountRequest<'a> {
    fn from(new: &'a NewAccount) -> Self {
        Self {
            name: Some(&new.name),
            full_name: Some(&new.full_name),
            description: Some(new.description.as_str()).filter(|text| !text.is_empty()),
            role: Some(new.role.as_str()),
            scope: Some(new.scope.as_str()),
            active: None,
            password: new.password.as_ref().map(|password| password.expose_secret()),
        }
    }
}

impl<'a> From<&'a AccountChange> for AccountRequest<'a> {
    fn from(change: &'a AccountChange) -> Self {
        Self {
            name: change.name.as_deref(),
            full_name: change.full_name.as_deref(),
            description: change.description.as_deref(),
            role: change.role.map(Role::as_str),
            scope: change.scope.map(Scope::as_str),
            active: change.active,
            password: None,
        }
    }
}
