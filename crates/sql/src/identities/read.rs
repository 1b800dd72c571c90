//! Reading accounts, keys and grants.

use super::rows::{self, ACCOUNT, ACCOUNT_FROM, API_KEY, Account, AccountRef, ApiKey, Grant, Principal};
use crate::{
    SqlCatalog,
    accounts::name_key,
    connection::Statement,
    dialect::{MOST_AT_ONCE, padded, places},
    value::{args, damaged},
};
use std::collections::BTreeMap;
use strongroom_core::{OwnerId, Result};
use uuid::Uuid;

impl SqlCatalog {
    /// Moves with every change of an account, a key or a grant.
    ///
    /// # Errors
    /// What the database says.
    pub async fn auth_epoch(&self) -> Result<i64> {
        const SQL: &str = "SELECT epoch FROM auth_epoch WHERE id = 1";
        let found = match self.look_up(&[SQL], |sql| Statement::new(*sql, Vec::new())).await {
            Some(found) => found?.pop().unwrap_or_default(),
            None => Box::pin(self.read(SQL, Vec::new())).await?,
        };
        Ok(found.first().ok_or_else(|| damaged("an epoch", 0))?.i64(0)?)
    }

    /// All accounts, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        let sql = format!("SELECT {ACCOUNT} FROM {ACCOUNT_FROM} ORDER BY a.created, a.id");
        let found = self.read(&sql, Vec::new()).await?;
        Ok(found.iter().map(rows::account).collect::<Result<_, _>>()?)
    }

    /// The names of those of these accounts that are there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn account_names(&self, ids: &[OwnerId]) -> Result<BTreeMap<OwnerId, String>> {
        let mut names = BTreeMap::new();
        for some in ids.chunks(MOST_AT_ONCE) {
            let sql = format!("SELECT id, name FROM accounts WHERE id IN ({})", places(some.len()));
            for record in self.read(&sql, padded(some).map(|id| id.0.into()).collect()).await? {
                names.insert(OwnerId(record.uuid(0)?), record.shown(1)?);
            }
        }
        Ok(names)
    }

    /// An account.
    ///
    /// # Errors
    /// What the database says.
    pub async fn account(&self, which: AccountRef<'_>) -> Result<Option<Account>> {
        let (column, value) = match which {
            AccountRef::Id(id) => ("a.id", args![id.0]),
            // No name has one, and PostgreSQL would take the question for an error.
            AccountRef::Name(name) if name.contains('\0') => return Ok(None),
            AccountRef::Name(name) => ("a.name_key", args![name_key(name)]),
        };
        let sql = format!("SELECT {ACCOUNT} FROM {ACCOUNT_FROM} WHERE {column} = ?");
        let found = self.read(&sql, value).await?;
        Ok(found.first().map(rows::account).transpose()?)
    }

    /// Everything that decides what an account may do, as of an epoch that is read first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn principal(&self, account: OwnerId, key: Option<Uuid>) -> Result<Principal> {
        let epoch = self.auth_epoch().await?;
        let key = match key {
            Some(id) => self.api_key(id).await?.filter(|key| key.account == account),
            None => None,
        };
        let account_row = self.account(AccountRef::Id(account)).await?;
        Ok(Principal { epoch, account: account_row, grants: self.grants(account).await?, key })
    }

    /// The grants of an account, by glob.
    ///
    /// # Errors
    /// What the database says.
    pub async fn grants(&self, account: OwnerId) -> Result<Vec<Grant>> {
        let sql = "SELECT account, glob, created FROM grants WHERE account = ? ORDER BY glob";
        let found = self.read(sql, args![account.0]).await?;
        Ok(found.iter().map(rows::grant).collect::<Result<_, _>>()?)
    }

    /// The API keys of an account, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn api_keys(&self, account: OwnerId) -> Result<Vec<ApiKey>> {
        let sql = format!("SELECT {API_KEY} FROM api_keys WHERE account = ? ORDER BY created, id");
        let found = self.read(&sql, args![account.0]).await?;
        Ok(found.iter().map(rows::api_key).collect::<Result<_, _>>()?)
    }

    /// An API key.
    ///
    /// # Errors
    /// What the database says.
    pub async fn api_key(&self, id: Uuid) -> Result<Option<ApiKey>> {
        let sql = format!("SELECT {API_KEY} FROM api_keys WHERE id = ?");
        let found = self.read(&sql, args![id]).await?;
        Ok(found.first().map(rows::api_key).transpose()?)
    }
}
