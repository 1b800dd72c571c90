//! Azure Key Vault keeps the promises of a back-end, and the engine on it those of a store.

mod site;

use site::{Site, Vault};
use std::sync::{Arc, Mutex, PoisonError};
use strongroom_core::{
    Access, Backend, Context, Error, ErrorKind, NamespaceId, Origin, OwnerId, Result, SecretsStore,
    async_trait, settings::Setting,
};
use strongroom_testkit::{BackendSubject, StoreSubject, backend_suite, store_suite};
use uuid::Uuid;

struct Values(Vault);

impl Values {
    fn kept_when_deleted() -> Self {
        Self(Vault::new())
    }

    fn purged() -> Self {
        Self(Vault::new().with("purge", Setting::Bool(true)))
    }

    fn deleted_at_leisure() -> Self {
        Self(Vault::slow())
    }
}

#[async_trait]
impl BackendSubject for Values {
    async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        self.0.open(namespace).await
    }

    // More than a page of the service's lists.
    fn more_than_a_page(&self) -> usize {
        30
    }
}

struct Store {
    vault: Vault,
    others: [OwnerId; 2],
    last: Mutex<Option<Arc<Site>>>,
}

impl Store {
    fn new() -> Self {
        let others = [OwnerId(Uuid::new_v4()), OwnerId(Uuid::new_v4())];
        Self { vault: Vault::new(), others, last: Mutex::new(None) }
    }

    fn last(&self) -> Result<Arc<Site>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.ok_or_else(|| Error::new(ErrorKind::Unexpected, "nothing was opened yet"))
    }

    async fn engine(&self, site: &Site) -> Result<Arc<dyn SecretsStore>> {
        let backend = self.vault.open(site.identity.namespace).await?;
        Ok(Arc::new(site.engine(backend, site::quick()).await))
    }
}

#[async_trait]
impl StoreSubject for Store {
    async fn open(&self) -> Result<Arc<dyn SecretsStore>> {
        let site = Arc::new(site::site().await);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(site.clone());
        self.engine(&site).await
    }

    async fn another(&self) -> Result<Arc<dyn SecretsStore>> {
        self.engine(&*self.last()?).await
    }

    async fn context(&self, account: usize, access: Access) -> Result<Context> {
        let owner = self.last()?.identity.owner.id;
        let actor = if account == 0 { owner } else { self.others[account - 1] };
        Ok(Context::new(actor, access, Origin::new("test")))
    }
}

mod azure {
    use super::*;
    backend_suite!(Values::kept_when_deleted());
}

mod azure_with_purge {
    use super::*;
    backend_suite!(Values::purged());
}

mod azure_at_leisure {
    use super::*;
    backend_suite!(Values::deleted_at_leisure());
}

mod azure_store {
    use super::*;
    store_suite!(Store::new());
}
