//! SQLite: connections that read, and those that make and upgrade a file. Who writes, and who looks up single rows, has
//! another driver: see [`super::rusqlite`].

use crate::{
    error::Failure,
    value::{Record, Value},
};
use sqlx::{
    ConnectOptions, Row, TypeInfo, ValueRef,
    query::Query,
    sqlite::{
        Sqlite, SqliteArguments, SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePool,
        SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};
use std::{path::Path, sync::Arc, time::Duration};

type Bound<'q> = Query<'q, Sqlite, SqliteArguments>;

pub(crate) fn bind(query: Bound<'_>, value: Value) -> Bound<'_> {
    match value {
        Value::Null => query.bind(None::<i64>),
        Value::I64(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(Arc::unwrap_or_clone(bytes)),
        Value::Uuid(id) => query.bind(id.into_bytes().to_vec()),
    }
}

pub(crate) fn record(row: &SqliteRow) -> Result<Record, Failure> {
    let mut values = Vec::with_capacity(row.len());
    for column in 0..row.len() {
        let raw = row.try_get_raw(column)?;
        values.push(if raw.is_null() {
            Value::Null
        } else {
            match raw.type_info().name() {
                "INTEGER" => Value::I64(row.try_get_unchecked(column)?),
                "BLOB" => Value::Bytes(Arc::new(row.try_get_unchecked(column)?)),
                _ => Value::text(row.try_get_unchecked(column)?),
            }
        });
    }
    Ok(Record(values))
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        // The file was made with the right mode before.
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY")
        .pragma("trusted_schema", "OFF")
        .busy_timeout(Duration::from_secs(10))
        .statement_cache_capacity(256)
        .disable_statement_logging()
}

fn pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(20))
}

/// The connection that makes the tables of a new file. How free pages are given back is decided before the first table
/// and kept in the file; saying it again would write, and sync, at each opening.
pub(crate) fn maker(path: &Path) -> SqlitePool {
    pool().max_connections(1).connect_lazy_with(options(path).auto_vacuum(SqliteAutoVacuum::Incremental))
}

/// The connection that upgrades the tables of a file.
pub(crate) fn upgrader(path: &Path) -> SqlitePool {
    pool().max_connections(1).connect_lazy_with(options(path))
}

/// Connections that read.
pub(crate) fn readers(path: &Path, most: u32) -> SqlitePool {
    // A list goes from page to page, and seldom comes back to one.
    let options = options(path).pragma("query_only", "ON").pragma("cache_size", "-512");
    pool().max_connections(most.max(1)).connect_lazy_with(options)
}

/// The one connection to a copy that stays a single file.
pub(crate) fn copy(path: &Path) -> SqlitePool {
    pool().max_connections(1).connect_lazy_with(options(path).journal_mode(SqliteJournalMode::Delete))
}
