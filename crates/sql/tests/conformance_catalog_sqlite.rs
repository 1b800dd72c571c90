//! A SQLite file keeps the promises of a catalog.
#![cfg(feature = "sqlite")]

mod common;

use common::options;
use std::sync::Arc;
use strongroom_core::{Owner, Result, async_trait};
use strongroom_engine::Catalog;
use strongroom_sql::SqlCatalog;
use strongroom_testkit::{CatalogSubject, catalog_suite};
use uuid::Uuid;

struct Files(tempfile::TempDir);

#[async_trait]
impl CatalogSubject for Files {
    async fn open(&self, accounts: &[Owner]) -> Result<Arc<dyn Catalog>> {
        let path = self.0.path().join(Uuid::new_v4().to_string());
        let catalog = SqlCatalog::open(options(path.to_string_lossy())).await?;
        for account in accounts {
            catalog.add_owner(account).await?;
        }
        Ok(Arc::new(catalog))
    }
}

catalog_suite!(Files(tempfile::tempdir().unwrap()));
