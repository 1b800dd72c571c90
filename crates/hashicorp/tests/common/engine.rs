//! Engines over a catalog on SQLite, with their values at the service.

use super::{Account, open};
use futures::future::BoxFuture;
use secrecy::ExposeSecret as _;
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use strongroom_core::{
    Backend, Context, ErrorKind, NamespaceId, ObjectId, Result, Secret, SecretRef, Secrets, Timestamp,
    VersionRef,
};
use strongroom_engine::{
    Catalog, Engine, EngineOptions, Env, Identity, Misplaced, Parts, Place, RepairOptions, RepairReport,
    Store, StoreName, crypto::RootKey, initialise,
};
use strongroom_sql::{Options, SqlCatalog};
use tempfile::TempDir;
use uuid::Uuid;

/// The real clocks and randomness.
struct Host(Instant);

impl Env for Host {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp(i64::try_from(since.as_micros()).unwrap())
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn random(&self) -> u128 {
        Uuid::new_v4().as_u128()
    }
}

fn env() -> Arc<dyn Env> {
    Arc::new(Host(Instant::now()))
}

/// A database and what its processes share.
#[derive(Clone)]
pub(crate) struct Deployment {
    root: Arc<RootKey>,
    directory: Arc<TempDir>,
    url: String,
    /// The namespace that its database claims when it is made; `None`: a new one.
    namespace: Option<NamespaceId>,
    section: Vec<(&'static str, String)>,
    seal: bool,
    history: u32,
}

/// One process.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) engine: Engine,
    pub(crate) catalog: SqlCatalog,
    pub(crate) identity: Identity,
    /// Around the engine, as an operator of the store has it.
    pub(crate) backend: Arc<dyn Backend>,
}

impl Deployment {
    pub(crate) fn new(section: Vec<(&'static str, String)>, seal: bool) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let url = directory.path().join("strongroom.db").to_str().unwrap().to_owned();
        let root = Arc::new(RootKey::generate().unwrap());
        Self { root, directory, url, namespace: None, section, seal, history: 10 }
    }

    /// Another, empty database that claims the same namespace, with a root key of its own.
    pub(crate) fn beside(&self, namespace: NamespaceId) -> Self {
        Self { namespace: Some(namespace), ..Self::new(self.section.clone(), self.seal) }
    }

    /// The same deployment over a copy of its database's files as they are now: what somebody puts back later.
    pub(crate) fn copied(&self) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let url = directory.path().join("strongroom.db").to_str().unwrap().to_owned();
        for suffix in ["", "-wal"] {
            let from = format!("{}{suffix}", self.url);
            if std::fs::exists(&from).unwrap() {
                std::fs::copy(from, format!("{url}{suffix}")).unwrap();
            }
        }
        Self { directory, url, ..self.clone() }
    }

    pub(crate) fn seal(mut self, seal: bool) -> Self {
        self.seal = seal;
        self
    }

    pub(crate) fn history(mut self, versions: u32) -> Self {
        self.history = versions;
        self
    }

    pub(crate) async fn process(&self) -> Process {
        self.process_with(&self.section, |_| {}).await
    }

    /// With another section for the same place, and other options.
    pub(crate) async fn process_with(
        &self,
        section: &[(&'static str, String)],
        tune: impl FnOnce(&mut EngineOptions),
    ) -> Process {
        self.try_process(section, tune).await.unwrap()
    }

    pub(crate) async fn try_process(
        &self,
        section: &[(&'static str, String)],
        tune: impl FnOnce(&mut EngineOptions),
    ) -> Result<Process> {
        let catalog = SqlCatalog::open(Options::new(self.url.clone(), env())).await?;
        let identity = initialise(&catalog, &*self.root, &*env(), "admin", self.namespace).await?;
        let name = StoreName::new("main")?;
        let backend = open(section, identity.namespace).await?;
        let mut options = EngineOptions::default();
        options.backoff = Duration::from_millis(5);
        options.history = self.history;
        // What cannot be waited for in a test.
        options.late = Duration::ZERO;
        options.young = Duration::ZERO;
        tune(&mut options);
        let engine = Engine::open(Parts {
            catalog: Arc::new(catalog.clone()),
            identity: identity.clone(),
            roots: self.root.clone(),
            env: env(),
            stores: vec![Store::new(name.clone(), backend.clone(), self.seal)],
            target: Some(name),
            options,
        })
        .await?;
        Ok(Process { engine, catalog, identity, backend })
    }
}

impl Process {
    pub(crate) fn context(&self) -> Context {
        Context::full(self.identity.owner.id, "test")
    }

    pub(crate) fn secrets(&self) -> Secrets {
        Secrets::new(Arc::new(self.engine.clone()), self.context())
    }

    pub(crate) fn namespace(&self) -> NamespaceId {
        self.identity.namespace
    }

    pub(crate) async fn repair(&self) -> RepairReport {
        self.engine.repair(RepairOptions::new()).await.unwrap()
    }

    /// Where the current version of a secret is.
    pub(crate) async fn place(&self, which: &SecretRef) -> (ObjectId, VersionRef) {
        let id = self.secrets().get_ref(which, &strongroom_core::GetOptions::new()).await;
        let id = match id {
            Ok(secret) => secret.meta.id,
            Err(error) => panic!("{error:?}"),
        };
        self.named()
            .await
            .into_iter()
            .filter(|(secret, ..)| *secret == id)
            .map(|(_, o, at)| (o, at))
            .next_back()
            .unwrap()
    }

    /// Every version that the catalog names, oldest first.
    pub(crate) async fn named(&self) -> Vec<(strongroom_core::SecretId, ObjectId, VersionRef)> {
        let mut rows = self.catalog.versions_to_move(None, 100_000, &Misplaced::NotIn(None)).await.unwrap();
        rows.sort_by_key(|row| row.version.revision);
        let place = |place: &Place| match place {
            Place::External { object, at, .. } => (*object, at.clone()),
            Place::Inline { .. } => unreachable!("only external ones were asked for"),
        };
        rows.iter()
            .map(|row| {
                let (object, at) = place(&row.version.place);
                (row.meta.id, object, at)
            })
            .collect()
    }

    /// Everything that the service holds.
    pub(crate) async fn held(&self) -> BTreeSet<(ObjectId, Option<VersionRef>)> {
        let (mut held, mut from) = (BTreeSet::new(), None::<String>);
        loop {
            let page = self.backend.scan(None, from.as_deref()).await.unwrap();
            held.extend(page.found.into_iter().map(|found| (found.object, found.at)));
            match page.next {
                Some(next) => from = Some(next),
                None => return held,
            }
        }
    }

    /// Works on everything that is left, at once; then the service holds what the catalog names, and nothing else.
    pub(crate) async fn assert_whole(&self) {
        for _ in 0..4 {
            self.repair().await;
        }
        assert_eq!(self.catalog.pending(9).await.unwrap(), [], "something is still to be removed");
        let named: BTreeSet<_> =
            self.named().await.into_iter().map(|(_, object, at)| (object, Some(at))).collect();
        assert_eq!(self.held().await, named, "left: at the service, right: in the catalog");
    }
}

/// A value as text.
pub(crate) fn text(secret: &Secret, key: &str) -> String {
    secret.values.get(key).expect("no such key").expose_secret().to_owned()
}

/// The kind of a failure.
pub(crate) fn kind<T>(answer: Result<T>) -> Option<ErrorKind> {
    answer.err().map(|error| error.kind())
}

/// A deployment on a prefix of its own, with a token.
pub(crate) async fn deployed() -> (Account, Deployment) {
    let account = Account::new().await;
    let section = account.with_token().await;
    (account.clone(), Deployment::new(section, false))
}
