//! Numbers for `status`.

use crate::{connection::Connection, error::Failure, value::Record};
use strongroom_engine::{StoreName, Summary, crypto::KeyId};

/// Counts what there is.
pub(crate) async fn summary(connection: &mut Connection) -> Result<Summary, Failure> {
    let counts = connection
        .fetch(
            "SELECT (SELECT COUNT(*) FROM secrets), (SELECT COUNT(*) FROM pending WHERE locked IS NOT NULL), \
             (SELECT COUNT(*) FROM pending WHERE locked IS NULL), (SELECT COUNT(*) FROM audit)",
            Vec::new(),
        )
        .await?;
    let mut summary = Summary::default();
    if let Some(record) = counts.first() {
        summary.secrets = record.u64(0)?;
        summary.open_attempts = record.u64(1)?;
        summary.garbage = record.u64(2)?;
        summary.audit_entries = record.u64(3)?;
    }
    let stores = "SELECT store, COUNT(*) FROM versions GROUP BY store";
    for record in connection.fetch(stores, Vec::new()).await? {
        let store = record.maybe(0, Record::text)?.map(StoreName::new).transpose()?;
        summary.versions.push((store, record.u64(1)?));
    }
    // Where nulls sort is each database's own choice.
    summary.versions.sort();
    let keys = "SELECT key_id, COUNT(*) FROM versions WHERE key_id IS NOT NULL GROUP BY key_id";
    for record in connection.fetch(keys, Vec::new()).await? {
        summary.sealed_with.push((KeyId(record.uuid(0)?), record.u64(1)?));
    }
    summary.sealed_with.sort();
    Ok(summary)
}
