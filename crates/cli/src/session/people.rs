//! Accounts, API keys and grants: of the database, or of a server.

use crate::failure::{Exit, Failure, Outcome};
use secrecy::SecretString;
use std::time::Duration;
use strongroom_core::{Context, ErrorKind, OwnerId};
use strongroom_remote::{Account, AccountChange, Accounts, ApiKey, Grant, NewAccount, NewKey};
use strongroom_server::identity::{Identities, NewUser, Patch};
use strongroom_sql::identities::{self as sql, AccountKind, AccountRef, ApiKeyPatch, Role, Scope};
use uuid::Uuid;

const DAY: u64 = 86_400;

/// Where accounts are.
pub(crate) enum People {
    /// In the database, on behalf of the local account.
    Local(Identities, Box<Context>),
    /// On a server, on behalf of the one that is logged in.
    Remote(Accounts),
}

impl People {
    /// All accounts of people, or of programs.
    pub(crate) async fn list(&self, service: bool) -> Outcome<Vec<Account>> {
        match self {
            Self::Local(identities, _) => {
                let mut accounts = identities.catalog().accounts().await?;
                accounts.retain(|account| account.kind == kind(service));
                Ok(accounts.iter().map(shown).collect())
            }
            Self::Remote(accounts) => Ok(accounts.list(service).await?),
        }
    }

    /// An account of that kind by its name or id.
    pub(crate) async fn find(&self, service: bool, which: &str) -> Outcome<Account> {
        match self {
            Self::Local(identities, _) => {
                let found = account(identities, which).await?;
                if found.kind == kind(service) {
                    return Ok(shown(&found));
                }
                let text = format!("the account `{which}` is of another kind: {}", found.kind);
                Err(Failure::new(Exit::NotFound, text))
            }
            Self::Remote(accounts) => {
                accounts.find(service, which).await.map_err(|error| match error.kind() {
                    ErrorKind::NotFound => {
                        let what = if service { "program's" } else { "person's" };
                        Failure::new(Exit::NotFound, format!("there is no {what} account `{which}`"))
                    }
                    _ => error.into(),
                })
            }
        }
    }

    /// An account of any kind.
    pub(crate) async fn find_any(&self, which: &str) -> Outcome<Account> {
        match self {
            Self::Local(identities, _) => Ok(shown(&account(identities, which).await?)),
            Self::Remote(accounts) => {
                for service in [false, true] {
                    match accounts.find(service, which).await {
                        Err(error) if error.kind() == ErrorKind::NotFound => {}
                        found => return Ok(found?),
                    }
                }
                Err(nobody(which))
            }
        }
    }

    /// Makes an account.
    pub(crate) async fn create(&self, service: bool, new: NewAccount) -> Outcome<Account> {
        match self {
            Self::Local(identities, cx) => {
                let new = NewUser {
                    name: new.name,
                    full_name: new.full_name,
                    kind: kind(service),
                    role: Role::parse(&new.role)?,
                    scope: Scope::parse(&new.scope)?,
                    description: new.description,
                    email: None,
                    password: new.password,
                    active: true,
                };
                Ok(shown(&identities.create_account(cx, new).await?.0))
            }
            Self::Remote(accounts) => Ok(accounts.create(service, &new).await?),
        }
    }

    /// Changes an account.
    pub(crate) async fn update(&self, account: &Account, change: AccountChange) -> Outcome<Account> {
        match self {
            Self::Local(identities, cx) => {
                let patch = Patch {
                    name: change.name,
                    full_name: change.full_name,
                    description: change.description,
                    active: change.active,
                    role: change.role.as_deref().map(Role::parse).transpose()?,
                    scope: change.scope.as_deref().map(Scope::parse).transpose()?,
                    ..Patch::default()
                };
                let row = row(identities, account).await?;
                Ok(shown(&identities.update_account(cx, &row, patch).await?))
            }
            Self::Remote(accounts) => Ok(accounts.update(account, &change).await?),
        }
    }

    /// Whether the old password is needed for a new one: a server changes nobody's but the caller's own.
    pub(crate) fn wants_old_password(&self) -> bool {
        matches!(self, Self::Remote(_))
    }

    /// Gives an account another password; `old` is looked at where it is needed.
    pub(crate) async fn change_password(
        &self,
        account: &Account,
        old: &SecretString,
        new: SecretString,
    ) -> Outcome {
        match self {
            Self::Local(identities, cx) => {
                let patch = Patch { password: Some(new), ..Patch::default() };
                let row = row(identities, account).await?;
                identities.update_account(cx, &row, patch).await?;
                Ok(())
            }
            Self::Remote(accounts) => Ok(accounts.change_password(account, old, &new).await?),
        }
    }

    /// The user name whose password is kept for logging in, which a new one makes useless.
    pub(crate) fn logged_in_with_password(&self) -> Option<&str> {
        match self {
            Self::Local(..) => None,
            Self::Remote(accounts) => accounts.own_name(),
        }
    }

    /// Removes an account; its private secrets, too, if that is wanted.
    pub(crate) async fn delete(&self, account: &Account, with_private_secrets: bool) -> Outcome {
        match self {
            Self::Local(identities, cx) => {
                let row = row(identities, account).await?;
                identities.delete_account(cx, &row, with_private_secrets).await?;
                if with_private_secrets {
                    // What stores hold is removed now if they answer; else by whoever sweeps next.
                    let _ = identities.engine().sweep().await;
                }
                Ok(())
            }
            Self::Remote(accounts) => Ok(accounts.delete(account, with_private_secrets).await?),
        }
    }

    /// The keys of a program's account.
    pub(crate) async fn keys(&self, account: &Account) -> Outcome<Vec<ApiKey>> {
        match self {
            Self::Local(identities, _) => {
                let keys = identities.catalog().api_keys(OwnerId(account.id)).await?;
                Ok(keys.iter().map(key_shown).collect())
            }
            Self::Remote(accounts) => Ok(accounts.keys(account).await?),
        }
    }

    /// One of them, by its name or id.
    pub(crate) async fn find_key(&self, account: &Account, which: &str) -> Outcome<ApiKey> {
        let wanted = |key: &ApiKey| key.name == which || key.id.to_string() == which;
        let found = self.keys(account).await?.into_iter().find(wanted);
        found.ok_or_else(|| Failure::new(Exit::NotFound, format!("`{}` has no key `{which}`", account.name)))
    }

    /// Makes a key.
    pub(crate) async fn create_key(&self, account: &Account, new: NewKey) -> Outcome<(ApiKey, SecretString)> {
        match self {
            Self::Local(identities, cx) => {
                let days = new.expires_in_days.map(|days| Duration::from_secs(u64::from(days) * DAY));
                let expires = days.map(|days| identities.engine().now().plus(days));
                let row = row(identities, account).await?;
                let (key, text) =
                    identities.create_key(cx, &row, &new.name, &new.description, expires).await?;
                Ok((key_shown(&key), text))
            }
            Self::Remote(accounts) => Ok(accounts.create_key(account, &new).await?),
        }
    }

    /// Gives a key another text.
    pub(crate) async fn rotate_key(
        &self,
        account: &Account,
        key: &ApiKey,
        retain_minutes: u32,
    ) -> Outcome<(ApiKey, SecretString)> {
        match self {
            Self::Local(identities, cx) => {
                let row = key_row(identities, account, key).await?;
                let (key, text) = identities.rotate_key(cx, &row, retain_minutes).await?;
                Ok((key_shown(&key), text))
            }
            Self::Remote(accounts) => Ok(accounts.rotate_key(account, key, retain_minutes).await?),
        }
    }

    /// Changes a key.
    pub(crate) async fn update_key(
        &self,
        account: &Account,
        key: &ApiKey,
        name: Option<&str>,
        active: Option<bool>,
    ) -> Outcome<ApiKey> {
        match self {
            Self::Local(identities, cx) => {
                let patch =
                    ApiKeyPatch { name: name.map(ToOwned::to_owned), active, ..ApiKeyPatch::default() };
                let row = key_row(identities, account, key).await?;
                Ok(key_shown(&identities.update_key(cx, &row, patch).await?))
            }
            Self::Remote(accounts) => Ok(accounts.update_key(account, key, name, active).await?),
        }
    }

    /// Removes a key.
    pub(crate) async fn delete_key(&self, account: &Account, key: &ApiKey) -> Outcome {
        match self {
            Self::Local(identities, cx) => {
                Ok(identities.delete_key(cx, &key_row(identities, account, key).await?).await?)
            }
            Self::Remote(accounts) => Ok(accounts.delete_key(account, key).await?),
        }
    }

    /// The grants of an account.
    pub(crate) async fn grants(&self, account: &Account) -> Outcome<Vec<Grant>> {
        match self {
            Self::Local(identities, _) => {
                let grants = identities.catalog().grants(OwnerId(account.id)).await?;
                let shown = |grant: sql::Grant| Grant { glob: grant.glob, created: grant.created };
                Ok(grants.into_iter().map(shown).collect())
            }
            Self::Remote(accounts) => Ok(accounts.grants(account).await?),
        }
    }

    /// Adds a grant.
    pub(crate) async fn grant(&self, account: &Account, glob: &str) -> Outcome {
        match self {
            Self::Local(identities, cx) => {
                Ok(identities.grant(cx, &row(identities, account).await?, glob).await?)
            }
            Self::Remote(accounts) => Ok(accounts.grant(account, glob).await?),
        }
    }

    /// Takes a grant back.
    pub(crate) async fn revoke(&self, account: &Account, glob: &str) -> Outcome {
        match self {
            Self::Local(identities, cx) => {
                Ok(identities.revoke(cx, &row(identities, account).await?, glob).await?)
            }
            Self::Remote(accounts) => Ok(accounts.revoke(account, glob).await?),
        }
    }
}

/// An account of the database by its name or id.
pub(crate) async fn account(identities: &Identities, which: &str) -> Outcome<sql::Account> {
    let catalog = identities.catalog();
    let by_name = catalog.account(AccountRef::Name(which)).await?;
    let found = match (by_name, Uuid::parse_str(which)) {
        (None, Ok(id)) => catalog.account(AccountRef::Id(OwnerId(id))).await?,
        (found, _) => found,
    };
    found.ok_or_else(|| nobody(which))
}

fn nobody(which: &str) -> Failure {
    Failure::new(Exit::NotFound, format!("there is no account `{which}`"))
}

async fn row(identities: &Identities, account: &Account) -> Outcome<sql::Account> {
    let found = identities.catalog().account(AccountRef::Id(OwnerId(account.id))).await?;
    found.ok_or_else(|| nobody(&account.name))
}

async fn key_row(identities: &Identities, account: &Account, key: &ApiKey) -> Outcome<sql::ApiKey> {
    let keys = identities.catalog().api_keys(OwnerId(account.id)).await?;
    let found = keys.into_iter().find(|row| row.id == key.id);
    found.ok_or_else(|| Failure::new(Exit::NotFound, format!("`{}` has no key `{}`", account.name, key.name)))
}

fn kind(service: bool) -> AccountKind {
    if service { AccountKind::Service } else { AccountKind::User }
}

fn shown(row: &sql::Account) -> Account {
    Account {
        id: row.id.0,
        name: row.name.clone(),
        full_name: row.full_name.clone(),
        service: row.kind == AccountKind::Service,
        role: row.role.as_str().to_owned(),
        scope: row.scope.as_str().to_owned(),
        active: row.active,
        created: row.created,
        updated: row.updated,
    }
}

fn key_shown(row: &sql::ApiKey) -> ApiKey {
    ApiKey {
        id: row.id,
        name: row.name.clone(),
        description: row.description.clone(),
        active: row.active,
        expires: row.expires,
        last_used: row.last_used,
        rotated: row.rotated,
        created: row.created,
    }
}
