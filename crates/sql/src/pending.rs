//! Statements on pending rows.

use crate::{connection::Statement, error::Failure, rows, transaction::Transaction, value::args};
use std::time::Duration;
use strongroom_core::{SecretId, Timestamp, VersionUid};
use strongroom_engine::{Pending, Place, VersionRow};

/// Takes the lock away, in front of a WHERE: from then on nothing that the attempt does can commit, and its
/// quarantine begins. Its arguments are the time now, twice.
pub(crate) const FENCE: &str = "UPDATE pending SET locked = NULL, due = ?, born = ?, claimed = NULL";

/// Adds a row.
pub(crate) fn insert(row: &Pending) -> Statement {
    let (debris, at) = rows::debris(&row.debris);
    Statement::new(
        format!("INSERT INTO pending ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows::PENDING),
        args![
            row.uid.0,
            row.version.0,
            row.secret.0,
            row.locked.then_some(row.secret.0),
            row.store.as_str(),
            row.object.0,
            debris,
            at,
            row.attempted,
            row.key.map(|key| key.0),
            row.digest.as_deref(),
            row.due.0,
            row.born.0,
            row.claimed.map(|at| at.0),
        ],
    )
}

/// Whether an attempt has the lock of its secret; its row is locked.
pub(crate) async fn has_lock(
    tx: &mut Transaction,
    attempt: VersionUid,
    secret: SecretId,
) -> Result<bool, Failure> {
    let found = tx.fetch("SELECT locked FROM pending WHERE uid = ? {lock}", args![attempt.0]).await?;
    let Some(record) = found.first() else { return Ok(false) };
    Ok(!record.is_null(0) && record.uuid(0)? == secret.0)
}

/// Ends an attempt whose work commits: its row goes, or stays without the lock to explain a twin.
pub(crate) fn end(attempt: VersionUid, twin: bool, now: Timestamp) -> Statement {
    if twin {
        Statement::new(format!("{FENCE} WHERE uid = ?"), args![now.0, now.0, attempt.0])
    } else {
        Statement::new("DELETE FROM pending WHERE uid = ?", args![attempt.0])
    }
}

/// Takes a version out of the place where it was: an inline payload goes at once, for an external one a row is left
/// that is due after `grace`. To be run after no version row names it any more.
pub(crate) fn discard(
    tx: &Transaction,
    secret: SecretId,
    version: &VersionRow,
    now: Timestamp,
    grace: Duration,
) -> Statement {
    match &version.place {
        Place::Inline { payload, .. } => {
            Statement::new("DELETE FROM payloads WHERE id = ?", args![payload.0])
        }
        Place::External { store, object, at } => {
            insert(&Pending::of_version(tx.fresh(), secret, version, (store, *object, at), grace, now))
        }
    }
}

/// Leaves a row that says that the labels of a version in a back-end are out of date: one for each secret, whose row
/// is locked, so that nobody else adds one in between.
pub(crate) fn retag(secret: SecretId, version: VersionUid, place: &Place, now: Timestamp) -> Vec<Statement> {
    let Place::External { store, object, .. } = place else { return Vec::new() };
    let row = Pending::of_labels(secret, version, (store, *object), now);
    vec![Statement::new("DELETE FROM pending WHERE uid = ?", args![row.uid.0]), insert(&row)]
}
