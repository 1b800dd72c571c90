//! Engines over a catalog on SQLite, with their values at the service.

use super::{Account, open};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use strongroom_core::{
    Backend, Context, ErrorKind, NamespaceId, ObjectId, Result, SecretRef, Secrets, VersionRef,
};
use strongroom_engine::{
    Catalog, Engine, EngineOptions, Env, Identity, Misplaced, Parts, Place, RepairOptions, RepairReport,
    Store, StoreName, crypto::RootKey, initialise,
};
use strongroom_sql::{Options, SqlCatalog};
use strongroom_testkit::Clock;
pub(crate) use strongroom_testkit::cloud::text;
use tempfile::TempDir;

fn env() -> Arc<dyn Env> {
    Clock::start()
}

/// A database and what its processes share.
#[derive(Clone)]
pub(crate) struct Deployment {
    root: Arc<RootKey>,
    _directory: Arc<TempDir>,
    url: String,
    section: Vec<(&'static str, String)>,
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
    pub(crate) fn new(section: Vec<(&'static str, String)>) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let url = directory.path().join("strongroom.db").to_str().unwrap().to_owned();
        let root = Arc::new(RootKey::generate().unwrap());
        Self { root, _directory: directory, url, section, history: 10 }
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
        let identity = initialise(&catalog, &*self.root, &*env(), "admin", None).await?;
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
            stores: vec![Store::new(name.clone(), backend.clone(), false)],
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

/// The kind of a failure.
pub(crate) fn kind<T>(answer: Result<T>) -> Option<ErrorKind> {
    answer.err().map(|error| error.kind())
}

/// A deployment on a prefix of its own, with a token.
pub(crate) async fn deployed() -> (Account, Deployment) {
    let account = Account::new().await;
    let section = account.with_token().await;
    (account.clone(), Deployment::new(section))
}
