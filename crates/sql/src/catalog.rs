//! The catalog: each method is one transaction, written in the file of its kind.

#[cfg(feature = "sqlite")]
use crate::file::File;
use crate::{
    attempt::{Abandon, Fence},
    audit,
    commit::Committing,
    connection::Statement,
    dialect::Dialect,
    identity, keys, list,
    open::SqlCatalog,
    read,
    replicas::{self, Announce, Withdraw},
    rows, summary, sweep,
    value::{Record, Value},
};
use std::{sync::atomic::Ordering, time::Duration};
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

/// Reads on a connection, and again on another one if it is lost: reading changes nothing.
macro_rules! reading {
    ($self:ident, $connection:ident => $read:expr) => {{
        let mut tried = 0;
        loop {
            tried += 1;
            let outcome = match $self.database.connection().await {
                Ok(mut owned) => {
                    let $connection = &mut owned;
                    $read.await
                }
                Err(failure) => Err(failure),
            };
            match outcome {
                Ok(answer) => break Ok(answer),
                Err(failure) => $self.database.before_next(tried, failure).await?,
            }
        }
    }};
}

impl SqlCatalog {
    /// Looks single rows up where we run, one for each of `keys`; `None` where that cannot be, or would take too long.
    pub(crate) async fn look_up<K>(
        &self,
        keys: &[K],
        statement: impl Fn(&K) -> Statement,
    ) -> Option<Result<Vec<Vec<Record>>>> {
        #[cfg(feature = "sqlite")]
        if let Some(file) = self.database.file()
            && keys.len() <= crate::points::MOST
        {
            return Some(self.asking(file, keys.iter().map(statement).collect()).await);
        }
        let _ = (keys, statement);
        None
    }

    #[cfg(feature = "sqlite")]
    async fn asking(&self, file: &File, statements: std::sync::Arc<[Statement]>) -> Result<Vec<Vec<Record>>> {
        let mut tried = 0;
        loop {
            tried += 1;
            match file.points.fetch(statements.clone()).await {
                Ok(answer) => break Ok(answer),
                Err(failure) => Box::pin(self.database.before_next(tried, failure)).await?,
            }
        }
    }

    /// Reads with one statement, outside of any transaction.
    pub(crate) async fn read(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Record>> {
        reading!(self, connection => connection.fetch(sql, values.clone()))
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Catalog for SqlCatalog {
    async fn current(&self, which: &[Lookup]) -> Result<Vec<Option<Row>>> {
        if let Some(found) = self.look_up(which, read::one).await {
            return Ok(found?
                .into_iter()
                .map(|rows| read::first(rows, rows::row))
                .collect::<Result<_, _>>()?);
        }
        // In a box of its own, so that the usual way does not carry its size along.
        Box::pin(async move { reading!(self, connection => read::current(connection, which)) }).await
    }

    fn shares_reads(&self) -> bool {
        self.dialect() == Dialect::Sqlite
    }

    async fn stamps(&self, ids: &[SecretId]) -> Result<Vec<Option<Stamp>>> {
        if let Some(found) = self.look_up(ids, read::one_stamp).await {
            let stamp = |record| read::stamp(&record);
            return Ok(found?.into_iter().map(|rows| read::first(rows, stamp)).collect::<Result<_, _>>()?);
        }
        Box::pin(async move { reading!(self, connection => read::stamps(connection, ids)) }).await
    }

    async fn version(&self, id: SecretId, as_of: Revision) -> Result<Option<Row>> {
        reading!(self, connection => read::version(connection, id, as_of))
    }

    async fn history(&self, id: SecretId) -> Result<Option<(SecretMeta, Vec<VersionHead>)>> {
        reading!(self, connection => read::history(connection, id))
    }

    async fn list(&self, viewer: &Viewer, filter: &SecretFilter) -> Result<Page<SecretMeta>> {
        reading!(self, connection => list::list(connection, viewer, filter))
    }

    async fn begin(&self, attempt: &Attempt) -> Result<Begun> {
        self.database.write(attempt.clone()).await
    }

    async fn commit(&self, change: &Commit) -> Result<Committed> {
        let owners_known = self.database.owners_known.load(Ordering::Relaxed);
        self.database.write(Committing { commit: change.clone(), owners_known }).await
    }

    async fn delete(&self, delete: &Delete) -> Result<Deleted> {
        self.database.write(delete.clone()).await
    }

    async fn abandon(
        &self,
        uid: VersionUid,
        at: Option<&VersionRef>,
        claim: Duration,
    ) -> Result<Option<Pending>> {
        self.database.write(Abandon { uid, at: at.cloned(), claim }).await
    }

    async fn rehome(&self, rehome: &Rehome) -> Result<Rehomed> {
        self.database.write(rehome.clone()).await
    }

    async fn fence_overdue(&self, all: bool) -> Result<u64> {
        self.database.write(Fence { all }).await
    }

    async fn claim(&self, limit: u32, claim: Duration, early: bool) -> Result<Vec<Pending>> {
        self.database.write(sweep::Claim { limit, claim, early }).await
    }

    async fn uses(&self, secret: SecretId, store: &StoreName, object: ObjectId) -> Result<Uses> {
        reading!(self, connection => sweep::uses(connection, secret, store, object))
    }

    async fn settle(&self, pending: &Pending, settled: Settled) -> Result<bool> {
        self.database.write(sweep::Settle { row: pending.clone(), settled }).await
    }

    async fn explained(&self, objects: &[ObjectId]) -> Result<Vec<Uses>> {
        reading!(self, connection => sweep::explained(connection, objects))
    }

    async fn pending(&self, limit: u32) -> Result<Vec<Pending>> {
        let oldest = sweep::oldest(limit);
        let records: Result<Vec<Record>> =
            reading!(self, connection => connection.fetch(&oldest.sql, oldest.args.clone()));
        Ok(records?.iter().map(rows::pending).collect::<Result<_, _>>()?)
    }

    async fn forget_pending(&self) -> Result<Vec<Pending>> {
        self.database.write(sweep::Forget).await
    }

    async fn versions_to_move(
        &self,
        after: Option<(SecretId, VersionUid)>,
        limit: u32,
        wanted: &Misplaced,
    ) -> Result<Vec<Row>> {
        reading!(self, connection => read::to_move(connection, after, limit, wanted))
    }

    async fn heads_to_move(
        &self,
        after: Option<(SecretId, VersionUid)>,
        limit: u32,
        wanted: &Misplaced,
    ) -> Result<Vec<(SecretId, VersionHead)>> {
        reading!(self, connection => read::heads_to_move(connection, after, limit, wanted))
    }

    async fn identity(&self) -> Result<Option<Identity>> {
        reading!(self, connection => identity::get(connection))
    }

    async fn initialise(&self, new: &NewIdentity) -> Result<Identity> {
        self.database.write(identity::Initialise(new.clone())).await
    }

    async fn keys(&self) -> Result<Keys> {
        reading!(self, connection => keys::all(connection))
    }

    async fn add_key(&self, key: &KeyRow, wraps: &[WrapRow], force: bool) -> Result<()> {
        self.database.write(keys::Add { key: key.clone(), wraps: wraps.to_vec(), force }).await?
    }

    async fn remove_key(&self, id: KeyId) -> Result<bool> {
        self.database.write(keys::Remove(id)).await
    }

    async fn add_wraps(&self, wraps: &[WrapRow]) -> Result<()> {
        self.database.write(keys::AddWraps(wraps.to_vec())).await
    }

    async fn drop_wraps(&self, root: RootId, force: bool) -> Result<u64> {
        self.database.write(keys::DropWraps { root, force }).await?
    }

    async fn announce(&self, replica: &Replica, lasts: Duration) -> Result<()> {
        let schema = self.database.release.schema();
        self.database.write(Announce { replica: replica.clone(), lasts, schema }).await?
    }

    async fn withdraw(&self, replica: Uuid) -> Result<()> {
        self.database.write(Withdraw(replica)).await
    }

    async fn replicas(&self) -> Result<Vec<Replica>> {
        let host = self.database.env.now().0;
        reading!(self, connection => replicas::all(connection, host))
    }

    async fn bind_store(&self, binding: &StoreBinding) -> Result<()> {
        self.database.write(identity::Bind(binding.clone())).await?
    }

    async fn rebind_store(&self, binding: &StoreBinding) -> Result<()> {
        self.database.write(identity::Rebind(binding.clone())).await?
    }

    async fn summary(&self) -> Result<Summary> {
        reading!(self, connection => summary::summary(connection))
    }

    async fn audit(&self, chain: &str, after: u64, limit: u32) -> Result<Vec<AuditRow>> {
        let select = audit::select(chain, after, limit);
        let records: Result<Vec<Record>> =
            reading!(self, connection => connection.fetch(&select.sql, select.args.clone()));
        Ok(records?.iter().map(audit::row).collect::<Result<_, _>>()?)
    }

    async fn check(&self) -> Result<()> {
        self.database.write(identity::Check).await
    }
}
