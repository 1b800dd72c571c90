//! An engine on a fresh SQLite file, with a clock that can be put forward.
#![allow(dead_code, reason = "each test target uses a part of it")]

use std::sync::Arc;
use strongroom_core::Context;
use strongroom_engine::{Engine, EngineOptions, Parts, crypto::RootKey, initialise};
use strongroom_sql::{Options, SqlCatalog};
use strongroom_testkit::Clock;

pub(crate) struct Site {
    /// Goes when this does.
    _directory: tempfile::TempDir,
    pub(crate) clock: Arc<Clock>,
    pub(crate) catalog: Arc<SqlCatalog>,
    pub(crate) engine: Engine,
    /// The owner's, with all rights.
    pub(crate) cx: Context,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let (directory, clock) = (tempfile::tempdir().unwrap(), Clock::start());
        let url = format!("sqlite:{}", directory.path().join("strongroom.db").display());
        let catalog = SqlCatalog::open(Options::new(url, clock.clone())).await.unwrap();
        let (catalog, roots) = (Arc::new(catalog), Arc::new(RootKey::generate().unwrap()));
        let identity = initialise(&*catalog, &*roots, &*clock, "admin", None).await.unwrap();
        let cx = Context::full(identity.owner.id, "test");
        let parts = Parts {
            catalog: catalog.clone(),
            identity,
            roots,
            env: clock.clone(),
            stores: Vec::new(),
            target: None,
            options: EngineOptions::default(),
        };
        let engine = Engine::open(parts).await.unwrap();
        Self { _directory: directory, clock, catalog, engine, cx }
    }
}
