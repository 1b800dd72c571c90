//! The engine keeps every promise of `SecretsStore`, wherever the values go.

use futures::future::BoxFuture;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};
use strongroom_core::{
    Access, Backend, Context, Error, ErrorKind, NamespaceId, Origin, OwnerId, Result, SecretsStore,
    Timestamp, async_trait,
};
use strongroom_engine::{Engine, EngineOptions, Env, MemoryCatalog, Parts, crypto::RootKey, initialise};
use strongroom_testkit::{BackendSubject, Held, MemoryBackend, OverBackend, StoreSubject, store_suite};
use uuid::Uuid;

/// Real clocks: the cases race for real.
struct Clock(Instant);

impl Env for Clock {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
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

/// Values lie in the catalog's own rows.
struct Inline {
    accounts: [OwnerId; 2],
    last: Mutex<Option<Deployment>>,
}

/// What several engines share.
#[derive(Clone)]
struct Deployment {
    catalog: Arc<MemoryCatalog>,
    root: Arc<RootKey>,
    owner: OwnerId,
}

impl Inline {
    fn new() -> Self {
        let accounts = [OwnerId(Uuid::new_v4()), OwnerId(Uuid::new_v4())];
        Self { accounts, last: Mutex::new(None) }
    }

    fn last(&self) -> Result<Deployment> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.ok_or_else(|| Error::new(ErrorKind::Unexpected, "nothing was opened yet"))
    }

    async fn engine(&self, catalog: &Arc<MemoryCatalog>, root: &Arc<RootKey>) -> Result<Engine> {
        let env: Arc<dyn Env> = Arc::new(Clock(Instant::now()));
        let identity = initialise(&**catalog, &**root, &*env, "admin", None).await?;
        Engine::open(Parts {
            catalog: catalog.clone(),
            identity,
            roots: root.clone(),
            env,
            stores: Vec::new(),
            target: None,
            options: EngineOptions::default(),
        })
        .await
    }
}

#[async_trait]
impl StoreSubject for Inline {
    async fn open(&self) -> Result<Arc<dyn SecretsStore>> {
        let catalog = Arc::new(MemoryCatalog::new(Arc::new(Clock(Instant::now()))));
        let root = Arc::new(RootKey::generate()?);
        let engine = self.engine(&catalog, &root).await?;
        let owner = engine.identity().owner.id;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Deployment { catalog, root, owner });
        Ok(Arc::new(engine))
    }

    async fn another(&self) -> Result<Arc<dyn SecretsStore>> {
        let last = self.last()?;
        Ok(Arc::new(self.engine(&last.catalog, &last.root).await?))
    }

    async fn context(&self, account: usize, access: Access) -> Result<Context> {
        let owner = self.last()?.owner;
        let actor = if account == 0 { owner } else { self.accounts[account - 1] };
        Ok(Context::new(actor, access, Origin::new("test")))
    }
}

/// Values go to a service: one that can do everything, or one that stores a repeated put twice and cannot tell who
/// wrote what.
struct External {
    held: Held,
    frugal: bool,
}

impl External {
    fn new(frugal: bool) -> Self {
        Self { held: Held::new(), frugal }
    }
}

#[async_trait]
impl BackendSubject for External {
    async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        let backend = MemoryBackend::new(&self.held, namespace);
        Ok(Arc::new(backend.twins(self.frugal).tells_uids(!self.frugal)))
    }
}

mod inline {
    use super::*;
    store_suite!(Inline::new());
}

mod external {
    use super::*;
    store_suite!(OverBackend::plain(External::new(false)));
}

mod sealed {
    use super::*;
    store_suite!(OverBackend::sealed(External::new(true)));
}
