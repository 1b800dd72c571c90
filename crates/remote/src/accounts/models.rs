//! Accounts, keys and grants as callers see them, and what they ask for.

use secrecy::SecretString;
use strongroom_core::{AccountKind, OwnerId, Role, Scope, Timestamp};
use uuid::Uuid;

/// A person's or a program's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Names it for ever.
    pub id: OwnerId,
    /// What people call it.
    pub name: String,
    /// The full name; may be empty.
    pub full_name: String,
    /// A person's or a program's.
    pub kind: AccountKind,
    /// What it may do; `None` on a ZenML server, whose accounts have no roles.
    pub role: Option<Role>,
    /// With which secrets; `None` as for the role.
    pub scope: Option<Scope>,
    /// Whether it can be used.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// An API key without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Names it for ever.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// A remark; may be empty.
    pub description: String,
    /// Whether it can be used.
    pub active: bool,
    /// When it ends; `None`: it does not.
    pub expires: Option<Timestamp>,
    /// When it was last used, to within minutes.
    pub last_used: Option<Timestamp>,
    /// When its text was last replaced.
    pub rotated: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
}

/// Names that an account with the scope `granted` may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which names.
    pub glob: String,
    /// Since when.
    pub created: Timestamp,
}

/// An account to be made.
#[derive(Debug)]
pub struct NewAccount {
    /// Its name.
    pub name: String,
    /// The full name; may be empty.
    pub full_name: String,
    /// A remark, for a program's account; may be empty.
    pub description: String,
    /// What it may do.
    pub role: Role,
    /// With which secrets.
    pub scope: Scope,
    /// For a person.
    pub password: Option<SecretString>,
}

/// What is to change of an account; `None` leaves what it is.
#[derive(Debug, Default)]
pub struct AccountChange {
    /// Another name.
    pub name: Option<String>,
    /// Another full name.
    pub full_name: Option<String>,
    /// Another remark, of a program's account.
    pub description: Option<String>,
    /// Another role.
    pub role: Option<Role>,
    /// Another scope.
    pub scope: Option<Scope>,
    /// Whether it can be used.
    pub active: Option<bool>,
}

/// An API key to be made.
#[derive(Debug)]
pub struct NewKey {
    /// Its name.
    pub name: String,
    /// A remark; may be empty.
    pub description: String,
    /// How many days it is good for; `None`: until it is removed.
    pub expires_in_days: Option<u32>,
}
