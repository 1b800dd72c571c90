//! The audit log.

use crate::{
    connection::Statement,
    error::Failure,
    transaction::Transaction,
    value::{Record, args},
};
use strongroom_core::{Origin, OwnerId, Revision, SecretId, Timestamp};
use strongroom_engine::{AuditRow, crypto::KeyId};
use uuid::Uuid;

pub(crate) const COLUMNS: &str = "chain, seq, at, revision, change_id, actor, action, secret, detail, channel, address, request, key_id, mac";

/// Adds an entry.
pub(crate) fn insert(row: &AuditRow) -> Statement {
    Statement::new(
        format!("INSERT INTO audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
        args![
            row.chain.as_str(),
            number(row.sequence),
            row.at.0,
            number(row.revision.0),
            row.change,
            row.actor.0,
            row.action.as_str(),
            row.secret.0,
            row.detail.as_str(),
            row.origin.channel.as_str(),
            row.origin.address.as_deref(),
            row.origin.request.as_deref(),
            row.key.0,
            row.mac.as_slice(),
        ],
    )
}

/// The revision and time of a change, if it committed.
pub(crate) async fn find(
    tx: &mut Transaction,
    change: Uuid,
) -> Result<Option<(Revision, Timestamp)>, Failure> {
    let found = tx.fetch("SELECT revision, at FROM audit WHERE change_id = ?", args![change]).await?;
    let Some(record) = found.first() else { return Ok(None) };
    Ok(Some((Revision(record.u64(0)?), Timestamp(record.i64(1)?))))
}

/// Reads entries of a chain in order.
pub(crate) fn select(chain: &str, after: u64, limit: u32) -> Statement {
    Statement::new(
        format!("SELECT {COLUMNS} FROM audit WHERE chain = ? AND seq > ? ORDER BY seq LIMIT ?"),
        args![chain, number(after), limit],
    )
}

/// An entry.
///
/// # Errors
/// `Corrupt`, naming chain and entry, if it cannot be read.
pub(crate) fn row(record: &Record) -> Result<AuditRow, Failure> {
    whole(record).map_err(|failure| placed(failure, record, record.i64(1).ok()))
}

/// Names the chain that a record begins with, and the entry.
pub(crate) fn placed(failure: Failure, record: &Record, entry: Option<i64>) -> Failure {
    let failure = failure.about("chain", record.shown(0).unwrap_or_default().escape_debug());
    match entry {
        Some(entry) => failure.about("entry", entry),
        None => failure,
    }
}

/// What stands in place of an entry's action if the entry cannot be read.
const DAMAGED: &str = "audit.damaged";

/// An entry as it is listed. One that cannot be read hides no other: what is left of it says so, and where it is.
pub(crate) fn listed(record: &Record) -> AuditRow {
    row(record).unwrap_or_else(|failure| AuditRow {
        chain: record.shown(0).unwrap_or_default(),
        sequence: record.u64(1).unwrap_or_default(),
        at: Timestamp(record.i64(2).unwrap_or_default()),
        revision: Revision(0),
        change: Uuid::nil(),
        actor: OwnerId(Uuid::nil()),
        action: DAMAGED.to_owned(),
        secret: SecretId(Uuid::nil()),
        detail: failure.error.to_string(),
        origin: Origin::new(""),
        key: KeyId(Uuid::nil()),
        mac: Vec::new(),
    })
}

fn whole(record: &Record) -> Result<AuditRow, Failure> {
    let mut origin = Origin::new(record.text(9)?);
    origin.address = record.maybe(10, Record::text)?;
    origin.request = record.maybe(11, Record::text)?;
    Ok(AuditRow {
        chain: record.text(0)?,
        sequence: record.u64(1)?,
        at: Timestamp(record.i64(2)?),
        revision: Revision(record.u64(3)?),
        change: record.uuid(4)?,
        actor: OwnerId(record.uuid(5)?),
        action: record.text(6)?,
        secret: SecretId(record.uuid(7)?),
        detail: record.text(8)?,
        origin,
        key: KeyId(record.uuid(12)?),
        mac: record.bytes(13)?,
    })
}

/// A count as databases have it; none of ours comes near the end.
pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
