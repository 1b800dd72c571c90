//! API keys and grants of an account.

use super::{
    Account, Accounts, ApiKey, Grant, NewKey,
    views::{GrantView, KeyView},
};
use crate::{buffer::escaped, wire};
use reqwest::Method;
use secrecy::SecretString;
use strongroom_core::Result;
use uuid::Uuid;

impl Accounts {
    /// The keys of a program's account.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn keys(&self, account: &Account) -> Result<Vec<ApiKey>> {
        let found: Vec<KeyView> = self.all(&keys_of(account)).await?;
        found.into_iter().map(|view| Ok(view.key()?.0)).collect()
    }

    /// Makes a key; its text is answered this one time.
    ///
    /// # Errors
    /// `AlreadyExists` if the name is taken.
    pub async fn create_key(&self, account: &Account, new: &NewKey) -> Result<(ApiKey, SecretString)> {
        let NewKey { name, description, expires_in_days } = new;
        let body =
            serde_json::json!({"name": name, "description": description, "expires_in_days": expires_in_days});
        let key = Some(Uuid::new_v4());
        self.send::<KeyView>(Method::POST, keys_of(account), Some(&body), key).await?.with_text()
    }

    /// Gives a key another text, which is answered this one time; the old one is good for so many minutes.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn rotate_key(
        &self,
        account: &Account,
        key: &ApiKey,
        retain_minutes: u32,
    ) -> Result<(ApiKey, SecretString)> {
        let body = serde_json::json!({"retain_period_minutes": retain_minutes});
        let path = format!("{}/{}/rotate", keys_of(account), key.id);
        self.send::<KeyView>(Method::PUT, path, Some(&body), Some(Uuid::new_v4())).await?.with_text()
    }

    /// Changes a key's name, or whether it can be used.
    ///
    /// # Errors
    /// `AlreadyExists` if the new name is taken.
    pub async fn update_key(
        &self,
        account: &Account,
        key: &ApiKey,
        name: Option<&str>,
        active: Option<bool>,
    ) -> Result<ApiKey> {
        let body = serde_json::json!({"name": name, "active": active});
        let path = format!("{}/{}", keys_of(account), key.id);
        Ok(self.ask::<KeyView>(Method::PUT, path, Some(&body)).await?.key()?.0)
    }

    /// Removes a key.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn delete_key(&self, account: &Account, key: &ApiKey) -> Result<()> {
        let path = format!("{}/{}", keys_of(account), key.id);
        self.ask::<Option<()>>(Method::DELETE, path, None::<&()>).await.map(drop)
    }

    /// The grants of an account.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn grants(&self, account: &Account) -> Result<Vec<Grant>> {
        let found: Vec<GrantView> = self.read(grants_of(account)).await?;
        let grant = |view: GrantView| Ok(Grant { created: wire::time(&view.created)?, glob: view.glob });
        found.into_iter().map(grant).collect()
    }

    /// Adds a grant.
    ///
    /// # Errors
    /// `InvalidInput` for a glob that cannot be read.
    pub async fn grant(&self, account: &Account, glob: &str) -> Result<()> {
        let body = serde_json::json!({"glob": glob});
        self.ask::<Option<()>>(Method::POST, grants_of(account), Some(&body)).await.map(drop)
    }

    /// Takes a grant back.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub async fn revoke(&self, account: &Account, glob: &str) -> Result<()> {
        let path = format!("{}?glob={}", grants_of(account), escaped(glob));
        self.ask::<Option<()>>(Method::DELETE, path, None::<&()>).await.map(drop)
    }
}

fn keys_of(account: &Account) -> String {
    format!("/service_accounts/{}/api_keys", account.id)
}

fn grants_of(account: &Account) -> String {
    format!("/accounts/{}/grants", account.id)
}
