//! SQLite without a driver's thread in between: for lookups of single rows, and for the one who writes.

use crate::{
    connection::{BatchFailure, Statement},
    error::Failure,
    value::{Record, Value, damaged},
};
use rusqlite::{
    Connection, OpenFlags, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use std::{path::Path, sync::Arc, time::Duration};
use uuid::Uuid;

/// A connection that only reads.
pub(crate) fn reader(path: &Path) -> Result<Connection, Failure> {
    open(path, 32, "PRAGMA query_only = ON")
}

/// The connection that writes, as durably as [`super::sqlite::upgrader`] does.
pub(crate) fn writer(path: &Path) -> Result<Connection, Failure> {
    let own = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON";
    open(path, 256, own)
}

/// With so many different statements that stay prepared. It does not wait for other processes, since its users wait better.
fn open(path: &Path, statements: usize, own: &str) -> Result<Connection, Failure> {
    made(path, statements, own).map_err(|error| Failure::from(error).at(path))
}

fn made(path: &Path, statements: usize, own: &str) -> rusqlite::Result<Connection> {
    // Whoever only reads takes part in the index of the log, too, for which the file must be open for writing.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.set_prepared_statement_cache_capacity(statements);
    // Pages of SQLite's own are a second copy of what the system caches.
    let all = "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -1024";
    connection.execute_batch(all)?;
    connection.execute_batch(own)?;
    Ok(connection)
}

/// Runs a statement without arguments that reads nothing.
pub(crate) fn run(connection: &Connection, sql: &str) -> Result<(), Failure> {
    connection.prepare_cached(sql)?.raw_execute()?;
    Ok(())
}

/// Runs statements one after the other: how many rows each changed, and all that they read.
pub(crate) fn batch(
    connection: &Connection,
    statements: &[Statement],
) -> Result<(Vec<u64>, Vec<Record>), BatchFailure> {
    let (mut changed, mut records) = (Vec::with_capacity(statements.len()), Vec::new());
    for (at, statement) in statements.iter().enumerate() {
        let (rows, read) = step(connection, statement).map_err(|failure| BatchFailure { at, failure })?;
        changed.push(rows);
        records.extend(read);
    }
    Ok((changed, records))
}

/// The rows that a statement reads.
pub(crate) fn fetch(connection: &Connection, statement: &Statement) -> Result<Vec<Record>, Failure> {
    step(connection, statement).map(|(_, records)| records)
}

fn step(connection: &Connection, statement: &Statement) -> Result<(u64, Vec<Record>), Failure> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    for (at, argument) in statement.args.iter().enumerate() {
        prepared.raw_bind_parameter(at + 1, argument)?;
    }
    let (columns, only_reads) = (prepared.column_count(), prepared.readonly());
    let (mut rows, mut records) = (prepared.raw_query(), Vec::new());
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(columns);
        for column in 0..columns {
            values.push(value(row.get_ref(column)?, column)?);
        }
        records.push(Record(values));
    }
    drop(rows);
    // SQLite keeps the number of the last statement that changed something.
    Ok((if only_reads { 0 } else { connection.changes() }, records))
}

fn value(raw: ValueRef<'_>, column: usize) -> Result<Value, Failure> {
    Ok(match raw {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::I64(number),
        // An id, most likely, which needs no room of its own.
        ValueRef::Blob(bytes) => match <[u8; 16]>::try_from(bytes) {
            Ok(id) => Value::Uuid(Uuid::from_bytes(id)),
            Err(_) => Value::Bytes(Arc::new(bytes.to_vec())),
        },
        ValueRef::Text(bytes) => Value::text(bytes.to_vec()),
        ValueRef::Real(_) => return Err(damaged("a whole number", column)),
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::I64(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Uuid(id) => ValueRef::Blob(id.as_bytes()),
        }))
    }
}
