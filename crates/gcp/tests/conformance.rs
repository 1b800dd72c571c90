//! Google Cloud Secret Manager keeps the promises of a back-end, and the engine on it those of a store.

mod site;

use site::{Section, Service, account};
use std::sync::Arc;
use strongroom_core::{Backend, NamespaceId, Result, async_trait};
use strongroom_testkit::{BackendSubject, backend_suite, cloud::CloudStore, store_suite};

struct Values(Section);

impl Values {
    /// Secrets that Google keeps where it likes.
    fn global() -> Self {
        Self(account())
    }

    /// Secrets of one region.
    fn regional() -> Self {
        Self(account().text("location", "europe-west1"))
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

mod gcp {
    use super::*;
    backend_suite!(Values::global());
}

mod gcp_regional {
    use super::*;
    backend_suite!(Values::regional());
}

mod gcp_store {
    use super::*;
    store_suite!(CloudStore::new(Service));
}

mod gcp_store_sealed {
    use super::*;
    store_suite!(CloudStore::new(Service).sealing());
}
