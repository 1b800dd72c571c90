//! PostgreSQL keeps the promises of a catalog.
#![cfg(feature = "postgres")]

mod common;

use common::{
    options,
    server::{Databases, Server},
};
use std::sync::Arc;
use strongroom_core::{Owner, Result, async_trait};
use strongroom_engine::Catalog;
use strongroom_sql::SqlCatalog;
use strongroom_testkit::{CatalogSubject, catalog_suite};

struct Subject(Databases);

#[async_trait]
impl CatalogSubject for Subject {
    async fn open(&self, accounts: &[Owner]) -> Result<Arc<dyn Catalog>> {
        let catalog = SqlCatalog::open(options(self.0.fresh().await)).await?;
        for account in accounts {
            catalog.add_owner(account).await?;
        }
        Ok(Arc::new(catalog))
    }

    async fn finish(&self) {
        self.0.drop_all().await;
    }
}

catalog_suite!(Subject(Databases::on(Server::Postgres)), ignore = "needs PostgreSQL: cargo xtask test");
