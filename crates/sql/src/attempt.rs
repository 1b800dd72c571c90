//! Attempts to write to a back-end: their begin, and their end without a commit.

use crate::{
    audit::number,
    error::{Class, Failure},
    pending, rows,
    transaction::{Operation, Transaction, Verdict},
    value::args,
};
use std::time::Duration;
use strongroom_core::{Timestamp, VersionRef, VersionUid, async_trait};
use strongroom_engine::{Attempt, Begun, Debris, Pending, digest_key};

#[async_trait]
impl Operation for Attempt {
    type Answer = Begun;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Begun>, Failure> {
        tx.lock_secret(self.secret).await?;
        let own = tx.fetch("SELECT locked FROM pending WHERE uid = ?", args![self.uid.0]).await?;
        if let Some(record) = own.first() {
            let begun = if record.is_null(0) { Begun::Fenced } else { Begun::Open };
            return Ok(Verdict::Undo(begun));
        }
        let sql = "SELECT due FROM pending WHERE locked = ? {lock}";
        let holder = tx.fetch(sql, args![self.secret.0]).await?;
        let now = tx.now().await?;
        if let Some(record) = holder.first() {
            if record.i64(0)? > now.0 {
                return Ok(Verdict::Undo(Begun::Busy));
            }
            let fence = format!("{} WHERE locked = ?", pending::FENCE);
            tx.execute(&fence, args![now.0, now.0, self.secret.0]).await?;
        }
        if let Some(base) = self.base {
            let sql = "SELECT current_version FROM secrets WHERE id = ?";
            let found = tx.fetch(sql, args![self.secret.0]).await?;
            // A fence that was made stays.
            let Some(record) = found.first() else { return Ok(Verdict::Keep(Begun::Gone)) };
            if record.uuid(0)? != base.0 {
                return Ok(Verdict::Keep(Begun::Stale));
            }
            let sql = "SELECT uid FROM versions WHERE secret = ? AND store = ? AND object = ? LIMIT 1";
            let place = args![self.secret.0, self.store.as_str(), self.object.0];
            if !self.fresh && tx.fetch(sql, place).await?.is_empty() {
                return Ok(Verdict::Keep(Begun::Stale));
            }
        }
        if !tx.keys_hold(None, &[self.key, digest_key(&self.digest)]).await? {
            return Ok(Verdict::Keep(Begun::KeyRetired));
        }
        let row = Pending::of_attempt(self, now);
        match tx.batch(vec![pending::insert(&row)]).await {
            Ok(_) => Ok(Verdict::Keep(Begun::Open)),
            // Somebody else took the lock of a secret that has no row to lock yet: the next look sees it.
            Err(batch) if batch.failure.class == Class::Unique => Err(Failure::again()),
            Err(batch) => Err(batch.failure),
        }
    }
}

/// Gives an attempt's lock back.
pub(crate) struct Abandon {
    pub(crate) uid: VersionUid,
    pub(crate) at: Option<VersionRef>,
    pub(crate) claim: Duration,
}

#[async_trait]
impl Operation for Abandon {
    type Answer = Option<Pending>;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Option<Pending>>, Failure> {
        let sql = format!("SELECT {} FROM pending WHERE uid = ? {{lock}}", rows::PENDING);
        let found = tx.fetch(&sql, args![self.uid.0]).await?;
        let Some(record) = found.first() else { return Ok(Verdict::Undo(None)) };
        let mut row = rows::pending(record)?;
        let now: Timestamp = tx.now().await?;
        row.locked = false;
        row.born = now;
        row.claimed = Some(now);
        row.due = now.plus(self.claim);
        if let Some(at) = &self.at {
            row.debris = Debris::Version(at.clone());
        }
        let (debris, at) = rows::debris(&row.debris);
        tx.execute(
            "UPDATE pending SET locked = NULL, born = ?, claimed = ?, due = ?, debris = ?, at_ref = ? WHERE uid = ?",
            args![now.0, now.0, row.due.0, debris, at, self.uid.0],
        )
        .await?;
        Ok(Verdict::Keep(Some(row)))
    }
}

/// Takes the lock from attempts.
pub(crate) struct Fence {
    /// From all of them, not only those whose lease is over.
    pub(crate) all: bool,
}

#[async_trait]
impl Operation for Fence {
    type Answer = u64;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<u64>, Failure> {
        let now = tx.now().await?;
        let last = if self.all { i64::MAX } else { now.0 };
        let sql = format!("{} WHERE locked IS NOT NULL AND due <= ?", pending::FENCE);
        Ok(Verdict::Keep(tx.execute(&sql, args![now.0, now.0, last]).await?))
    }
}

/// A span in microseconds.
pub(crate) fn micros(span: Duration) -> i64 {
    number(u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
}
