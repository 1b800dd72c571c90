//! What can change of accounts, keys and grants.

use super::{
    apply::Apply,
    key,
    rows::{Account, ApiKey},
};
use crate::SqlCatalog;
use secrecy::SecretString;
use std::{fmt, time::Duration};
use strongroom_core::{AccountKind, OwnerId, Receipt, Result, Role, Scope, Timestamp};
use strongroom_engine::{Noted, crypto::KeyId};
use uuid::Uuid;

/// A new account.
#[derive(Clone)]
pub struct NewAccount {
    /// Its id: fresh and random.
    pub id: OwnerId,
    /// Its name, checked.
    pub name: String,
    /// Its full name.
    pub full_name: String,
    /// What it is.
    pub kind: AccountKind,
    /// Whether it can be used.
    pub active: bool,
    /// What it may do.
    pub role: Role,
    /// With which secrets.
    pub scope: Scope,
    /// A remark.
    pub description: String,
    /// An e-mail address.
    pub email: Option<String>,
    /// The hash of its password.
    pub password: Option<SecretString>,
    /// The keyed hash of its activation token.
    pub activation: Option<Vec<u8>>,
}

/// Without hashes.
impl fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("NewAccount");
        shown.field("id", &self.id).field("name", &self.name).field("kind", &self.kind);
        shown.field("active", &self.active).field("role", &self.role).finish_non_exhaustive()
    }
}

/// What changes of an account; `None` stays.
#[derive(Clone, Default)]
pub struct AccountPatch {
    /// Its name, checked.
    pub name: Option<String>,
    /// Its full name.
    pub full_name: Option<String>,
    /// A remark.
    pub description: Option<String>,
    /// An e-mail address.
    pub email: Option<Option<String>>,
    /// Whether it can be used. What was issued to it ends when it cannot.
    pub active: Option<bool>,
    /// What it may do.
    pub role: Option<Role>,
    /// With which secrets.
    pub scope: Option<Scope>,
    /// The hash of a new password: what was issued under the old one ends.
    pub password: Option<SecretString>,
    /// The keyed hash of an activation token, or none any more.
    pub activation: Option<Option<Vec<u8>>>,
    /// The change is made only while the account has this generation.
    pub at_generation: Option<i64>,
}

/// Without hashes.
impl fmt::Debug for AccountPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountPatch")
            .field("name", &self.name)
            .field("active", &self.active)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// A keyed hash of an API key's secret.
#[derive(Clone)]
pub struct NewMac {
    /// The credential key.
    pub key: KeyId,
    /// The hash.
    pub mac: Vec<u8>,
}

/// Without the hash.
impl fmt::Debug for NewMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewMac").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A new API key.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// Its id: fresh and random.
    pub id: Uuid,
    /// The account that it logs in.
    pub account: OwnerId,
    /// Its name, unique within the account.
    pub name: String,
    /// A remark.
    pub description: String,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// What is kept of its secret.
    pub mac: NewMac,
}

/// What changes of an API key; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ApiKeyPatch {
    /// Its name.
    pub name: Option<String>,
    /// A remark.
    pub description: Option<String>,
    /// Whether it can be used.
    pub active: Option<bool>,
    /// When it ends.
    pub expires: Option<Option<Timestamp>>,
}

/// One change of accounts, keys or grants.
#[derive(Clone, Debug)]
pub enum IdentityChange {
    /// Adds an account, and keeps the receipt.
    AddAccount(NewAccount, Option<Receipt>),
    /// Changes an account.
    PatchAccount(OwnerId, AccountPatch),
    /// Removes an account with its keys and grants.
    RemoveAccount(OwnerId),
    /// Removes an account with its keys, grants and private secrets, each of which is an entry of the audit log, too.
    RemoveAccountAndPrivateSecrets(OwnerId),
    /// Adds an API key, and keeps the receipt, with which [`RotateKey`](Self::RotateKey) gives it another secret.
    AddKey(NewApiKey, Option<Receipt>),
    /// Changes an API key.
    PatchKey(Uuid, ApiKeyPatch),
    /// Gives an API key a new secret; the old one is accepted for that many minutes more.
    ///
    /// A repeat of the request with the same receipt gives it another secret in place of the one that nobody received; what
    /// was good before the first stays good for as long.
    RotateKey(Uuid, NewMac, u32, Option<Receipt>),
    /// Removes an API key.
    RemoveKey(Uuid),
    /// Adds a grant; one that is there stays.
    AddGrant(OwnerId, String),
    /// Removes a grant.
    RemoveGrant(OwnerId, String),
}

/// What a change gave.
#[derive(Clone, Debug)]
pub enum Changed {
    /// The account as it is now.
    Account(Box<Account>),
    /// The API key as it is now.
    Key(Box<ApiKey>),
    /// Nothing to show.
    Done,
    /// Nothing was changed: the account that was to be removed owns secrets (other than those that are to go with it).
    OwnsSecrets(OwnedSecrets),
}

/// How many secrets an account owns, which was not removed for that. No names: what is private is not the admin's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnedSecrets {
    /// Private ones, which can go with it.
    pub private: u64,
    /// Public ones.
    pub public: u64,
}

impl fmt::Display for OwnedSecrets {
    /// The counts, and the way on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { private, public } = self;
        let way = match (private, public) {
            (_, 0) => "they can be deleted with it (--with-private-secrets, `with_private_secrets=true`)",
            (0, _) => "delete those first",
            _ => {
                "delete the public ones first; the private ones can be deleted with it (--with-private-secrets, \
                 `with_private_secrets=true`)"
            }
        };
        write!(
            f,
            "the account owns secrets, {private} private and {public} public: {way}, or deactivate the account"
        )
    }
}

impl SqlCatalog {
    /// Makes a change with its audit entry, and moves the epoch, unless all is as it is wanted already.
    ///
    /// # Errors
    /// - `NotFound` if the account, key or grant is not there.
    /// - `AlreadyExists` if the name is taken.
    /// - `Conflict` with [`AccountNeeded`](strongroom_core::Reason::AccountNeeded) if it would leave no active admin, or take
    ///   away the database's owner; without it if the account is not at the expected generation or got a secret meanwhile, or
    ///   if the receipt of an addition is there already.
    pub async fn change_identities(&self, change: IdentityChange, noted: Noted) -> Result<Changed> {
        self.database.write(Apply { change, noted }).await?
    }

    /// Notes that an API key was used, unless that was noted less than `pace` ago, by whatever process. Not audited, and
    /// no change of what anybody may do.
    ///
    /// # Errors
    /// What the database says.
    pub async fn touch_api_key(&self, id: Uuid, pace: Duration) -> Result<()> {
        self.database.write(key::Touch(id, pace)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_hash() {
        let hash = vec![201, 202, 203];
        let new = NewAccount {
            id: OwnerId(Uuid::nil()),
            name: "alice".to_owned(),
            full_name: String::new(),
            kind: AccountKind::User,
            active: true,
            role: Role::Reader,
            scope: Scope::All,
            description: String::new(),
            email: None,
            password: Some(SecretString::from("$argon2id$canary")),
            activation: Some(hash.clone()),
        };
        let password = Some(SecretString::from("$argon2id$canary"));
        let patch =
            AccountPatch { password, activation: Some(Some(hash.clone())), ..AccountPatch::default() };
        let changes = [
            IdentityChange::AddAccount(new, None),
            IdentityChange::PatchAccount(OwnerId(Uuid::nil()), patch),
            IdentityChange::RotateKey(Uuid::nil(), NewMac { key: KeyId(Uuid::nil()), mac: hash }, 0, None),
        ];
        let shown = format!("{changes:?}");
        assert!(shown.contains("alice") && !shown.contains("canary") && !shown.contains("201"), "{shown}");
    }
}
