//! Azure Key Vault keeps the promises of a back-end, and the engine on it those of a store.

mod site;

use site::{Section, Service, purging, slow, vault};
use std::sync::Arc;
use strongroom_core::{Backend, NamespaceId, Result, async_trait};
use strongroom_testkit::{BackendSubject, backend_suite, cloud::CloudStore, store_suite};

struct Values(Section);

impl Values {
    fn kept_when_deleted() -> Self {
        Self(vault())
    }

    fn purged() -> Self {
        Self(purging(vault()))
    }

    fn deleted_at_leisure() -> Self {
        Self(slow())
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
    store_suite!(CloudStore::new(Service::new()));
}

mod azure_store_sealed {
    use super::*;
    store_suite!(CloudStore::new(Service::new()).sealing());
}
