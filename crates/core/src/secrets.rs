//! The handle that programs hold.

use crate::{
    Context, Error, ErrorKind, GetOptions, NewSecret, Page, Result, Revision, Secret, SecretFilter, SecretId,
    SecretMeta, SecretName, SecretRef, SecretUpdate, SecretsStore, ValuesChange, Version,
};
use secrecy::SecretString;
use std::{fmt, sync::Arc};

/// A store and on whose behalf it is used, with short forms of the common calls.
///
/// ```
/// use secrecy::ExposeSecret;
/// use strongroom_core::{Result, Secrets};
///
/// async fn rotate(secrets: &Secrets, password: &str) -> Result<()> {
///     secrets.set("db", "password", password).await?;
///     let db = secrets.get("db").await?;
///     assert_eq!(db.values.get("password").map(ExposeSecret::expose_secret), Some(password));
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Secrets {
    store: Arc<dyn SecretsStore>,
    context: Context,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("context", &self.context).finish_non_exhaustive()
    }
}

impl Secrets {
    /// Uses `store` on behalf of `context`.
    #[must_use]
    pub fn new(store: Arc<dyn SecretsStore>, context: Context) -> Self {
        Self { store, context }
    }

    /// The same store on behalf of somebody else.
    #[must_use]
    pub fn on_behalf_of(&self, context: Context) -> Self {
        Self { store: self.store.clone(), context }
    }

    /// The store itself, for calls that have no short form.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn SecretsStore> {
        &self.store
    }

    /// On whose behalf.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Creates a public secret.
    ///
    /// # Errors
    /// See [`SecretsStore::create`].
    pub async fn create<K: Into<String>, V: Into<SecretString>>(
        &self,
        name: &str,
        values: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Secret> {
        let new = NewSecret::new(SecretName::new(name)?, values.into_iter().collect());
        self.store.create(&self.context, new).await
    }

    /// The secret of that name.
    ///
    /// # Errors
    /// See [`SecretsStore::get`].
    pub async fn get(&self, name: &str) -> Result<Secret> {
        self.get_ref(&SecretName::new(name)?.into(), &GetOptions::new()).await
    }

    /// One secret, with options.
    ///
    /// # Errors
    /// See [`SecretsStore::get`].
    pub async fn get_ref(&self, which: &SecretRef, options: &GetOptions) -> Result<Secret> {
        let mut answers = self.store.get(&self.context, std::slice::from_ref(which), options).await;
        answers.pop().unwrap_or_else(|| Err(Error::new(ErrorKind::Unexpected, "the store gave no answer")))
    }

    /// Sets one key and leaves the others as they are.
    ///
    /// # Errors
    /// See [`SecretsStore::update`].
    pub async fn set(&self, name: &str, key: &str, value: impl Into<SecretString>) -> Result<SecretMeta> {
        let change = ValuesChange::Merge(vec![(key.to_owned(), Some(value.into()))]);
        self.update(&SecretName::new(name)?.into(), SecretUpdate::new().values(change)).await
    }

    /// Changes a secret.
    ///
    /// # Errors
    /// See [`SecretsStore::update`].
    pub async fn update(&self, which: &SecretRef, update: SecretUpdate) -> Result<SecretMeta> {
        self.store.update(&self.context, which, update).await
    }

    /// Deletes the secret of that name.
    ///
    /// # Errors
    /// See [`SecretsStore::delete`].
    pub async fn delete(&self, name: &str) -> Result<()> {
        self.store.delete(&self.context, &SecretName::new(name)?.into(), None).await
    }

    /// Deletes the secret if it is still at that revision.
    ///
    /// # Errors
    /// See [`SecretsStore::delete`].
    pub async fn delete_at(&self, id: SecretId, expected: Revision) -> Result<()> {
        self.store.delete(&self.context, &id.into(), Some(expected)).await
    }

    /// A page of the secrets that match.
    ///
    /// # Errors
    /// See [`SecretsStore::list`].
    pub async fn list(&self, filter: &SecretFilter) -> Result<Page<SecretMeta>> {
        self.store.list(&self.context, filter).await
    }

    /// The kept versions, newest first.
    ///
    /// # Errors
    /// See [`SecretsStore::versions`].
    pub async fn versions(&self, name: &str) -> Result<Vec<Version>> {
        self.store.versions(&self.context, &SecretName::new(name)?.into()).await
    }
}
