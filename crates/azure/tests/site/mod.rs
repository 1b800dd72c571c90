//! A deployment whose values are in Azure Key Vault, or in its emulator.
#![allow(dead_code, unused_imports, reason = "each test target uses a part of it")]

mod deleted;
mod operator;
mod service;
mod tenant;
mod vault;

pub(crate) use deleted::{deleted, token};
pub(crate) use operator::Operator;
pub(crate) use service::Service;
pub(crate) use strongroom_testkit::{
    Clock,
    cloud::{CANARY, Section, Site, everything, quick, replacing, text, uncached},
};
pub(crate) use tenant::{authority, emulator, options, variable, variables};
pub(crate) use vault::{bare, purging, slow, vault, warm};

use std::{path::Path, sync::Arc};
use strongroom_engine::{Catalog, Env};
use strongroom_sql::{Options, SqlCatalog};

/// A catalog on SQLite.
pub(crate) async fn sqlite(file: &Path, clock: &Arc<Clock>) -> Arc<dyn Catalog> {
    let env: Arc<dyn Env> = clock.clone();
    Arc::new(SqlCatalog::open(Options::new(file.to_str().unwrap(), env)).await.unwrap())
}
