//! Deleting.

use crate::{
    audit,
    connection::Statement,
    dialect::{MOST_AT_ONCE, padded, places},
    error::Failure,
    pending, receipts, rows,
    transaction::{Note, Operation, Transaction, Verdict},
    value::{Value, args},
    versions,
};
use std::{collections::BTreeSet, time::Duration};
use strongroom_core::{Revision, SecretId, Timestamp, async_trait};
use strongroom_engine::{Delete, Deleted, PayloadRef, Pending, Place, Refusal};
use uuid::Uuid;

#[async_trait]
impl Operation for Delete {
    type Answer = Deleted;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Deleted>, Failure> {
        tx.lock_secret(self.secret).await?;
        if self.doubt && audit::find(tx, self.change).await?.is_some() {
            return Ok(Verdict::Undo(Deleted::Before));
        }
        receipts::refuse_repeat(tx, self.entry.receipt).await?;
        let Some(row) = versions::current(tx, self.secret).await? else {
            return Ok(Verdict::Undo(Deleted::Refused(Refusal::NotFound)));
        };
        if let Err(refusal) = self.guard.check(&row.meta, row.version.uid, row.stamp.change) {
            return Ok(Verdict::Undo(Deleted::Refused(refusal)));
        }
        if !tx.keys_hold(None, &[Some(self.auditor.key())]).await? {
            return Ok(Verdict::Undo(Deleted::KeyRetired));
        }
        let now = tx.now().await?;
        let (statements, garbage) = removal(tx, self.secret, self.change, Some(self.claim), now).await?;
        let note = Note { entry: &self.entry, auditor: &self.auditor, at: now, revision: Revision(0) };
        tx.write(statements, &note).await?;
        Ok(Verdict::Keep(Deleted::Done(garbage)))
    }
}

/// What removes a secret whose row is locked, and the objects that its stores still hold: their rows are claimed for a
/// while by whoever removes them next, or are for the sweeper.
pub(crate) async fn removal(
    tx: &mut Transaction,
    secret: SecretId,
    change: Uuid,
    claim: Option<Duration>,
    now: Timestamp,
) -> Result<(Vec<Statement>, Vec<Pending>), Failure> {
    let (payloads, objects) = held(tx, secret).await?;
    let garbage: Vec<Pending> = objects
        .into_iter()
        .map(|place| Pending::of_deletion(tx.fresh(), change, secret, place, claim, now))
        .collect();
    let fence = format!("{} WHERE locked = ?", pending::FENCE);
    let mut statements = vec![
        Statement::new(fence, args![now.0, now.0, secret.0]),
        // The row about labels.
        Statement::new("DELETE FROM pending WHERE uid = ?", args![secret.0]),
    ];
    statements.extend(garbage.iter().map(pending::insert));
    statements.push(Statement::new("DELETE FROM versions WHERE secret = ?", args![secret.0]));
    for some in payloads.chunks(MOST_AT_ONCE) {
        let sql = format!("DELETE FROM payloads WHERE id IN ({})", places(some.len()));
        statements.push(Statement::new(sql, padded(some).map(|payload| Value::from(payload.0)).collect()));
    }
    statements.push(Statement::new("DELETE FROM secrets WHERE id = ?", args![secret.0]));
    Ok((statements, garbage))
}

type Objects = BTreeSet<(strongroom_engine::StoreName, strongroom_core::ObjectId)>;

/// The payloads and the objects of a secret.
async fn held(tx: &mut Transaction, secret: SecretId) -> Result<(Vec<PayloadRef>, Objects), Failure> {
    let sql = format!("SELECT {} FROM {} WHERE s.id = ?", rows::columns(), rows::ANY_FROM);
    let (mut payloads, mut objects) = (Vec::new(), BTreeSet::new());
    for record in tx.fetch(&sql, args![secret.0]).await? {
        match rows::row(record)?.version.place {
            Place::Inline { payload, .. } => payloads.push(payload),
            Place::External { store, object, .. } => drop(objects.insert((store, object))),
        }
    }
    Ok((payloads, objects))
}
