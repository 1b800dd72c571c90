//! Which tables there are, and bringing them up to date.
//!
//! `meta` says what wrote the database (`schema_version`) and what can still work with it (`min_compatible`).
//! What each release does to them: see [`crate::release`].

use crate::{
    connection::{Connection, Link},
    dialect::Dialect,
    error::{Class, Failure},
    release::Release,
    value::args,
};
use sqlx::migrate::{Migrate, MigrateError, Migration};
use strongroom_core::{Error, ErrorKind, Result};

/// What is found in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No tables, or not all of them: they are being made, or that was interrupted.
    Empty,
    /// Tables of an older release.
    Older,
    /// Tables that this program can work with.
    Ready,
}

/// Looks what is there; refuses what this program must not touch.
pub(crate) async fn look(connection: &mut Connection, release: Release) -> Result<Found, Failure> {
    let sql = match connection.dialect() {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
        Dialect::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        }
        Dialect::MySql => {
            "SELECT CAST(table_name AS BINARY) FROM information_schema.tables WHERE table_schema = DATABASE()"
        }
    };
    let mut tables = Vec::new();
    for record in connection.fetch(sql, Vec::new()).await? {
        tables.push(record.text(0)?);
    }
    if !tables.iter().any(|table| table == "meta") {
        let ours = |table: &&String| !matches!(table.as_str(), "_sqlx_migrations" | "strongroom_migration");
        return match tables.iter().find(ours) {
            None => Ok(Found::Empty),
            Some(other) => Err(foreign().with("table", other).into()),
        };
    }
    let meta = connection
        .fetch("SELECT schema_version, min_compatible FROM meta WHERE id = 1", Vec::new())
        .await
        .map_err(|failure| if failure.class == Class::Schema { foreign().into() } else { failure })?;
    let Some(record) = meta.first() else { return Ok(Found::Empty) };
    let (schema, min_compatible) = (record.i64(0)?, record.i64(1)?);
    let own = release.schema();
    if min_compatible > own {
        return Err(newer(min_compatible, own).into());
    }
    if schema >= own {
        return Ok(Found::Ready);
    }
    // Tables that are half made look as old as their first script. Nobody uses them before they are whole.
    if connection.fetch("SELECT id FROM identity WHERE id = 1", Vec::new()).await?.is_empty() {
        return Ok(Found::Empty);
    }
    let now = connection.fetch("SELECT schema_version FROM meta WHERE id = 1", Vec::new()).await?;
    let now = now.first().map_or(Ok(schema), |record| record.i64(0))?;
    Ok(if now < own { Found::Older } else { Found::Ready })
}

/// Why a program is too old.
pub(crate) fn newer(needed: i64, own: i64) -> Error {
    let text = "the database was upgraded by a newer release, which this program does not understand: upgrade this program";
    Error::new(ErrorKind::Unsupported, text).with("database", needed).with("program", own)
}

/// Creates or upgrades the tables of a server; whoever comes second finds the work done.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) async fn migrate(database: &crate::database::Database) -> Result<(), Failure> {
    let mut guard = unhurried(database).await?;
    claim(&mut guard).await?;
    let mut connection = unhurried(database).await?;
    let outcome = match look(&mut connection, database.release).await {
        Ok(Found::Ready) => Ok(()),
        Ok(_) => apply(&mut connection, database.release).await,
        Err(failure) => Err(failure),
    };
    guard.raw("COMMIT").await?;
    outcome
}

/// Removes from a server's tables what no program needs any more.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) async fn finish(database: &crate::database::Database) -> Result<(), Failure> {
    let mut guard = unhurried(database).await?;
    claim(&mut guard).await?;
    let mut connection = unhurried(database).await?;
    let outcome = narrow(&mut connection, database.release).await;
    guard.raw("COMMIT").await?;
    outcome
}

/// A connection that may take as long for a statement, and be idle as long in a transaction, as a migration of large
/// tables does. It is used for nothing else.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn unhurried(database: &crate::database::Database) -> Result<Connection, Failure> {
    let mut connection = database.connection().await?;
    connection.use_once();
    connection.raw(connection.dialect().unhurried()).await?;
    Ok(connection)
}

/// Locks the one row whose holder migrates. It is a row and no advisory lock, so that poolers and clusters in
/// between do no harm, and a lock that goes with its connection, so that a crash leaves none.
#[cfg(any(feature = "postgres", feature = "mysql"))]
async fn claim(guard: &mut Connection) -> Result<(), Failure> {
    let table = "CREATE TABLE IF NOT EXISTS strongroom_migration (id BIGINT NOT NULL PRIMARY KEY)";
    // On PostgreSQL two at once can collide here although it says IF NOT EXISTS.
    again_if(guard.raw(table).await, &[Class::Unique, Class::Schema])?;
    let row = guard.fetch("SELECT id FROM strongroom_migration WHERE id = 1", Vec::new()).await?;
    if row.is_empty() {
        let insert = guard.execute("INSERT INTO strongroom_migration (id) VALUES (1)", Vec::new()).await;
        again_if(insert, &[Class::Unique])?;
    }
    guard.raw(guard.dialect().begin()).await?;
    guard.fetch("SELECT id FROM strongroom_migration WHERE id = 1 {lock}", Vec::new()).await?;
    Ok(())
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn again_if<T>(outcome: Result<T, Failure>, classes: &[Class]) -> Result<(), Failure> {
    match outcome {
        Ok(_) => Ok(()),
        Err(failure) if classes.contains(&failure.class) => Err(Failure { class: Class::Again, ..failure }),
        Err(failure) => Err(failure),
    }
}

/// Runs what is missing, on a connection that nobody else migrates beside.
pub(crate) async fn apply(connection: &mut Connection, release: Release) -> Result<(), Failure> {
    run_all(&release.widening(connection.dialect()), connection).await?;
    let schema = release.schema();
    let sql = "UPDATE meta SET schema_version = ? WHERE id = 1 AND schema_version < ?";
    connection.execute(sql, args![schema, schema]).await?;
    Ok(())
}

/// Removes what no program needs any more that may still open the database, on a connection that nobody else migrates
/// beside.
pub(crate) async fn narrow(connection: &mut Connection, release: Release) -> Result<(), Failure> {
    let narrowing = release.narrowing(connection.dialect());
    let migrations: Vec<Migration> = narrowing.into_iter().map(|one| one.migration).collect();
    run_all(&migrations, connection).await
}

/// Whether something is left to be removed.
pub(crate) async fn is_wide(connection: &mut Connection, release: Release) -> Result<bool, Failure> {
    let known = release.narrowing(connection.dialect());
    let first = known.iter().map(|one| one.migration.version).min().unwrap_or(i64::MAX);
    let sql = "SELECT COUNT(*) FROM _sqlx_migrations WHERE version >= ? AND success = TRUE";
    let done = connection.fetch(sql, args![first]).await?;
    Ok(done.first().map_or(Ok(0), |record| record.u64(0))? < known.len() as u64)
}

async fn run_all(migrations: &[Migration], connection: &mut Connection) -> Result<(), Failure> {
    match run(migrations, connection).await {
        // Only where each statement commits by itself: all of ours can be run again.
        Err(MigrateError::Dirty(_)) => {
            connection.execute("DELETE FROM _sqlx_migrations WHERE success = FALSE", Vec::new()).await?;
            run(migrations, connection).await.map_err(failed)
        }
        other => other.map_err(failed),
    }
}

async fn run(migrations: &[Migration], connection: &mut Connection) -> Result<(), MigrateError> {
    match connection.link() {
        #[cfg(feature = "sqlite")]
        Link::Sqlite(link) => {
            // One transaction around all, begun as a writer: processes that start at once queue up here.
            let mut tx = sqlx::Connection::begin_with(&mut **link, "BEGIN IMMEDIATE").await?;
            missing(migrations, &mut *tx).await?;
            Ok(tx.commit().await?)
        }
        // Migrations are the other driver's.
        #[cfg(feature = "sqlite")]
        Link::File(_) => Err(MigrateError::Execute(sqlx::Error::Protocol("not on this connection".into()))),
        #[cfg(feature = "postgres")]
        Link::Postgres(link) => missing(migrations, &mut **link).await,
        #[cfg(feature = "mysql")]
        Link::MySql(link) => missing(migrations, &mut **link).await,
    }
}

/// Applies what is missing, without the advisory lock that the driver's own runner takes.
async fn missing<C: Migrate>(migrations: &[Migration], connection: &mut C) -> Result<(), MigrateError> {
    const TABLE: &str = "_sqlx_migrations";
    connection.ensure_migrations_table(TABLE).await?;
    if let Some(version) = connection.dirty_version(TABLE).await? {
        return Err(MigrateError::Dirty(version));
    }
    let applied = connection.list_applied_migrations(TABLE).await?;
    for migration in migrations {
        match applied.iter().find(|done| done.version == migration.version) {
            Some(done) if done.checksum == migration.checksum => {}
            Some(done) => return Err(MigrateError::VersionMismatch(done.version)),
            None => drop(connection.apply(TABLE, migration).await?),
        }
    }
    Ok(())
}

fn failed(error: MigrateError) -> Failure {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        other => Error::new(ErrorKind::Unexpected, "the database's tables could not be brought up to date")
            .with("migration", other)
            .into(),
    }
}

fn foreign() -> Error {
    Error::new(
        ErrorKind::ConfigInvalid,
        "database.url: there are tables of another program in this database; name an empty one",
    )
}
