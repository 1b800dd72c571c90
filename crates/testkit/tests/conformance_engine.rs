//! Temporary.
use futures::future::BoxFuture;
use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use strongroom_core::*;
use strongroom_engine::{crypto::RootKey, *};
use strongroom_testkit::{Held, MemoryBackend, StoreSubject, store_suite};
use uuid::Uuid;

struct RealEnv;
impl Env for RealEnv {
    fn now(&self) -> Timestamp {
        Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64)
    }
    fn monotonic(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
    }
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }
    fn random(&self) -> u128 {
        Uuid::new_v4().as_u128()
    }
}
struct Subject {
    external: bool,
    twins: bool,
    last: Mutex<Option<(Arc<MemoryCatalog>, Arc<RootKey>, Held, OwnerId)>>,
    ids: [OwnerId; 2],
}
impl Subject {
    fn new(external: bool, twins: bool) -> Self {
        Self {
            external,
            twins,
            last: Mutex::new(None),
            ids: [OwnerId(Uuid::new_v4()), OwnerId(Uuid::new_v4())],
        }
    }
    async fn engine(&self, catalog: Arc<MemoryCatalog>, roots: Arc<RootKey>, held: Held) -> Result<Engine> {
        let env: Arc<dyn Env> = Arc::new(RealEnv);
        let identity = initialise(&*catalog, &*roots, &*env, "admin", None).await?;
        let name = StoreName::new("main")?;
        let backend =
            Arc::new(MemoryBackend::new(&held, identity.namespace).twins(self.twins).tells_uids(!self.twins));
        let stores = if self.external {
            vec![Store { name: name.clone(), backend, seal: self.twins }]
        } else {
            vec![]
        };
        let target = self.external.then_some(name);
        let options = EngineOptions::default();
        Engine::open(Parts { catalog, identity, roots, env, stores, target, options }).await
    }
}
#[async_trait]
impl StoreSubject for Subject {
    async fn open(&self) -> Result<Arc<dyn SecretsStore>> {
        let (catalog, roots, held) =
            (Arc::new(MemoryCatalog::new(Arc::new(RealEnv))), Arc::new(RootKey::generate()?), Held::new());
        let engine = self.engine(catalog.clone(), roots.clone(), held.clone()).await?;
        *self.last.lock().unwrap() = Some((catalog, roots, held, engine.identity().owner.id));
        Ok(Arc::new(engine))
    }
    async fn another(&self) -> Result<Arc<dyn SecretsStore>> {
        let (catalog, roots, held, _) = self.last.lock().unwrap().clone().unwrap();
        Ok(Arc::new(self.engine(catalog, roots, held).await?))
    }
    async fn context(&self, account: usize, access: Access) -> Result<Context> {
        let owner = self.last.lock().unwrap().clone().unwrap().3;
        let actor = if account == 0 { owner } else { self.ids[account - 1] };
        Ok(Context::new(actor, access, Origin::new("test")))
    }
}
mod inline {
    use super::*;
    store_suite!(Subject::new(false, false));
}
mod external {
    use super::*;
    store_suite!(Subject::new(true, false));
}
mod sealed {
    use super::*;
    store_suite!(Subject::new(true, true));
}
