//! A whole store over a service.

use super::{CloudSubject, Site, quick};
use crate::StoreSubject;
use std::sync::{Arc, Mutex, PoisonError};
use strongroom_core::{
    Access, Context, Error, ErrorKind, Origin, OwnerId, Result, SecretsStore, async_trait,
};
use uuid::Uuid;

/// The engine over a service, for [`store_suite!`](crate::store_suite).
pub struct CloudStore<S> {
    subject: S,
    seal: bool,
    others: [OwnerId; 2],
    last: Mutex<Option<Arc<Site>>>,
}

impl<S: CloudSubject> CloudStore<S> {
    /// Whose values go there as they are.
    #[must_use]
    pub fn new(subject: S) -> Self {
        let others = [OwnerId(Uuid::new_v4()), OwnerId(Uuid::new_v4())];
        Self { subject, seal: false, others, last: Mutex::new(None) }
    }

    /// Whose values go there sealed.
    #[must_use]
    pub fn sealing(mut self) -> Self {
        self.seal = true;
        self
    }

    fn last(&self) -> Result<Arc<Site>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.ok_or_else(|| Error::new(ErrorKind::Unexpected, "nothing was opened yet"))
    }

    async fn engine(&self, site: &Site) -> Result<Arc<dyn SecretsStore>> {
        let backend = self.subject.open(site.identity.namespace, None).await;
        Ok(Arc::new(site.sealing_engine(backend, quick(), self.seal).await))
    }
}

#[async_trait]
impl<S: CloudSubject> StoreSubject for CloudStore<S> {
    async fn open(&self) -> Result<Arc<dyn SecretsStore>> {
        let site = Arc::new(Site::of(&self.subject).await);
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
