//! `SecretsStore` in terms of the client.

use crate::{
    Config, ServerInfo,
    accounts::Accounts,
    calling::Calling,
    client::{Call, Client},
    error::About,
    transport::Message,
    wire::{PageView, SecretView},
};
use reqwest::Method;
use std::{fmt, sync::Arc, time::Instant};
use strongroom_core::{
    Context, GetOptions, NewSecret, Page, Result, Revision, Secret, SecretFilter, SecretMeta, SecretRef,
    SecretUpdate, SecretsStore, Version, async_trait,
};

/// The secrets of a server, as the account sees them that it is configured to log in with.
///
/// ```no_run
/// use std::sync::Arc;
/// use strongroom_core::{Context, OwnerId, Result, Secrets};
/// use strongroom_remote::{Config, RemoteStore};
/// use uuid::Uuid;
///
/// # async fn example(api_key: secrecy::SecretString) -> Result<()> {
/// let mut config = Config::new("https://strongroom.example");
/// config.api_key = Some(api_key);
/// let store = RemoteStore::open(config)?;
/// // Who calls, the server knows by the key.
/// let context = Context::full(OwnerId::from(Uuid::nil()), "library");
/// let db = Secrets::new(Arc::new(store), context).get("db").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RemoteStore {
    client: Arc<Client>,
}

impl RemoteStore {
    /// Checks the configuration. Nothing is sent before the first call.
    ///
    /// # Errors
    /// `ConfigInvalid` that names the key and the remedy.
    pub fn open(config: Config) -> Result<Self> {
        Ok(Self { client: Arc::new(Client::new(config.checked()?)) })
    }

    /// The server's URL.
    #[must_use]
    pub fn url(&self) -> &str {
        self.client.base()
    }

    /// What the server says of itself; asked once.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` if it does not answer, `Unexpected` if something else answers there.
    pub async fn server(&self) -> Result<ServerInfo> {
        self.client.server(Instant::now() + Context::TIMEOUT).await.cloned()
    }

    /// Logs in now, and not with the first call.
    ///
    /// # Errors
    /// `StoreRefused` if the server refuses the credentials, `RateLimited` if it did so too often.
    pub async fn log_in(&self) -> Result<()> {
        let end = Instant::now() + Context::TIMEOUT;
        self.client.server(end).await?;
        self.client.log_in(end).await
    }

    /// The accounts of the server.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.client.clone())
    }
}

/// Everything that acts for the server's account. What the context says of the actor is not looked at, and narrower
/// rights than full ones are refused, since nobody would hold the caller to them.
#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl SecretsStore for RemoteStore {
    async fn create(&self, cx: &Context, new: NewSecret) -> Result<Secret> {
        Calling::begin(&self.client, cx).await?.create(&new).await
    }

    async fn get(&self, cx: &Context, which: &[SecretRef], options: &GetOptions) -> Vec<Result<Secret>> {
        let calling = match Calling::begin(&self.client, cx).await {
            Ok(calling) => calling,
            Err(error) => return which.iter().map(|_| Err(error.clone())).collect(),
        };
        calling.get_all(which, options).await
    }

    async fn list(&self, cx: &Context, filter: &SecretFilter) -> Result<Page<SecretMeta>> {
        filter.check()?;
        let page = Calling::begin(&self.client, cx).await?.page(filter).await?;
        let items = page.items.iter().map(SecretView::meta).collect::<Result<_>>()?;
        let PageView { index, max_size, total_pages, total, .. } = page;
        Ok(Page { index, max_size, total_pages, total, items })
    }

    async fn update(&self, cx: &Context, which: &SecretRef, update: SecretUpdate) -> Result<SecretMeta> {
        Calling::begin(&self.client, cx).await?.update(which, &update).await
    }

    async fn delete(&self, cx: &Context, which: &SecretRef, expected: Option<Revision>) -> Result<()> {
        Calling::begin(&self.client, cx).await?.delete(which, expected).await
    }

    async fn versions(&self, cx: &Context, which: &SecretRef) -> Result<Vec<Version>> {
        Calling::begin(&self.client, cx).await?.versions(which).await
    }

    async fn check(&self) -> Result<()> {
        let end = Instant::now() + Context::TIMEOUT;
        let message = Message::new(Method::GET, "/secrets?size=1");
        self.client.call(Call { message, about: About::default(), end }).await.map(drop)
    }
}

impl fmt::Debug for RemoteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteStore")
            .field("url", &self.url())
            .field("login", self.client.login())
            .finish_non_exhaustive()
    }
}
