//! The engine over a SQL catalog keeps every promise of `SecretsStore`, on each database, wherever values go.
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]

mod common;

use common::{
    engine::Deployment,
    options,
    server::{Databases, Server},
};
use std::sync::{Arc, Mutex, PoisonError};
use strongroom_core::{
    Access, Context, Error, ErrorKind, Origin, Owner, OwnerId, Result, SecretsStore, async_trait,
};
use strongroom_sql::SqlCatalog;
use strongroom_testkit::{StoreSubject, store_suite};
use uuid::Uuid;

/// Where the catalog is.
enum Place {
    Files(tempfile::TempDir),
    Server(Databases),
}

struct Subject {
    place: Place,
    external: bool,
    others: [Owner; 2],
    last: Mutex<Option<Opened>>,
}

#[derive(Clone)]
struct Opened {
    deployment: Deployment,
    url: String,
    owner: OwnerId,
}

impl Subject {
    fn new(place: Place, external: bool) -> Self {
        let other = |name: &str| Owner {
            id: OwnerId(Uuid::new_v4()),
            name: name.to_owned(),
            full_name: String::new(),
        };
        Self { place, external, others: [other("bo"), other("cy")], last: Mutex::new(None) }
    }

    fn on_files(external: bool) -> Self {
        Self::new(Place::Files(tempfile::tempdir().unwrap()), external)
    }

    fn on_server(server: Server, external: bool) -> Self {
        Self::new(Place::Server(Databases::on(server)), external)
    }

    fn last(&self) -> Result<Opened> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.ok_or_else(|| Error::new(ErrorKind::Unexpected, "nothing was opened yet"))
    }
}

#[async_trait]
impl StoreSubject for Subject {
    async fn open(&self) -> Result<Arc<dyn SecretsStore>> {
        let url = match &self.place {
            Place::Files(directory) => {
                directory.path().join(Uuid::new_v4().to_string()).to_string_lossy().into_owned()
            }
            Place::Server(databases) => databases.fresh().await,
        };
        let deployment = if self.external { Deployment::external() } else { Deployment::inline() };
        let catalog = SqlCatalog::open(options(url.clone())).await?;
        let process = deployment.process(catalog).await;
        for other in &self.others {
            process.catalog.add_owner(other).await?;
        }
        let owner = process.identity.owner.id;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Opened { deployment, url, owner });
        Ok(Arc::new(process.engine))
    }

    async fn another(&self) -> Result<Arc<dyn SecretsStore>> {
        let last = self.last()?;
        let catalog = SqlCatalog::open(options(last.url)).await?;
        Ok(Arc::new(last.deployment.process(catalog).await.engine))
    }

    async fn context(&self, account: usize, access: Access) -> Result<Context> {
        let owner = self.last()?.owner;
        let actor = if account == 0 { owner } else { self.others[account - 1].id };
        Ok(Context::new(actor, access, Origin::new("test")))
    }

    async fn finish(&self) {
        if let Place::Server(databases) = &self.place {
            databases.drop_all().await;
        }
    }
}

mod sqlite_inline {
    use super::*;
    store_suite!(Subject::on_files(false));
}

mod sqlite_external {
    use super::*;
    store_suite!(Subject::on_files(true));
}

mod postgres {
    use super::*;
    store_suite!(Subject::on_server(Server::Postgres, false), ignore = "needs PostgreSQL: cargo xtask test");
}

mod mariadb {
    use super::*;
    store_suite!(Subject::on_server(Server::MariaDb, true), ignore = "needs MariaDB: cargo xtask test");
}
