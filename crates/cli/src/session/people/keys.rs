//! API keys and grants: of the database, or of a server.

use super::{People, row};
use crate::failure::{Exit, Failure, Outcome};
use secrecy::SecretString;
use std::time::Duration;
use strongroom_remote::{Account, ApiKey, Grant, NewKey};
use strongroom_server::identity::Identities;
use strongroom_sql::identities::{self as sql, ApiKeyPatch};

const DAY: u64 = 86_400;

impl People {
    /// The keys of a program's account.
    pub(crate) async fn keys(&self, account: &Account) -> Outcome<Vec<ApiKey>> {
        match self {
            Self::Local(identities, _) => {
                let keys = identities.catalog().api_keys(account.id).await?;
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
                let grants = identities.catalog().grants(account.id).await?;
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

async fn key_row(identities: &Identities, account: &Account, key: &ApiKey) -> Outcome<sql::ApiKey> {
    let keys = identities.catalog().api_keys(account.id).await?;
    let found = keys.into_iter().find(|row| row.id == key.id);
    found.ok_or_else(|| Failure::new(Exit::NotFound, format!("`{}` has no key `{}`", account.name, key.name)))
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
