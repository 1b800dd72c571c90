//! A deployment whose values are in Google Cloud Secret Manager, or in its emulator.
#![allow(dead_code, unused_imports, reason = "each test target uses a part of it")]

mod account;
mod project;

pub(crate) use account::Account;
pub(crate) use project::{credentials, emulator, variable, variables};

use futures::future::BoxFuture;
use secrecy::ExposeSecret as _;
use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use strongroom_core::{
    Access, Backend, Context, ObjectId, Origin, OwnerId, Secret, SecretId, SecretUpdate, SecretValues,
    Secrets, Timestamp, ValuesChange, VersionRef,
};
use strongroom_engine::{
    Catalog, Engine, EngineOptions, Env, Identity, Lookup, Misplaced, Parts, Place, RootKeys, Row, Store,
    StoreName, crypto::RootKey, initialise,
};
use strongroom_sql::{Options, SqlCatalog};
use tempfile::TempDir;
use uuid::Uuid;

/// A value that no error may show, in no form.
pub(crate) const CANARY: &str = "c4n4ry-v4lue";

/// Goes like the host's clocks, but for the hours that were skipped. Who sleeps does not notice those.
pub(crate) struct Clock {
    start: Instant,
    skipped: AtomicU64,
}

impl Clock {
    pub(crate) fn start() -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), skipped: AtomicU64::new(0) })
    }

    /// Puts both clocks forward.
    pub(crate) fn skip(&self, time: Duration) {
        self.skipped.fetch_add(u64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
    }

    fn skipped(&self) -> Duration {
        Duration::from_micros(self.skipped.load(Ordering::SeqCst))
    }
}

impl Env for Clock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp(i64::try_from(since.as_micros()).unwrap()).plus(self.skipped())
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed() + self.skipped()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn random(&self) -> u128 {
        Uuid::new_v4().as_u128()
    }
}

/// A catalog on SQLite with its identity.
pub(crate) struct Site {
    pub(crate) clock: Arc<Clock>,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) root: Arc<RootKey>,
    pub(crate) identity: Identity,
    pub(crate) directory: TempDir,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let (directory, clock) = (tempfile::tempdir().unwrap(), Clock::start());
        let catalog = sqlite(&directory.path().join("strongroom.db"), &clock).await;
        let root = Arc::new(RootKey::generate().unwrap());
        let identity = initialise(&*catalog, &*root, &*clock, "admin", None).await.unwrap();
        Self { clock, catalog, root, identity, directory }
    }

    /// An engine whose values go to this back-end.
    pub(crate) async fn engine(&self, backend: Arc<dyn Backend>, options: EngineOptions) -> Engine {
        self.sealing_engine(backend, options, false).await
    }

    pub(crate) async fn sealing_engine(
        &self,
        backend: Arc<dyn Backend>,
        options: EngineOptions,
        seal: bool,
    ) -> Engine {
        let name = StoreName::new("main").unwrap();
        Engine::open(Parts {
            catalog: self.catalog.clone(),
            identity: self.identity.clone(),
            roots: self.root.clone(),
            env: self.clock.clone(),
            stores: vec![Store::new(name.clone(), backend, seal)],
            target: Some(name),
            options,
        })
        .await
        .unwrap()
    }

    pub(crate) fn secrets(&self, engine: &Engine) -> Secrets {
        Secrets::new(Arc::new(engine.clone()), Context::full(self.identity.owner.id, "test"))
    }

    pub(crate) async fn row(&self, id: SecretId) -> Row {
        self.catalog.current(&[Lookup::Id(id)]).await.unwrap().remove(0).expect("no such secret")
    }

    /// Where the current version of a secret is.
    pub(crate) async fn place(&self, id: SecretId) -> (ObjectId, VersionRef) {
        outside(&self.row(id).await)
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

    /// What the service holds is what version rows name, no more and no less, and shows the committed versions.
    pub(crate) async fn assert_accounted(&self, backend: &dyn Backend) {
        let mut there = BTreeSet::new();
        let rows = self.catalog.versions_to_move(None, 100_000, &Misplaced::NotIn(None)).await.unwrap();
        for found in everything(backend).await {
            if found.newest {
                let current = rows.iter().map(outside).any(|at| Some(&at.1) == found.at.as_ref());
                assert!(current, "the service shows another version than a committed one");
            }
            there.insert((found.object, found.at));
        }
        let named: BTreeSet<_> = rows.iter().map(outside).map(|(object, at)| (object, Some(at))).collect();
        assert_eq!(there, named, "left: at the service, right: in the catalog");
    }
}

/// All that a scan shows.
pub(crate) async fn everything(backend: &dyn Backend) -> Vec<strongroom_core::Found> {
    let (mut found, mut from) = (Vec::new(), None::<String>);
    loop {
        let page = backend.scan(None, from.as_deref()).await.unwrap();
        found.extend(page.found);
        from = match page.next {
            Some(next) => Some(next),
            None => return found,
        };
    }
}

pub(crate) async fn sqlite(path: &Path, clock: &Arc<Clock>) -> Arc<SqlCatalog> {
    let env: Arc<dyn Env> = clock.clone();
    Arc::new(SqlCatalog::open(Options::new(path.to_str().unwrap(), env)).await.unwrap())
}

fn outside(row: &Row) -> (ObjectId, VersionRef) {
    match &row.version.place {
        Place::External { object, at, .. } => (*object, at.clone()),
        Place::Inline { .. } => panic!("a value in the catalog"),
    }
}

/// The defaults, but repeats come soon and nothing is waited for long.
pub(crate) fn quick() -> EngineOptions {
    let mut options = EngineOptions::default();
    options.backoff = Duration::from_millis(5);
    options
}

/// The same without a cache: each read reads.
pub(crate) fn uncached() -> EngineOptions {
    let mut options = quick();
    options.cache_bytes = 0;
    options
}

/// Puts values in place of what was there.
pub(crate) fn replacing(key: &str, value: &str) -> SecretUpdate {
    SecretUpdate::new().values(ValuesChange::Replace([(key, value)].into_iter().collect::<SecretValues>()))
}

/// A value as text.
pub(crate) fn text(secret: &Secret, key: &str) -> String {
    secret.values.get(key).expect("no such key").expose_secret().to_owned()
}
