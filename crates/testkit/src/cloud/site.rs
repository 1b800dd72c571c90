//! A deployment whose values are at a service.

use super::CloudSubject;
use crate::Clock;
use secrecy::ExposeSecret as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::Duration,
};
use strongroom_core::{
    Backend, Context, Found, NamespaceId, ObjectId, Result, Secret, SecretId, SecretUpdate, SecretValues,
    Secrets, ValuesChange, VersionRef,
};
use strongroom_engine::{
    Catalog, Engine, EngineOptions, Identity, Lookup, Misplaced, Parts, Place, Row, Store, StoreName,
    Unknown, crypto::RootKey, initialise,
};
use tempfile::TempDir;

/// A value that no error may show, in no form.
pub const CANARY: &str = "c4n4ry-v4lue";

/// The database's file in its directory.
const FILE: &str = "strongroom.db";

/// A catalog with its identity, in a file of its own.
pub struct Site {
    /// The time of its engines.
    pub clock: Arc<Clock>,
    /// The rows.
    pub catalog: Arc<dyn Catalog>,
    /// What opens its keys.
    pub root: Arc<RootKey>,
    /// Namespace and owner.
    pub identity: Identity,
    directory: TempDir,
}

impl Site {
    /// An empty one, over a catalog that `open` makes in the file that it is told.
    ///
    /// # Panics
    /// If that fails.
    pub async fn over(open: impl AsyncFnOnce(&Path, &Arc<Clock>) -> Arc<dyn Catalog>) -> Self {
        Self::make(open, None).await
    }

    async fn make(
        open: impl AsyncFnOnce(&Path, &Arc<Clock>) -> Arc<dyn Catalog>,
        namespace: Option<NamespaceId>,
    ) -> Self {
        let (directory, clock) = (tempfile::tempdir().expect("no directory"), Clock::start());
        let catalog = open(&directory.path().join(FILE), &clock).await;
        let root = Arc::new(RootKey::generate().expect("no root key"));
        let identity = initialise(&*catalog, &*root, &*clock, "admin", namespace).await;
        Self { clock, catalog, root, identity: identity.expect("no identity"), directory }
    }

    /// The same deployment over a copy of its database's files as they are now: what somebody puts back later.
    ///
    /// # Panics
    /// If they cannot be copied.
    pub async fn copied(&self, subject: &dyn CloudSubject) -> Self {
        let directory = tempfile::tempdir().expect("no directory");
        let name = |directory: &TempDir, suffix| directory.path().join(format!("{FILE}{suffix}"));
        for suffix in ["", "-wal"] {
            let from = name(&self.directory, suffix);
            if from.exists() {
                std::fs::copy(from, name(&directory, suffix)).expect("the database cannot be copied");
            }
        }
        let catalog = subject.catalog(&name(&directory, ""), &self.clock).await;
        let (clock, root, identity) = (self.clock.clone(), self.root.clone(), self.identity.clone());
        Self { clock, catalog, root, identity, directory }
    }

    /// Another, empty database that claims the same namespace, with a root key of its own.
    pub async fn beside(&self, subject: &dyn CloudSubject) -> Self {
        let open = async |file: &Path, clock: &Arc<Clock>| subject.catalog(file, clock).await;
        Self::make(open, Some(self.identity.namespace)).await
    }

    /// An empty one over a subject's kind of catalog.
    pub async fn of(subject: &dyn CloudSubject) -> Self {
        Self::over(async |file: &Path, clock: &Arc<Clock>| subject.catalog(file, clock).await).await
    }

    /// An engine whose values go to this back-end.
    pub async fn engine(&self, backend: Arc<dyn Backend>, options: EngineOptions) -> Engine {
        self.sealing_engine(backend, options, false).await
    }

    /// The same, which seals them if told to.
    ///
    /// # Panics
    /// If it cannot be opened.
    pub async fn sealing_engine(
        &self,
        backend: Arc<dyn Backend>,
        options: EngineOptions,
        seal: bool,
    ) -> Engine {
        let name = StoreName::new("main").expect("a store's name");
        let parts = Parts {
            catalog: self.catalog.clone(),
            identity: self.identity.clone(),
            roots: self.root.clone(),
            env: self.clock.clone(),
            stores: vec![Store::new(name.clone(), backend, seal)],
            target: Some(name),
            options,
        };
        Engine::open(parts).await.expect("the engine was refused")
    }

    /// The full rights of the owner.
    #[must_use]
    pub fn context(&self) -> Context {
        Context::full(self.identity.owner.id, "test")
    }

    /// A handle with them.
    #[must_use]
    pub fn secrets(&self, engine: &Engine) -> Secrets {
        Secrets::new(Arc::new(engine.clone()), self.context())
    }

    /// A secret's row with its current version.
    ///
    /// # Panics
    /// If there is no such secret.
    pub async fn row(&self, id: SecretId) -> Row {
        let rows = self.catalog.current(&[Lookup::Id(id)]).await.expect("no rows");
        rows.into_iter().next().flatten().expect("no such secret")
    }

    /// Where the current version of a secret is.
    pub async fn place(&self, id: SecretId) -> (ObjectId, VersionRef) {
        outside(&self.row(id).await)
    }

    /// Lets everything that may come late come, and sweeps until nothing is left to do.
    ///
    /// # Panics
    /// If something is left to do.
    pub async fn settle(&self, engine: &Engine) {
        for _ in 0..4 {
            self.clock.skip(Duration::from_secs(2 * 3600));
            let swept = engine.sweep().await.expect("the sweep failed");
            assert_eq!(swept.failed, 0, "{swept:?}");
        }
        let left = self.catalog.pending(10).await.expect("no rows");
        assert_eq!(left, [], "something is still to be removed");
    }

    /// What the service holds is what version rows name, no more and no less, and it shows the current versions.
    ///
    /// # Panics
    /// If it is not so.
    pub async fn assert_accounted(&self, backend: &dyn Backend) {
        let mut there = BTreeSet::new();
        let all = Misplaced::NotIn(None);
        let rows = self.catalog.versions_to_move(None, 100_000, &all).await.expect("no rows");
        // The current version of a secret is its last one.
        let current: BTreeMap<SecretId, _> = rows.iter().map(|row| (row.meta.id, outside(row))).collect();
        for found in everything(backend).await {
            if found.newest {
                let shown = current
                    .values()
                    .any(|(object, at)| (*object, Some(at)) == (found.object, found.at.as_ref()));
                assert!(shown, "the service shows another version than the current one: {found:?}");
            }
            there.insert((found.object, found.at));
        }
        let named: BTreeSet<_> = rows.iter().map(outside).map(|(object, at)| (object, Some(at))).collect();
        assert_eq!(there, named, "left: at the service, right: in the catalog");
    }
}

/// All that a scan shows.
///
/// # Panics
/// If the service cannot be scanned.
pub async fn everything(backend: &dyn Backend) -> Vec<Found> {
    let (mut found, mut from) = (Vec::new(), None::<String>);
    loop {
        let page = backend.scan(None, from.as_deref()).await.expect("the scan failed");
        found.extend(page.found);
        from = match page.next {
            Some(next) => Some(next),
            None => return found,
        };
    }
}

pub(super) fn outside(row: &Row) -> (ObjectId, VersionRef) {
    match &row.version.place {
        Place::External { object, at, .. } => (*object, at.clone()),
        Place::Inline { .. } => panic!("a value in the catalog"),
    }
}

/// The defaults, but repeats come soon and nothing is waited for long.
#[must_use]
pub fn quick() -> EngineOptions {
    let mut options = EngineOptions::default();
    options.backoff = Duration::from_millis(5);
    options
}

/// The same without a cache: each read reads.
#[must_use]
pub fn uncached() -> EngineOptions {
    let mut options = quick();
    options.cache_bytes = 0;
    options
}

/// Puts values in place of what was there.
#[must_use]
pub fn replacing(key: &str, value: &str) -> SecretUpdate {
    SecretUpdate::new().values(ValuesChange::Replace([(key, value)].into_iter().collect::<SecretValues>()))
}

/// A value as text.
///
/// # Panics
/// If there is no such key.
#[must_use]
pub fn text(secret: &Secret, key: &str) -> String {
    secret.values.get(key).expect("no such key").expose_secret().to_owned()
}

/// What no row explains, in all stores.
///
/// # Errors
/// Of the first one that cannot be looked at.
pub async fn all_unknown(engine: &Engine) -> Result<Vec<Unknown>> {
    let mut found = Vec::new();
    for (_, unknown) in engine.unknown().await {
        found.extend(unknown?);
    }
    Ok(found)
}
