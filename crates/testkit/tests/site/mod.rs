//! A deployment for tests: a catalog with its identity, and engines over it.
#![allow(dead_code, unused_imports, reason = "each test target uses a part of it")]

mod counting;
pub(crate) mod files;
mod raw;

pub(crate) use counting::{Counter, counted};
pub(crate) use raw::Raw;

use secrecy::ExposeSecret as _;
use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};
use strongroom_core::{
    Backend, Context, Error, ObjectId, Secret, SecretId, SecretMeta, SecretUpdate, SecretValues, Secrets,
    ValuesChange, VersionRef,
};
use strongroom_engine::{
    Catalog, Engine, EngineOptions, Env, Identity, Lookup, MemoryCatalog, Misplaced, Parts, Place, RootKeys,
    Row, Store, StoreName, crypto::RootKey, initialise,
};
use strongroom_sql::{Options, SqlCatalog};
pub(crate) use strongroom_testkit::Clock;
use strongroom_testkit::{Held, MemoryBackend};

/// A value that no error may show, in no form.
pub(crate) const CANARY: &str = "c4n4ry-v4lue";

/// What engines of one deployment share.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) clock: Arc<Clock>,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) root: Arc<RootKey>,
    pub(crate) identity: Identity,
}

impl Site {
    /// With a catalog in memory.
    pub(crate) async fn in_memory() -> Self {
        let clock = Clock::start();
        Self::over(Arc::new(MemoryCatalog::new(clock.clone())), &clock, None).await
    }

    /// With a SQLite file.
    pub(crate) async fn in_file(path: &Path) -> Self {
        let clock = Clock::start();
        Self::over(Arc::new(sqlite(path, &clock).await), &clock, None).await
    }

    /// With a catalog that may have an identity, which `root` opens.
    pub(crate) async fn over(
        catalog: Arc<dyn Catalog>,
        clock: &Arc<Clock>,
        root: Option<Arc<RootKey>>,
    ) -> Self {
        let root = root.unwrap_or_else(|| Arc::new(RootKey::generate().unwrap()));
        let identity = initialise(&*catalog, &*root, &**clock, "admin", None).await.unwrap();
        Self { clock: clock.clone(), catalog, root, identity }
    }

    /// An engine; new values go to the first of the stores, or into the catalog if there is none.
    pub(crate) async fn engine(&self, stores: Vec<Store>, options: EngineOptions) -> Engine {
        self.open(self.root.clone(), stores, options).await.unwrap()
    }

    /// An engine that writes into the catalog, and reads what is still in stores.
    pub(crate) async fn inline_engine(&self, stores: Vec<Store>, options: EngineOptions) -> Engine {
        let parts = Parts { target: None, ..self.parts(self.root.clone(), stores, options) };
        Engine::open(parts).await.unwrap()
    }

    /// The same with another root key.
    pub(crate) async fn open(
        &self,
        roots: Arc<dyn RootKeys>,
        stores: Vec<Store>,
        options: EngineOptions,
    ) -> Result<Engine, Error> {
        Engine::open(self.parts(roots, stores, options)).await
    }

    fn parts(&self, roots: Arc<dyn RootKeys>, stores: Vec<Store>, options: EngineOptions) -> Parts {
        Parts {
            catalog: self.catalog.clone(),
            identity: self.identity.clone(),
            roots,
            env: self.clock.clone(),
            target: stores.first().map(|store| store.name.clone()),
            stores,
            options,
        }
    }

    /// This deployment's part of a service.
    pub(crate) fn service(&self, held: &Held) -> MemoryBackend {
        MemoryBackend::new(held, self.identity.namespace)
    }

    /// The full rights of the owner.
    pub(crate) fn context(&self) -> Context {
        Context::full(self.identity.owner.id, "test")
    }

    /// A handle with them.
    pub(crate) fn secrets(&self, engine: &Engine) -> Secrets {
        Secrets::new(Arc::new(engine.clone()), self.context())
    }

    /// A secret's row with its current version.
    pub(crate) async fn row(&self, id: SecretId) -> Row {
        self.catalog.current(&[Lookup::Id(id)]).await.unwrap().remove(0).expect("no such secret")
    }

    /// Where the current version of a secret is at the service.
    pub(crate) async fn place(&self, id: SecretId) -> (ObjectId, VersionRef) {
        outside(&self.row(id).await).expect("it is in the catalog")
    }

    /// Lets everything that may come late come, and sweeps until nothing is left to do.
    pub(crate) async fn settle(&self, engine: &Engine) {
        for _ in 0..4 {
            self.clock.skip(Duration::from_secs(2 * 3600));
            let swept = engine.sweep().await.unwrap();
            assert_eq!(swept.failed, 0, "{swept:?}");
        }
        assert_eq!(self.catalog.pending(10).await.unwrap(), [], "something is still to be removed");
    }

    /// What the service holds is what version rows name, no more and no less.
    pub(crate) async fn assert_accounted(&self, held: &Held) {
        let inventory = held.inventory(self.identity.namespace);
        let there: BTreeSet<(ObjectId, Option<VersionRef>)> = inventory
            .into_iter()
            .flat_map(|(object, versions)| {
                // An object without versions is something that nobody accounts for.
                let shell = versions.is_empty().then_some((object, None));
                versions.into_iter().map(move |(at, _)| (object, Some(at))).chain(shell)
            })
            .collect();
        let rows = self.catalog.versions_to_move(None, 100_000, &Misplaced::NotIn(None)).await.unwrap();
        let named = rows.iter().map(|row| outside(row).map(|(object, at)| (object, Some(at))).unwrap());
        assert_eq!(there, named.collect(), "left: at the service, right: in the catalog");
    }
}

/// A catalog in a SQLite file.
pub(crate) async fn sqlite(path: &Path, clock: &Arc<Clock>) -> SqlCatalog {
    let env: Arc<dyn Env> = clock.clone();
    SqlCatalog::open(Options::new(path.to_str().unwrap(), env)).await.unwrap()
}

fn outside(row: &Row) -> Option<(ObjectId, VersionRef)> {
    match &row.version.place {
        Place::External { object, at, .. } => Some((*object, at.clone())),
        Place::Inline { .. } => None,
    }
}

/// A store that is called `main`.
pub(crate) fn main_store(backend: impl Backend + 'static, seal: bool) -> Store {
    named("main", Arc::new(backend), seal)
}

/// A store.
pub(crate) fn named(name: &str, backend: Arc<dyn Backend>, seal: bool) -> Store {
    Store::new(StoreName::new(name).unwrap(), backend, seal)
}

/// The defaults, but repeats come soon.
pub(crate) fn quick() -> EngineOptions {
    let mut options = EngineOptions::default();
    options.backoff = Duration::from_millis(2);
    options
}

/// The same without a cache: each read reads.
pub(crate) fn uncached() -> EngineOptions {
    let mut options = quick();
    options.cache_bytes = 0;
    options
}

/// Values of one key.
pub(crate) fn one(key: &str, value: &str) -> SecretValues {
    [(key, value)].into_iter().collect()
}

/// Puts values in place of what was there.
pub(crate) async fn replace(secrets: &Secrets, id: SecretId, values: SecretValues) -> SecretMeta {
    secrets
        .update(&id.into(), SecretUpdate::new().values(ValuesChange::Replace(values)))
        .await
        .expect("the new values were refused")
}

/// A value as text.
pub(crate) fn text(secret: &Secret, key: &str) -> String {
    secret.values.get(key).expect("no such key").expose_secret().to_owned()
}

/// The chain of the engine holds, and has that many entries at least.
pub(crate) async fn assert_audited(engine: &Engine, at_least: u64) {
    let head = engine.verify_audit(strongroom_engine::LOCAL_CHAIN).await.unwrap();
    assert!(head.sequence >= at_least, "only {} entries", head.sequence);
}
