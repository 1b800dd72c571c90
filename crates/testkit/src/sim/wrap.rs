//! Catalogs of which some methods do something else.

use std::{sync::Arc, time::Duration};
use strongroom_core::{
    ObjectId, Page, Result, Revision, SecretFilter, SecretId, SecretMeta, VersionRef, VersionUid, async_trait,
};
use strongroom_engine::{
    Attempt, AuditRow, Begun, Catalog, Commit, Committed, Delete, Deleted, Identity, KeyRow, Keys, Lookup,
    Misplaced, NewIdentity, Pending, Rehome, Rehomed, Replica, Row, Settled, Stamp, StoreBinding, StoreName,
    Summary, Uses, VersionHead, Viewer, WrapRow,
    crypto::{KeyId, RootId},
};
use uuid::Uuid;

/// Changes what some methods of a catalog do; the others pass through.
#[async_trait]
pub(crate) trait Wrap: Send + Sync {
    async fn current(&self, inner: &dyn Catalog, which: &[Lookup]) -> Result<Vec<Option<Row>>> {
        inner.current(which).await
    }
    fn shares_reads(&self, inner: &dyn Catalog) -> bool {
        inner.shares_reads()
    }
    async fn stamps(&self, inner: &dyn Catalog, ids: &[SecretId]) -> Result<Vec<Option<Stamp>>> {
        inner.stamps(ids).await
    }
    async fn version(&self, inner: &dyn Catalog, id: SecretId, as_of: Revision) -> Result<Option<Row>> {
        inner.version(id, as_of).await
    }
    async fn list(
        &self,
        inner: &dyn Catalog,
        viewer: &Viewer,
        filter: &SecretFilter,
    ) -> Result<Page<SecretMeta>> {
        inner.list(viewer, filter).await
    }
    async fn begin(&self, inner: &dyn Catalog, attempt: &Attempt) -> Result<Begun> {
        inner.begin(attempt).await
    }
    async fn commit(&self, inner: &dyn Catalog, change: &Commit) -> Result<Committed> {
        inner.commit(change).await
    }
    async fn delete(&self, inner: &dyn Catalog, delete: &Delete) -> Result<Deleted> {
        inner.delete(delete).await
    }
    async fn abandon(
        &self,
        inner: &dyn Catalog,
        uid: VersionUid,
        at: Option<&VersionRef>,
        claim: Duration,
    ) -> Result<Option<Pending>> {
        inner.abandon(uid, at, claim).await
    }
    async fn rehome(&self, inner: &dyn Catalog, rehome: &Rehome) -> Result<Rehomed> {
        inner.rehome(rehome).await
    }
    async fn fence_overdue(&self, inner: &dyn Catalog, all: bool) -> Result<u64> {
        inner.fence_overdue(all).await
    }
    async fn claim(
        &self,
        inner: &dyn Catalog,
        limit: u32,
        claim: Duration,
        early: bool,
    ) -> Result<Vec<Pending>> {
        inner.claim(limit, claim, early).await
    }
    async fn uses(
        &self,
        inner: &dyn Catalog,
        secret: SecretId,
        store: &StoreName,
        object: ObjectId,
    ) -> Result<Uses> {
        inner.uses(secret, store, object).await
    }
    async fn settle(&self, inner: &dyn Catalog, pending: &Pending, settled: Settled) -> Result<bool> {
        inner.settle(pending, settled).await
    }
    async fn pending(&self, inner: &dyn Catalog, limit: u32) -> Result<Vec<Pending>> {
        inner.pending(limit).await
    }
    async fn versions_to_move(
        &self,
        inner: &dyn Catalog,
        after: Option<(SecretId, VersionUid)>,
        limit: u32,
        wanted: &Misplaced,
    ) -> Result<Vec<Row>> {
        inner.versions_to_move(after, limit, wanted).await
    }
    async fn keys(&self, inner: &dyn Catalog) -> Result<Keys> {
        inner.keys().await
    }
    async fn remove_key(&self, inner: &dyn Catalog, id: KeyId) -> Result<bool> {
        inner.remove_key(id).await
    }
}

/// A catalog with some methods changed.
pub(crate) struct Changed<W> {
    pub(crate) inner: Arc<dyn Catalog>,
    pub(crate) wrap: W,
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<W: Wrap> Catalog for Changed<W> {
    async fn current(&self, which: &[Lookup]) -> Result<Vec<Option<Row>>> {
        self.wrap.current(&*self.inner, which).await
    }
    fn shares_reads(&self) -> bool {
        self.wrap.shares_reads(&*self.inner)
    }
    async fn stamps(&self, ids: &[SecretId]) -> Result<Vec<Option<Stamp>>> {
        self.wrap.stamps(&*self.inner, ids).await
    }
    async fn version(&self, id: SecretId, as_of: Revision) -> Result<Option<Row>> {
        self.wrap.version(&*self.inner, id, as_of).await
    }
    async fn history(&self, id: SecretId) -> Result<Option<(SecretMeta, Vec<VersionHead>)>> {
        self.inner.history(id).await
    }
    async fn list(&self, viewer: &Viewer, filter: &SecretFilter) -> Result<Page<SecretMeta>> {
        self.wrap.list(&*self.inner, viewer, filter).await
    }
    async fn begin(&self, attempt: &Attempt) -> Result<Begun> {
        self.wrap.begin(&*self.inner, attempt).await
    }
    async fn commit(&self, change: &Commit) -> Result<Committed> {
        self.wrap.commit(&*self.inner, change).await
    }
    async fn delete(&self, delete: &Delete) -> Result<Deleted> {
        self.wrap.delete(&*self.inner, delete).await
    }
    async fn abandon(
        &self,
        uid: VersionUid,
        at: Option<&VersionRef>,
        claim: Duration,
    ) -> Result<Option<Pending>> {
        self.wrap.abandon(&*self.inner, uid, at, claim).await
    }
    async fn rehome(&self, rehome: &Rehome) -> Result<Rehomed> {
        self.wrap.rehome(&*self.inner, rehome).await
    }
    async fn fence_overdue(&self, all: bool) -> Result<u64> {
        self.wrap.fence_overdue(&*self.inner, all).await
    }
    async fn claim(&self, limit: u32, claim: Duration, early: bool) -> Result<Vec<Pending>> {
        self.wrap.claim(&*self.inner, limit, claim, early).await
    }
    async fn uses(&self, secret: SecretId, store: &StoreName, object: ObjectId) -> Result<Uses> {
        self.wrap.uses(&*self.inner, secret, store, object).await
    }
    async fn settle(&self, pending: &Pending, settled: Settled) -> Result<bool> {
        self.wrap.settle(&*self.inner, pending, settled).await
    }
    async fn explained(&self, objects: &[ObjectId]) -> Result<Vec<Uses>> {
        self.inner.explained(objects).await
    }
    async fn pending(&self, limit: u32) -> Result<Vec<Pending>> {
        self.wrap.pending(&*self.inner, limit).await
    }
    async fn forget_pending(&self) -> Result<Vec<Pending>> {
        self.inner.forget_pending().await
    }
    async fn versions_to_move(
        &self,
        after: Option<(SecretId, VersionUid)>,
        limit: u32,
        wanted: &Misplaced,
    ) -> Result<Vec<Row>> {
        self.wrap.versions_to_move(&*self.inner, after, limit, wanted).await
    }
    async fn heads_to_move(
        &self,
        after: Option<(SecretId, VersionUid)>,
        limit: u32,
        wanted: &Misplaced,
    ) -> Result<Vec<(SecretId, VersionHead)>> {
        self.inner.heads_to_move(after, limit, wanted).await
    }
    async fn identity(&self) -> Result<Option<Identity>> {
        self.inner.identity().await
    }
    async fn initialise(&self, new: &NewIdentity) -> Result<Identity> {
        self.inner.initialise(new).await
    }
    async fn keys(&self) -> Result<Keys> {
        self.wrap.keys(&*self.inner).await
    }
    async fn add_key(&self, key: &KeyRow, wraps: &[WrapRow], force: bool) -> Result<()> {
        self.inner.add_key(key, wraps, force).await
    }
    async fn remove_key(&self, id: KeyId) -> Result<bool> {
        self.wrap.remove_key(&*self.inner, id).await
    }
    async fn add_wraps(&self, wraps: &[WrapRow]) -> Result<()> {
        self.inner.add_wraps(wraps).await
    }
    async fn drop_wraps(&self, root: RootId, force: bool) -> Result<u64> {
        self.inner.drop_wraps(root, force).await
    }
    async fn announce(&self, replica: &Replica, lasts: Duration) -> Result<()> {
        self.inner.announce(replica, lasts).await
    }
    async fn withdraw(&self, replica: Uuid) -> Result<()> {
        self.inner.withdraw(replica).await
    }
    async fn replicas(&self) -> Result<Vec<Replica>> {
        self.inner.replicas().await
    }
    async fn bind_store(&self, binding: &StoreBinding) -> Result<()> {
        self.inner.bind_store(binding).await
    }
    async fn rebind_store(&self, binding: &StoreBinding) -> Result<()> {
        self.inner.rebind_store(binding).await
    }
    async fn summary(&self) -> Result<Summary> {
        self.inner.summary().await
    }
    async fn audit(&self, chain: &str, after: u64, limit: u32) -> Result<Vec<AuditRow>> {
        self.inner.audit(chain, after, limit).await
    }
    async fn check(&self) -> Result<()> {
        self.inner.check().await
    }
}
