//! The engine keeps every promise of `SecretsStore`, wherever the values go.

use futures::future::BoxFuture;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use strongroom_core::{
    Access, Context, Error, ErrorKind, Origin, OwnerId, Result, SecretsStore, Timestamp, async_trait,
};
use strongroom_engine::{
    Engine, EngineOptions, Env, MemoryCatalog, Parts, Store, StoreName, crypto::RootKey, initialise,
};
use strongroom_testkit::{Held, MemoryBackend, StoreSubject, store_suite};
use uuid::Uuid;

/// Real clocks: the cases race for real.
struct Clock(Instant);

impl Env for Clock {
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

/// Where values go.
#[derive(Clone, Copy, PartialEq)]
enum Values {
    Inline,
    External,
    /// External, sealed, on a service that stores a repeated put twice and cannot tell who wrote what.
    Sealed,
}

struct Subject {
    values: Values,
    accounts: [OwnerId; 2],
    last: Mutex<Option<Deployment>>,
}

/// What several engines share.
#[derive(Clone)]
struct Deployment {
    catalog: Arc<MemoryCatalog>,
    root: Arc<RootKey>,
    held: Held,
    owner: OwnerId,
}

impl Subject {
    fn new(values: Values) -> Self {
        let accounts = [OwnerId(Uuid::new_v4()), OwnerId(Uuid::new_v4())];
        Self { values, accounts, last: Mutex::new(None) }
    }

    fn last(&self) -> Result<Deployment> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.ok_or_else(|| Error::new(ErrorKind::Unexpected, "nothing was opened yet"))
    }

    async fn engine(&self, catalog: &Arc<MemoryCatalog>, root: &Arc<RootKey>, held: &Held) -> Result<Engine> {
        let env: Arc<dyn Env> = Arc::new(Clock(Instant::now()));
        let identity = initialise(&**catalog, &**root, &*env, "admin", None).await?;
        let name = StoreName::new("main")?;
        let sealed = self.values == Values::Sealed;
        let backend = MemoryBackend::new(held, identity.namespace).twins(sealed).tells_uids(!sealed);
        let external = self.values != Values::Inline;
        let store = Store::new(name.clone(), Arc::new(backend), sealed);
        Engine::open(Parts {
            catalog: catalog.clone(),
            identity,
            roots: root.clone(),
            env,
            stores: if external { vec![store] } else { Vec::new() },
            target: external.then_some(name),
            options: EngineOptions::default(),
        })
        .await
    }
}

#[async_trait]
impl StoreSubject for Subject {
    async fn open(&self) -> Result<Arc<dyn SecretsStore>> {
        let catalog = Arc::new(MemoryCatalog::new(Arc::new(Clock(Instant::now()))));
        let (root, held) = (Arc::new(RootKey::generate()?), Held::new());
        let engine = self.engine(&catalog, &root, &held).await?;
        let owner = engine.identity().owner.id;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Deployment { catalog, root, held, owner });
        Ok(Arc::new(engine))
    }

    async fn another(&self) -> Result<Arc<dyn SecretsStore>> {
        let last = self.last()?;
        Ok(Arc::new(self.engine(&last.catalog, &last.root, &last.held).await?))
    }

    async fn context(&self, account: usize, access: Access) -> Result<Context> {
        let owner = self.last()?.owner;
        let actor = if account == 0 { owner } else { self.accounts[account - 1] };
        Ok(Context::new(actor, access, Origin::new("test")))
    }
}

mod inline {
    use super::*;
    store_suite!(Subject::new(Values::Inline));
}

mod external {
    use super::*;
    store_suite!(Subject::new(Values::External));
}

mod sealed {
    use super::*;
    store_suite!(Subject::new(Values::Sealed));
}
