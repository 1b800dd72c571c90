//! Engines over a catalog.

use super::env;
use secrecy::ExposeSecret as _;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use strongroom_core::{Backend, Context, ObjectId, Secret, Secrets, VersionRef};
use strongroom_engine::{
    Catalog, Engine, EngineOptions, Identity, LOCAL_CHAIN, Misplaced, Parts, Place, Store, StoreName,
    crypto::RootKey, initialise,
};
use strongroom_sql::SqlCatalog;
use strongroom_testkit::{Held, MemoryBackend};

/// What the engines of one deployment share.
#[derive(Clone)]
pub(crate) struct Deployment {
    root: Arc<RootKey>,
    /// What the service holds, if values go to one.
    pub(crate) held: Option<Held>,
}

/// One process.
pub(crate) struct Process {
    pub(crate) catalog: SqlCatalog,
    pub(crate) engine: Engine,
    pub(crate) identity: Identity,
}

impl Deployment {
    /// With values in the catalog.
    pub(crate) fn inline() -> Self {
        Self { root: Arc::new(RootKey::generate().unwrap()), held: None }
    }

    /// With values in the catalog, and this root key.
    pub(crate) fn of(root: &str) -> Self {
        Self { root: Arc::new(RootKey::parse(root).unwrap()), held: None }
    }

    /// With values at a service.
    pub(crate) fn external() -> Self {
        Self { held: Some(Held::new()), ..Self::inline() }
    }

    /// An engine over a catalog of this deployment.
    pub(crate) async fn process(&self, catalog: SqlCatalog) -> Process {
        let env = env();
        let identity = initialise(&catalog, &*self.root, &*env, "admin", None).await.unwrap();
        let name = StoreName::new("main").unwrap();
        let stores = self.held.iter().map(|held| {
            let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::new(held, identity.namespace));
            Store::new(name.clone(), backend, false)
        });
        let mut options = EngineOptions::default();
        options.backoff = Duration::from_millis(5);
        // What cannot be waited for in a test.
        options.late = Duration::ZERO;
        let engine = Engine::open(Parts {
            catalog: Arc::new(catalog.clone()),
            identity: identity.clone(),
            roots: self.root.clone(),
            env,
            stores: stores.collect(),
            target: self.held.as_ref().map(|_| name),
            options,
        })
        .await
        .unwrap();
        Process { catalog, engine, identity }
    }
}

impl Process {
    pub(crate) fn context(&self) -> Context {
        Context::full(self.identity.owner.id, "test")
    }

    pub(crate) fn secrets(&self) -> Secrets {
        Secrets::new(Arc::new(self.engine.clone()), self.context())
    }

    /// Works on everything that is left, at once; then the log is whole and the service holds what the catalog names.
    pub(crate) async fn assert_whole(&self, held: Option<&Held>) {
        for _ in 0..3 {
            self.engine.repair(strongroom_engine::RepairOptions::new()).await.unwrap();
        }
        self.engine.verify_audit(LOCAL_CHAIN).await.unwrap();
        let Some(held) = held else { return };
        assert_eq!(self.catalog.pending(9).await.unwrap(), [], "something is still to be removed");
        let inventory = held.inventory(self.identity.namespace);
        let there: BTreeSet<(ObjectId, Option<VersionRef>)> = inventory
            .into_iter()
            .flat_map(|(object, versions)| {
                let shell = versions.is_empty().then_some((object, None));
                versions.into_iter().map(move |(at, _)| (object, Some(at))).chain(shell)
            })
            .collect();
        let rows = self.catalog.versions_to_move(None, 100_000, &Misplaced::NotIn(None)).await.unwrap();
        let named = rows.iter().map(|row| match &row.version.place {
            Place::External { object, at, .. } => (*object, Some(at.clone())),
            Place::Inline { .. } => unreachable!("only external ones were asked for"),
        });
        assert_eq!(there, named.collect(), "left: at the service, right: in the catalog");
    }
}

/// A value as text.
pub(crate) fn text(secret: &Secret, key: &str) -> String {
    secret.values.get(key).expect("no such key").expose_secret().to_owned()
}
