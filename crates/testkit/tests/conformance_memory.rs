//! What is in memory keeps the promises.

use std::{sync::Arc, time::Duration};
use strongroom_core::{Backend, Limits, NamespaceId, Owner, Removal, Result, async_trait};
use strongroom_engine::{Catalog, MemoryCatalog};
use strongroom_testkit::{
    BackendSubject, CatalogSubject, Held, MemoryBackend, TestEnv, backend_suite, catalog_suite,
};

struct Catalogs(TestEnv);

impl Catalogs {
    fn new() -> Self {
        Self(TestEnv::new(1))
    }
}

#[async_trait]
impl CatalogSubject for Catalogs {
    async fn open(&self, _accounts: &[Owner]) -> Result<Arc<dyn Catalog>> {
        Ok(Arc::new(MemoryCatalog::new(Arc::new(self.0.clone()))))
    }

    async fn sleep(&self, time: Duration) {
        self.0.advance(time);
    }
}

mod catalog {
    use super::*;

    catalog_suite!(Catalogs::new());
}

/// Like a service that does everything.
#[derive(Default)]
struct Generous(Held);

#[async_trait]
impl BackendSubject for Generous {
    async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        let limits = Limits::new(65_536, Removal::Destroys).bulk_read(20);
        Ok(Arc::new(MemoryBackend::new(&self.0, namespace).limits(limits)))
    }
}

mod generous {
    use super::*;

    backend_suite!(Generous::default());
}

/// Like a service that tells nothing, makes twins and takes little.
#[derive(Default)]
struct Frugal(Held);

#[async_trait]
impl BackendSubject for Frugal {
    async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        let limits = Limits::new(25_000, Removal::Disables).history(3);
        let backend = MemoryBackend::new(&self.0, namespace).limits(limits).page(1);
        Ok(Arc::new(backend.tells_uids(false).shows_labels(false).twins(true)))
    }
}

mod frugal {
    use super::*;

    backend_suite!(Frugal::default());
}
