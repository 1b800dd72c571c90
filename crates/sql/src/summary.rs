//! Numbers for `status`, and whether the file is whole.

use crate::{SqlCatalog, connection::Connection, dialect::Dialect, error::Failure, value::Record};
use strongroom_core::Error;
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

impl SqlCatalog {
    /// Reads all pages of a SQLite file, those too that nobody asks for, which takes as long as it is large. Others look after
    /// their files by themselves: of them nothing is asked.
    ///
    /// # Errors
    /// `Corrupt` with the first damage that there is; what the database says.
    pub async fn examine(&self) -> Result<(), Error> {
        if self.dialect() != Dialect::Sqlite {
            return Ok(());
        }
        let found = self.read("PRAGMA quick_check(1)", Vec::new()).await?;
        let text = found.first().map(|record| record.text(0)).transpose()?.unwrap_or_default();
        // A line before the last one says which file it is about.
        match text.lines().last() {
            Some("ok") => Ok(()),
            says => Err(Failure::damaged(&format!("SQLite: {}", says.unwrap_or_default())).error),
        }
    }
}
