//! A deployment whose values are in Google Cloud Secret Manager, or in its emulator.
#![allow(dead_code, unused_imports, reason = "each test target uses a part of it")]

mod account;
mod project;
mod service;

pub(crate) use account::{account, bare, without_credentials};
pub(crate) use project::{credentials, emulator, variable, variables};
pub(crate) use service::Service;
pub(crate) use strongroom_testkit::{
    Clock,
    cloud::{CANARY, Section, Site, everything, quick, replacing, text, uncached},
};

use std::{path::Path, sync::Arc};
use strongroom_engine::{Catalog, Env};
use strongroom_sql::{Options, SqlCatalog};

/// A catalog on SQLite.
pub(crate) async fn sqlite(file: &Path, clock: &Arc<Clock>) -> Arc<dyn Catalog> {
    let env: Arc<dyn Env> = clock.clone();
    Arc::new(SqlCatalog::open(Options::new(file.to_str().unwrap(), env)).await.unwrap())
}
