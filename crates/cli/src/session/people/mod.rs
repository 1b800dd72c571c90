//! Accounts: of the database, or of a server.

mod keys;

use super::TIDYING;
use crate::failure::{Exit, Failure, Outcome};
use secrecy::SecretString;
use strongroom_core::{AccountKind, Context, ErrorKind, OwnerId};
use strongroom_remote::{Account, AccountChange, Accounts, NewAccount};
use strongroom_server::identity::{Identities, NewUser, Patch, Removal, as_kept};
use strongroom_sql::identities::{self as sql, AccountRef};
use uuid::Uuid;

/// Where accounts are.
pub(crate) enum People {
    /// In the database, on behalf of the local account.
    Local(Identities, Box<Context>),
    /// On a server, on behalf of the one that is logged in.
    Remote(Accounts),
}

impl People {
    /// All accounts of a kind.
    pub(crate) async fn list(&self, kind: AccountKind) -> Outcome<Vec<Account>> {
        match self {
            Self::Local(identities, _) => {
                let mut accounts = identities.catalog().accounts().await?;
                accounts.retain(|account| account.kind == kind);
                Ok(accounts.iter().map(shown).collect())
            }
            Self::Remote(accounts) => Ok(accounts.list(kind).await?),
        }
    }

    /// An account of that kind by its name or id.
    pub(crate) async fn find(&self, kind: AccountKind, which: &str) -> Outcome<Account> {
        match self {
            Self::Local(identities, _) => {
                let found = account(identities, which).await?;
                if found.kind == kind {
                    return Ok(shown(&found));
                }
                let text = format!("the account `{which}` is of another kind: {}", found.kind);
                Err(Failure::new(Exit::NotFound, text))
            }
            Self::Remote(accounts) => accounts.find(kind, which).await.map_err(|error| match error.kind() {
                ErrorKind::NotFound => {
                    let what = if kind == AccountKind::Service { "program's" } else { "person's" };
                    Failure::new(Exit::NotFound, format!("there is no {what} account `{which}`"))
                }
                _ => error.into(),
            }),
        }
    }

    /// An account of any kind.
    pub(crate) async fn find_any(&self, which: &str) -> Outcome<Account> {
        match self {
            Self::Local(identities, _) => Ok(shown(&account(identities, which).await?)),
            Self::Remote(accounts) => {
                for kind in [AccountKind::User, AccountKind::Service] {
                    match accounts.find(kind, which).await {
                        Err(error) if error.kind() == ErrorKind::NotFound => {}
                        found => return Ok(found?),
                    }
                }
                Err(nobody(which))
            }
        }
    }

    /// Makes an account.
    pub(crate) async fn create(&self, kind: AccountKind, new: NewAccount) -> Outcome<Account> {
        match self {
            Self::Local(identities, cx) => {
                let new = NewUser {
                    name: new.name,
                    full_name: new.full_name,
                    kind,
                    role: new.role,
                    scope: new.scope,
                    description: new.description,
                    email: None,
                    password: new.password,
                    active: true,
                };
                Ok(shown(&identities.create_account(cx, new).await?.0))
            }
            Self::Remote(accounts) => Ok(accounts.create(kind, &new).await?),
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
                    role: change.role,
                    scope: change.scope,
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
                match identities.delete_account(cx, &row, with_private_secrets).await? {
                    Removal::Done => {}
                    Removal::OwnsSecrets(owned) => {
                        return Err(Failure::new(Exit::Conflict, owned.to_string()));
                    }
                }
                if with_private_secrets {
                    // What stores hold is removed now if they answer in time; else by whoever sweeps next.
                    let _ = tokio::time::timeout(TIDYING, identities.engine().sweep()).await;
                }
                Ok(())
            }
            Self::Remote(accounts) => Ok(accounts.delete(account, with_private_secrets).await?),
        }
    }
}

/// An account of the database by its name or id.
pub(crate) async fn account(identities: &Identities, which: &str) -> Outcome<sql::Account> {
    let catalog = identities.catalog();
    let by_name = catalog.account(AccountRef::Name(&as_kept(which))).await?;
    let found = match (by_name, Uuid::parse_str(which)) {
        (None, Ok(id)) => catalog.account(AccountRef::Id(OwnerId(id))).await?,
        (found, _) => found,
    };
    found.ok_or_else(|| nobody(which))
}

fn nobody(which: &str) -> Failure {
    Failure::new(Exit::NotFound, format!("there is no account `{which}`"))
}

pub(super) async fn row(identities: &Identities, account: &Account) -> Outcome<sql::Account> {
    let found = identities.catalog().account(AccountRef::Id(account.id)).await?;
    found.ok_or_else(|| nobody(&account.name))
}

fn shown(row: &sql::Account) -> Account {
    Account {
        id: row.id,
        name: row.name.clone(),
        full_name: row.full_name.clone(),
        kind: row.kind,
        role: Some(row.role),
        scope: Some(row.scope),
        active: row.active,
        created: row.created,
        updated: row.updated,
    }
}
