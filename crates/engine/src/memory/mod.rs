//! A catalog in memory: for tests, for the simulator, and for programs that want no database.
//!
//! Each method runs under one lock, so that it is one transaction. Times come from the [`Env`] that is handed in.

mod attempt;
mod keys;
mod load;
mod read;
mod replicas;
mod state;
mod sweep;
mod write;

use crate::{
    Attempt, Begun, Catalog, Commit, Committed, Delete, Deleted, Env, Identity, KeyRow, Keys, Lookup,
    Misplaced, NameKey, NewIdentity, Pending, Rehome, Rehomed, Replica, Row, Settled, Stamp, StoreBinding,
    StoreName, Summary, Uses, VersionHead, VersionRow, Viewer, WrapRow,
    crypto::{KeyId, RootId},
    env::fresh,
};
use state::State;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use strongroom_core::{
    ObjectId, Page, Result, Revision, SecretFilter, SecretId, SecretMeta, VersionRef, VersionUid, async_trait,
};
use uuid::Uuid;

/// The in-memory catalog.
pub struct MemoryCatalog {
    env: Arc<dyn Env>,
    state: Mutex<State>,
}

impl fmt::Debug for MemoryCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCatalog").finish_non_exhaustive()
    }
}

impl MemoryCatalog {
    /// An empty catalog.
    #[must_use]
    pub fn new(env: Arc<dyn Env>) -> Self {
        Self { env, state: Mutex::default() }
    }

    /// An empty catalog of what labels in a store make last: it keeps as many versions as those can list, also of a secret
    /// that only got a longer name, and of its audit trail, which nobody else has, the latest entries.
    pub(crate) fn of_labels(env: Arc<dyn Env>) -> Self {
        Self { env, state: Mutex::new(State { of_labels: true, ..State::default() }) }
    }

    /// Whether there is such a secret.
    pub(crate) fn knows(&self, id: SecretId) -> bool {
        self.lock().knows(id)
    }

    /// Whether a secret has that name.
    pub(crate) fn has_name(&self, key: &NameKey) -> bool {
        self.lock().has_name(key)
    }

    /// Adds a secret with its versions, which nobody knows yet.
    pub(crate) fn load(&self, meta: SecretMeta, versions: Vec<VersionRow>) {
        let change = fresh(&*self.env);
        self.lock().load(meta, versions, change);
    }

    /// The state. A poisoned lock is taken over: every method changes the state only after its last check.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Catalog for MemoryCatalog {
    async fn current(&self, which: &[Lookup]) -> Result<Vec<Option<Row>>> {
        let state = self.lock();
        Ok(which.iter().map(|lookup| state.current(lookup)).collect())
    }

    fn shares_reads(&self) -> bool {
        false
    }

    async fn stamps(&self, ids: &[SecretId]) -> Result<Vec<Option<Stamp>>> {
        let state = self.lock();
        Ok(ids.iter().map(|id| state.secrets.get(id).map(|secret| secret.stamp)).collect())
    }

    async fn version(&self, id: SecretId, as_of: Revision) -> Result<Option<Row>> {
        Ok(self.lock().as_of(id, as_of))
    }

    async fn history(&self, id: SecretId) -> Result<Option<(SecretMeta, Vec<VersionHead>)>> {
        Ok(self.lock().history(id))
    }

    async fn list(&self, viewer: &Viewer, filter: &SecretFilter) -> Result<Page<SecretMeta>> {
        filter.page_of(self.lock().listed(viewer))
    }

    async fn begin(&self, attempt: &Attempt) -> Result<Begun> {
        Ok(self.lock().begin(attempt, self.env.now()))
    }

    async fn commit(&self, change: &Commit) -> Result<Committed> {
        self.lock().commit(change, self.env.now(), &*self.env)
    }

    async fn delete(&self, delete: &Delete) -> Result<Deleted> {
        Ok(self.lock().delete(delete, self.env.now(), &*self.env))
    }

    async fn abandon(
        &self,
        uid: VersionUid,
        at: Option<&VersionRef>,
        claim: Duration,
    ) -> Result<Option<Pending>> {
        Ok(self.lock().abandon(uid, at, claim, self.env.now()))
    }

    async fn rehome(&self, rehome: &Rehome) -> Result<Rehomed> {
        Ok(self.lock().rehome(rehome, self.env.now(), &*self.env))
    }

    async fn fence_overdue(&self, all: bool) -> Result<u64> {
        Ok(self.lock().fence_overdue(all, self.env.now()))
    }

    async fn claim(&self, limit: u32, claim: Duration, early: bool) -> Result<Vec<Pending>> {
        Ok(self.lock().claim(limit, claim, early, self.env.now()))
    }

    async fn uses(&self, secret: SecretId, store: &StoreName, object: ObjectId) -> Result<Uses> {
        Ok(self.lock().uses(secret, store, object))
    }

    async fn settle(&self, pending: &Pending, settled: Settled) -> Result<bool> {
        Ok(self.lock().settle(pending, settled, self.env.now()))
    }

    async fn explained(&self, objects: &[ObjectId]) -> Result<Vec<Uses>> {
        let state = self.lock();
        Ok(objects.iter().map(|object| state.explained(None, *object)).collect())
    }

    async fn pending(&self, limit: u32) -> Result<Vec<Pending>> {
        Ok(self.lock().all_pending().into_iter().take(limit as usize).collect())
    }

    async fn forget_pending(&self) -> Result<Vec<Pending>> {
        let mut state = self.lock();
        let all = state.all_pending();
        state.pending.clear();
        Ok(all)
    }

    async fn versions_to_move(
        &self,
        after: Option<(SecretId, VersionUid)>,
        limit: u32,
        wanted: &Misplaced,
    ) -> Result<Vec<Row>> {
        Ok(self.lock().versions_to_move(after, limit, wanted))
    }

    async fn heads_to_move(
        &self,
        after: Option<(SecretId, VersionUid)>,
        limit: u32,
        wanted: &Misplaced,
    ) -> Result<Vec<(SecretId, VersionHead)>> {
        Ok(self.lock().heads_to_move(after, limit, wanted))
    }

    async fn identity(&self) -> Result<Option<Identity>> {
        Ok(self.lock().identity.clone())
    }

    async fn initialise(&self, new: &NewIdentity) -> Result<Identity> {
        Ok(self.lock().initialise(new, self.env.now()))
    }

    async fn keys(&self) -> Result<Keys> {
        Ok(self.lock().keys.clone())
    }

    async fn add_key(&self, key: &KeyRow, wraps: &[WrapRow], force: bool) -> Result<()> {
        self.lock().add_key(key, wraps, force, self.env.now())
    }

    async fn remove_key(&self, id: KeyId) -> Result<bool> {
        Ok(self.lock().remove_key(id))
    }

    async fn add_wraps(&self, wraps: &[WrapRow]) -> Result<()> {
        self.lock().add_wraps(wraps);
        Ok(())
    }

    async fn drop_wraps(&self, root: RootId, force: bool) -> Result<u64> {
        self.lock().drop_wraps(root, force, self.env.now())
    }

    async fn announce(&self, replica: &Replica, lasts: Duration) -> Result<()> {
        self.lock().announce(replica, lasts, self.env.now())
    }

    async fn withdraw(&self, replica: Uuid) -> Result<()> {
        self.lock().replicas.remove(&replica);
        Ok(())
    }

    async fn replicas(&self) -> Result<Vec<Replica>> {
        Ok(self.lock().running(self.env.now()))
    }

    async fn bind_store(&self, binding: &StoreBinding) -> Result<()> {
        self.lock().bind_store(binding, self.env.now())
    }

    async fn rebind_store(&self, binding: &StoreBinding) -> Result<()> {
        self.lock().rebind_store(binding, self.env.now())
    }

    async fn summary(&self) -> Result<Summary> {
        Ok(self.lock().summary())
    }

    async fn audit(&self, chain: &str, after: u64, limit: u32) -> Result<Vec<crate::AuditRow>> {
        let state = self.lock();
        let rows = state.audit.iter().filter(|row| row.chain == chain && row.sequence > after);
        Ok(rows.take(limit as usize).cloned().collect())
    }

    async fn check(&self) -> Result<()> {
        Ok(())
    }
}
