//! Sweeping.

use crate::{
    attempt::micros,
    connection::{Connection, Statement},
    dialect::{MOST_AT_ONCE, padded, places},
    error::Failure,
    rows,
    transaction::{Operation, Transaction, Verdict},
    value::{Value, args},
};
use std::{collections::BTreeMap, time::Duration};
use strongroom_core::{ObjectId, SecretId, VersionRef, async_trait};
use strongroom_engine::{Pending, Settled, StoreName, Uses};

/// Claims rows that are due.
pub(crate) struct Claim {
    pub(crate) limit: u32,
    pub(crate) claim: Duration,
    pub(crate) early: bool,
}

#[async_trait]
impl Operation for Claim {
    type Answer = Vec<Pending>;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Vec<Pending>>, Failure> {
        let now = tx.now().await?;
        let last = if self.early { i64::MAX } else { now.0 };
        let sql = format!(
            "SELECT {} FROM pending WHERE locked IS NULL AND due <= ? ORDER BY due, uid LIMIT ? {{lock}}",
            rows::PENDING
        );
        let found = tx.fetch(&sql, args![last, self.limit]).await?;
        let mut claimed = found.iter().map(rows::pending).collect::<Result<Vec<_>, _>>()?;
        let due = now.plus(self.claim);
        for some in claimed.chunks(MOST_AT_ONCE) {
            let sql =
                format!("UPDATE pending SET claimed = ?, due = ? WHERE uid IN ({})", places(some.len()));
            let mut values = args![now.0, due.0];
            values.extend(padded(some).map(|row| Value::from(row.uid.0)));
            tx.execute(&sql, values).await?;
        }
        for row in &mut claimed {
            row.claimed = Some(now);
            row.due = due;
        }
        Ok(Verdict::Keep(claimed))
    }
}

/// Ends a claim.
pub(crate) struct Settle {
    pub(crate) row: Pending,
    pub(crate) settled: Settled,
}

#[async_trait]
impl Operation for Settle {
    type Answer = bool;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<bool>, Failure> {
        let (what, value) = match self.settled {
            Settled::Drop => ("DELETE FROM pending", None),
            Settled::AfterBirth(span) => ("UPDATE pending SET due = born + ?", Some(micros(span))),
            Settled::After(span) => ("UPDATE pending SET due = ?", Some(tx.now().await?.plus(span).0)),
        };
        let mut values: Vec<Value> = value.into_iter().map(Value::from).collect();
        values.extend(args![self.row.uid.0, self.row.due.0]);
        let claimed = match self.row.claimed {
            Some(at) => {
                values.push(at.0.into());
                "claimed = ?"
            }
            None => "claimed IS NULL",
        };
        let sql = format!("{what} WHERE uid = ? AND locked IS NULL AND due = ? AND {claimed}");
        Ok(Verdict::Keep(tx.execute(&sql, values).await? > 0))
    }
}

/// Forgets all pending rows.
pub(crate) struct Forget;

#[async_trait]
impl Operation for Forget {
    type Answer = Vec<Pending>;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Vec<Pending>>, Failure> {
        let sql = format!("SELECT {} FROM pending ORDER BY born, uid {{lock}}", rows::PENDING);
        let found = tx.fetch(&sql, Vec::new()).await?;
        let all = found.iter().map(rows::pending).collect::<Result<Vec<_>, _>>()?;
        for some in all.chunks(MOST_AT_ONCE) {
            let sql = format!("DELETE FROM pending WHERE uid IN ({})", places(some.len()));
            tx.execute(&sql, padded(some).map(|row| Value::from(row.uid.0)).collect()).await?;
        }
        Ok(Verdict::Keep(all))
    }
}

/// The oldest pending rows.
pub(crate) fn oldest(limit: u32) -> Statement {
    Statement::new(format!("SELECT {} FROM pending ORDER BY born, uid LIMIT ?", rows::PENDING), args![limit])
}

/// What there is about one object, from one statement.
pub(crate) async fn uses(
    connection: &mut Connection,
    secret: SecretId,
    store: &StoreName,
    object: ObjectId,
) -> Result<Uses, Failure> {
    let sql = "SELECT (SELECT COUNT(*) FROM secrets WHERE id = ?), (SELECT COUNT(*) FROM pending WHERE locked = ?), \
               (SELECT COUNT(*) FROM pending WHERE store = ? AND object = ?), v.at_ref \
               FROM (SELECT 1 AS one) o LEFT JOIN versions v ON v.store = ? AND v.object = ?";
    let name = store.as_str();
    let records = connection.fetch(sql, args![secret.0, secret.0, name, object.0, name, object.0]).await?;
    let mut uses = Uses { object, live: false, attempt_open: false, named: Vec::new(), pending: false };
    for record in &records {
        uses.live = record.flag(0)?;
        uses.attempt_open = record.flag(1)?;
        uses.pending = record.flag(2)?;
        if !record.is_null(3) {
            uses.named.push(VersionRef::new(record.text(3)?));
        }
    }
    Ok(uses)
}

/// What there is about each of some objects, whatever the store is called.
pub(crate) async fn explained(
    connection: &mut Connection,
    objects: &[ObjectId],
) -> Result<Vec<Uses>, Failure> {
    let mut found: BTreeMap<ObjectId, (Vec<VersionRef>, bool)> = BTreeMap::new();
    for some in objects.chunks(MOST_AT_ONCE) {
        let list = places(some.len());
        // The names, since the indexes begin with them.
        let sql = format!(
            "SELECT object, at_ref FROM versions WHERE store IN (SELECT name FROM stores) AND object IN ({list}) \
             UNION ALL \
             SELECT object, NULL FROM pending WHERE store IN (SELECT name FROM stores) AND object IN ({list})"
        );
        let ids = || padded(some).map(|object| Value::from(object.0));
        for record in connection.fetch(&sql, ids().chain(ids()).collect()).await? {
            let uses = found.entry(ObjectId(record.uuid(0)?)).or_default();
            if record.is_null(1) {
                uses.1 = true;
            } else {
                uses.0.push(VersionRef::new(record.text(1)?));
            }
        }
    }
    let uses = objects.iter().map(|object| {
        let (named, pending) = found.get(object).cloned().unwrap_or_default();
        // Version rows exist for live secrets alone.
        Uses { object: *object, live: !named.is_empty(), attempt_open: false, named, pending }
    });
    Ok(uses.collect())
}
