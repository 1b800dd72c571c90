//! Every promise of a store, without a database.

use super::Deployment;
use std::sync::{Arc, Mutex, PoisonError};
use strongroom_core::{
    Access, Backend, Context, Error, ErrorKind, Origin, OwnerId, Result, SecretsStore, async_trait,
};
use strongroom_engine::Engine;
use strongroom_testkit::{Held, MemoryBackend, StoreSubject, store_suite};
use uuid::Uuid;

/// The engine over a service that tells little. There is only ever one process, so that another handle is one of the
/// same engine.
struct Alone {
    seal: bool,
    other: OwnerId,
    last: Mutex<Option<Engine>>,
}

impl Alone {
    fn new(seal: bool) -> Self {
        Self { seal, other: OwnerId(Uuid::new_v4()), last: Mutex::new(None) }
    }

    fn last(&self) -> Result<Engine> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.ok_or_else(|| Error::new(ErrorKind::Unexpected, "nothing was opened yet"))
    }
}

#[async_trait]
impl StoreSubject for Alone {
    async fn open(&self) -> Result<Arc<dyn SecretsStore>> {
        let deployment = Deployment::new(self.seal);
        let memory = MemoryBackend::new(&Held::new(), deployment.namespace()).twins(true).tells_uids(false);
        let (engine, _) = deployment.try_open(Arc::new(memory) as Arc<dyn Backend>).await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(engine.clone());
        Ok(Arc::new(engine))
    }

    async fn another(&self) -> Result<Arc<dyn SecretsStore>> {
        Ok(Arc::new(self.last()?))
    }

    async fn context(&self, account: usize, access: Access) -> Result<Context> {
        let owner = self.last()?.identity().owner.id;
        let actor = if account == 0 { owner } else { self.other };
        Ok(Context::new(actor, access, Origin::new("test")))
    }
}

mod plain {
    use super::*;
    store_suite!(Alone::new(false));
}

mod sealed {
    use super::*;
    store_suite!(Alone::new(true));
}
