//! What is remembered of who is logged in, and when it still holds.
//!
//! Every change of an account, an API key, a grant or the data keys moves the epoch, on whatever replica it is made. A
//! request is decided on an epoch that was read after it arrived: reads of it are shared, so that under load one serves
//! dozens of requests.

use super::{rights::access, usage::LastUse};
use futures::FutureExt;
use serde_json::value::RawValue;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use strongroom_core::{Access, ErrorKind, OwnerId, Result};
use strongroom_engine::{Batch, Catalog as _, Engine};
use strongroom_sql::{
    SqlCatalog,
    identities::{Account, ApiKey},
};
use uuid::Uuid;

/// How long it takes until keys are read again that could not be read.
const AGAIN: Duration = Duration::from_secs(1);
/// The most accounts and keys that are remembered.
const MOST: usize = 10_000;

/// An account, what it may do, and the key that it came with, as of an epoch.
pub(crate) struct Known {
    pub(crate) epoch: i64,
    pub(crate) account: Account,
    pub(crate) key: Option<ApiKey>,
    pub(crate) access: Access,
    /// How it is shown beside what it owns, once that was asked for.
    pub(crate) shown: OnceLock<Option<Box<RawValue>>>,
    /// When the key was last noted to be used.
    pub(super) last_use: LastUse,
}

/// Who it is, and the API key that was used.
pub(super) type Who = (OwnerId, Option<Uuid>);

/// Remembers accounts.
pub(super) struct Principals {
    catalog: Arc<SqlCatalog>,
    engine: Engine,
    epoch: Batch<(), i64>,
    /// As of which epoch the engine knows the data keys: those that tokens are made with may be gone.
    keys: AtomicI64,
    /// As of which epoch they could not be read, and when that was tried last.
    failed: Mutex<Option<(i64, Duration)>>,
    known: Mutex<HashMap<Who, Arc<Known>>>,
    /// Whose key it is: never changes.
    owners: Mutex<HashMap<Uuid, OwnerId>>,
}

impl Principals {
    pub(super) fn new(catalog: Arc<SqlCatalog>, engine: Engine) -> Self {
        let source = catalog.clone();
        let epoch = Batch::new(engine.env(), move |_| {
            let catalog = source.clone();
            async move { Ok(vec![catalog.auth_epoch().await?]) }.boxed()
        })
        .directly(catalog.shares_reads());
        let (keys, failed) = (AtomicI64::new(i64::MIN), Mutex::default());
        Self { catalog, engine, epoch, keys, failed, known: Mutex::default(), owners: Mutex::default() }
    }

    /// The epoch, read after this was called.
    pub(super) async fn epoch(&self) -> Result<i64> {
        Ok(self.epoch.read(&[()]).await?.first().copied().unwrap_or_default())
    }

    /// What is remembered, which may be out of date.
    pub(super) fn remembered(&self, who: Who) -> Option<Arc<Known>> {
        lock(&self.known).get(&who).cloned()
    }

    /// What holds now; `None` if there is no such account.
    pub(super) async fn current(&self, who: Who) -> Result<Option<Arc<Known>>> {
        let epoch = self.epoch().await?;
        match self.remembered(who).filter(|known| known.epoch == epoch) {
            Some(known) => {
                self.know_keys(epoch).await?;
                Ok(Some(known))
            }
            None => self.load(who).await,
        }
    }

    pub(super) async fn load(&self, who: Who) -> Result<Option<Arc<Known>>> {
        // Seldom: in a box of its own, so that the usual way does not carry its size along.
        let found = Box::pin(self.catalog.principal(who.0, who.1)).await?;
        self.know_keys(found.epoch).await?;
        let Some(account) = found.account else {
            lock(&self.known).remove(&who);
            return Ok(None);
        };
        let access = access(&account, &found.grants);
        let last_use = LastUse::new(found.key.as_ref().and_then(|key| key.last_used));
        let (epoch, key, shown) = (found.epoch, found.key, OnceLock::new());
        let known = Arc::new(Known { epoch, account, key, access, shown, last_use });
        let mut all = lock(&self.known);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(who, known.clone());
        Ok(Some(known))
    }

    /// Knows the data keys as of now.
    pub(super) async fn current_keys(&self) -> Result<()> {
        let epoch = self.epoch().await?;
        self.know_keys(epoch).await
    }

    /// Knows the data keys as of this epoch or later. Where a new one cannot be unwrapped, since the root key was replaced by
    /// force or its file cannot be read, it goes on with those that it has, and tries again.
    async fn know_keys(&self, epoch: i64) -> Result<()> {
        if self.keys.load(Ordering::Acquire) >= epoch {
            return Ok(());
        }
        Box::pin(self.read_keys(epoch)).await
    }

    async fn read_keys(&self, epoch: i64) -> Result<()> {
        let now = self.engine.env().monotonic();
        if lock(&self.failed).is_some_and(|(tried, at)| epoch <= tried && now < at + AGAIN) {
            return Ok(());
        }
        match self.engine.reload_keys().await {
            Ok(()) => {
                self.keys.fetch_max(epoch, Ordering::AcqRel);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::ConfigInvalid => {
                tracing::warn!(target: "strongroom::server", %error, "new keys cannot be read");
                *lock(&self.failed) = Some((epoch, now));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Whose API key it is.
    pub(super) async fn owner_of(&self, key: Uuid) -> Result<Option<OwnerId>> {
        if let Some(owner) = lock(&self.owners).get(&key) {
            return Ok(Some(*owner));
        }
        let Some(found) = Box::pin(self.catalog.api_key(key)).await? else { return Ok(None) };
        let mut all = lock(&self.owners);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(key, found.account);
        Ok(Some(found.account))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
