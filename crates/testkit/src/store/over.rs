//! A whole store over a back-end under test.

use super::{HISTORY, StoreSubject};
use crate::{BackendSubject, clock::Clock};
use std::sync::{Arc, Mutex, PoisonError};
use strongroom_core::{
    Access, Context, Error, ErrorKind, Origin, OwnerId, Result, SecretsStore, async_trait,
};
use strongroom_engine::{
    Engine, EngineOptions, Env, MemoryCatalog, Parts, Store, StoreName, crypto::RootKey, initialise,
};
use uuid::Uuid;

/// The engine over a back-end, with its catalog in memory: the author of a [`Backend`](strongroom_core::Backend) sees
/// that whole secrets can be kept in it, `store_suite!(OverBackend::sealed(MySubject::new()))`.
pub struct OverBackend<B> {
    backend: B,
    seal: bool,
    others: [OwnerId; 2],
    last: Mutex<Option<Deployment>>,
}

/// What several engines share.
#[derive(Clone)]
struct Deployment {
    catalog: Arc<MemoryCatalog>,
    root: Arc<RootKey>,
    owner: OwnerId,
    /// The longest history that the back-end can keep.
    history: Option<u32>,
}

impl<B: BackendSubject> OverBackend<B> {
    /// Values are sealed before the back-end sees them, as they are unless somebody asks otherwise.
    #[must_use]
    pub fn sealed(backend: B) -> Self {
        Self::new(backend, true)
    }

    /// Values are put as they are, as with `seal = false`.
    #[must_use]
    pub fn plain(backend: B) -> Self {
        Self::new(backend, false)
    }

    fn new(backend: B, seal: bool) -> Self {
        let others = [OwnerId(Uuid::new_v4()), OwnerId(Uuid::new_v4())];
        Self { backend, seal, others, last: Mutex::new(None) }
    }

    fn last(&self) -> Result<Deployment> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.ok_or_else(|| Error::new(ErrorKind::Unexpected, "nothing was opened yet"))
    }

    /// An engine, and the longest history that its back-end can keep.
    async fn engine(
        &self,
        catalog: &Arc<MemoryCatalog>,
        root: &Arc<RootKey>,
    ) -> Result<(Engine, Option<u32>)> {
        let env: Arc<dyn Env> = Clock::start();
        let identity = initialise(&**catalog, &**root, &*env, "admin", None).await?;
        let name = StoreName::new("main")?;
        let backend = self.backend.open(identity.namespace).await?;
        let history = backend.info().limits.history;
        let mut options = EngineOptions::default();
        options.call_timeout = self.backend.call_timeout();
        let engine = Engine::open(Parts {
            catalog: catalog.clone(),
            identity,
            roots: root.clone(),
            env,
            stores: vec![Store::new(name.clone(), backend, self.seal)],
            target: Some(name),
            options,
        })
        .await?;
        Ok((engine, history))
    }
}

#[async_trait]
impl<B: BackendSubject> StoreSubject for OverBackend<B> {
    async fn open(&self) -> Result<Arc<dyn SecretsStore>> {
        let catalog = Arc::new(MemoryCatalog::new(Clock::start()));
        let root = Arc::new(RootKey::generate()?);
        let (engine, history) = self.engine(&catalog, &root).await?;
        let owner = engine.identity().owner.id;
        let deployment = Deployment { catalog, root, owner, history };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(deployment);
        Ok(Arc::new(engine))
    }

    async fn another(&self) -> Result<Arc<dyn SecretsStore>> {
        let last = self.last()?;
        let (engine, _) = self.engine(&last.catalog, &last.root).await?;
        Ok(Arc::new(engine))
    }

    async fn context(&self, account: usize, access: Access) -> Result<Context> {
        let owner = self.last()?.owner;
        let actor = account.checked_sub(1).map_or(owner, |other| self.others[other]);
        Ok(Context::new(actor, access, Origin::new("test")))
    }

    fn history(&self) -> usize {
        let limit = self.last().ok().and_then(|last| last.history);
        limit.and_then(|limit| usize::try_from(limit).ok()).map_or(HISTORY, |limit| limit.min(HISTORY))
    }

    async fn finish(&self) {
        self.backend.finish().await;
    }
}
