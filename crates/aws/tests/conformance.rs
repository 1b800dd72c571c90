//! AWS Secrets Manager keeps the promises of a back-end, and the engine on it those of a store.

mod site;

use site::{Section, Service, account};
use std::sync::Arc;
use strongroom_core::{Backend, NamespaceId, Result, async_trait};
use strongroom_testkit::{BackendSubject, backend_suite, cloud::CloudStore, store_suite};

struct Values(Section);

impl Values {
    fn deleting_at_once() -> Self {
        Self(account())
    }

    fn deleting_later() -> Self {
        Self(account().with("recovery_days", strongroom_core::settings::Setting::Int(7)))
    }
}

#[async_trait]
impl BackendSubject for Values {
    async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        self.0.open(namespace).await
    }

    // More than a page of the service's lists.
    fn more_than_a_page(&self) -> usize {
        120
    }
}

mod moto {
    use super::*;
    backend_suite!(Values::deleting_at_once(), ignore = "needs AWS or moto: cargo xtask test");
}

mod moto_with_recovery {
    use super::*;
    backend_suite!(Values::deleting_later(), ignore = "needs AWS or moto: cargo xtask test");
}

mod moto_store {
    use super::*;
    store_suite!(CloudStore::new(Service), ignore = "needs AWS or moto: cargo xtask test");
}

mod moto_store_sealed {
    use super::*;
    store_suite!(CloudStore::new(Service).sealing(), ignore = "needs AWS or moto: cargo xtask test");
}
