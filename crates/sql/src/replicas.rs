//! Processes that run, and what they hold back.
//!
//! The row of `meta` is locked by whoever announces itself and by whoever takes something away that a running process
//! needs, so that none comes between the look and what follows from it.

use crate::{
    connection::{Connection, Statement},
    error::{Class, Failure},
    keys, schema,
    transaction::{Operation, Transaction, Verdict},
    value::{Record, Value, args},
};
use std::time::Duration;
use strongroom_core::{Error, ErrorKind, Result, Timestamp, async_trait};
use strongroom_engine::{Replica, crypto::RootId};
use uuid::Uuid;

const SELECT: &str = "SELECT id, name, root, schema_version FROM replicas WHERE lasts_until > ? AND lasts_until <= ? \
                      ORDER BY name, id";

/// Between which times those last that run.
fn live(now: Timestamp) -> Vec<Value> {
    args![now.0, now.plus(Replica::LONGEST).0]
}

/// Those that run, each with the schema that it works with.
pub(crate) async fn running(tx: &mut Transaction) -> Result<Vec<(Replica, i64)>, Failure> {
    let now = tx.now().await?;
    let found = tx.fetch(SELECT, live(now)).await?;
    found.iter().map(|record| Ok((replica(record)?, record.i64(3)?))).collect()
}

fn replica(record: &Record) -> Result<Replica, Failure> {
    let root = RootId::from_bytes(record.uuid(2)?.into_bytes());
    Ok(Replica { id: record.uuid(0)?, name: record.text(1)?, root })
}

/// Lets no process announce itself until the transaction ends.
pub(crate) async fn hold(tx: &mut Transaction) -> Result<(), Failure> {
    tx.fetch("SELECT id FROM meta WHERE id = 1 {lock}", Vec::new()).await.map(drop)
}

/// Those that run, outside of any transaction.
pub(crate) async fn all(connection: &mut Connection, host: i64) -> Result<Vec<Replica>, Failure> {
    let now = match connection.dialect().clock() {
        None => host,
        Some(clock) => {
            let found = connection.fetch(&format!("SELECT {clock}"), Vec::new()).await?;
            found.first().map_or(Ok(0), |record| record.i64(0))?
        }
    };
    connection.fetch(SELECT, live(Timestamp(now))).await?.iter().map(replica).collect()
}

/// Notes that a process runs, and for how long that holds.
pub(crate) struct Announce {
    pub(crate) replica: Replica,
    pub(crate) lasts: Duration,
    /// The schema that it works with.
    pub(crate) schema: i64,
}

#[async_trait]
impl Operation for Announce {
    type Answer = Result<()>;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Result<()>>, Failure> {
        let Self { replica, lasts, schema } = self;
        let meta = tx.fetch("SELECT min_compatible FROM meta WHERE id = 1 {share}", Vec::new()).await?;
        let needed = meta.first().map_or(Ok(0), |record| record.i64(0))?;
        if needed > *schema {
            return Ok(Verdict::Undo(Err(schema::newer(needed, *schema))));
        }
        let root = keys::root(replica.root);
        let closed = "SELECT k.id FROM data_keys k WHERE NOT EXISTS \
                      (SELECT 1 FROM key_wraps w WHERE w.key_id = k.id AND w.root = ?) ORDER BY k.created, k.id";
        if let Some(record) = tx.fetch(closed, args![root]).await?.first() {
            let other = "SELECT root FROM key_wraps WHERE key_id = ? ORDER BY root";
            let found = tx.fetch(other, args![record.uuid(0)?]).await?;
            let other = found.first().map(|record| record.uuid(0)).transpose()?;
            let needed = other.map(|id| RootId::from_bytes(id.into_bytes()));
            return Ok(Verdict::Undo(Err(Replica::locked_out(replica.root, needed))));
        }
        let now = tx.now().await?;
        let until = now.plus(*lasts).0;
        let again = "UPDATE replicas SET lasts_until = ?, name = ? WHERE id = ?";
        if tx.execute(again, args![until, replica.name.as_str(), replica.id]).await? > 0 {
            return Ok(Verdict::Keep(Ok(())));
        }
        let over =
            Statement::new("DELETE FROM replicas WHERE lasts_until <= ? OR lasts_until > ?", live(now));
        let new = Statement::new(
            "INSERT INTO replicas (id, name, root, schema_version, lasts_until) VALUES (?, ?, ?, ?, ?)",
            args![replica.id, replica.name.as_str(), root, *schema, until],
        );
        match tx.batch(vec![over, new]).await {
            Ok(_) => Ok(Verdict::Keep(Ok(()))),
            // The answer to the same one got lost.
            Err(batch) if batch.failure.class == Class::Unique => Err(Failure::again()),
            Err(batch) => Err(batch.failure),
        }
    }
}

/// Forgets that a process runs.
pub(crate) struct Withdraw(pub(crate) Uuid);

#[async_trait]
impl Operation for Withdraw {
    type Answer = ();

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<()>, Failure> {
        tx.execute("DELETE FROM replicas WHERE id = ?", args![self.0]).await?;
        Ok(Verdict::Keep(()))
    }
}

/// Shuts out programs that are older than a schema, before what only they need is removed.
pub(crate) struct ShutOut {
    pub(crate) since: i64,
}

#[async_trait]
impl Operation for ShutOut {
    type Answer = Result<()>;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Result<()>>, Failure> {
        hold(tx).await?;
        let mut older = running(tx).await?;
        older.retain(|(_, schema)| *schema < self.since);
        if !older.is_empty() {
            let names: Vec<&str> = older.iter().map(|(replica, _)| replica.name.as_str()).collect();
            let text = "programs of an older release are running on this database, and need what would be removed: upgrade \
                        or end them first; one that was killed counts for four times its beat_ms";
            let error = Error::new(ErrorKind::Conflict, text).with("running", names.join(", "));
            return Ok(Verdict::Undo(Err(error)));
        }
        let sql = "UPDATE meta SET min_compatible = ? WHERE id = 1 AND min_compatible < ?";
        tx.execute(sql, args![self.since, self.since]).await?;
        Ok(Verdict::Keep(Ok(())))
    }
}
