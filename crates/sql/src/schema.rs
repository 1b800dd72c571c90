//! Which tables there are, and bringing them up to date.
//!
//! `meta` says what wrote the database (`schema_version`) and what can still work with it (`min_compatible`).
//! Releases only add, so that the previous one keeps running beside.

use crate::{
    connection::{Connection, Link},
    dialect::Dialect,
    error::{Class, Failure},
    value::args,
};
use sqlx::{
    SqlStr,
    migrate::{Migrate, MigrateError, Migration, MigrationType},
};
use strongroom_core::{Error, ErrorKind, Result};

/// What this program writes.
pub(crate) const SCHEMA: i64 = 3;

/// What is found in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No tables, or an initialisation that was interrupted.
    Empty,
    /// Tables of an older release.
    Older,
    /// Tables that this program can work with.
    Ready,
}

/// Looks what is there; refuses what this program must not touch.
pub(crate) async fn look(connection: &mut Connection) -> Result<Found, Failure> {
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
    if min_compatible > SCHEMA {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the database was upgraded by a newer release, which this program does not understand: upgrade this \
             program",
        )
        .with("database", min_compatible)
        .with("program", SCHEMA)
        .into());
    }
    Ok(if schema < SCHEMA { Found::Older } else { Found::Ready })
}

/// Creates or upgrades the tables of a server; whoever comes second finds the work done.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) async fn migrate(database: &crate::database::Database) -> Result<(), Failure> {
    let mut guard = database.connection().await?;
    claim(&mut guard).await?;
    let mut connection = database.connection().await?;
    let outcome = match look(&mut connection).await {
        Ok(Found::Ready) => Ok(()),
        Ok(_) => apply(&mut connection).await,
        Err(failure) => Err(failure),
    };
    guard.raw("COMMIT").await?;
    guard.set_in_transaction(false);
    outcome
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
    guard.set_in_transaction(true);
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
pub(crate) async fn apply(connection: &mut Connection) -> Result<(), Failure> {
    let migrations = migrations(connection.dialect());
    let outcome = run(&migrations, connection).await;
    match outcome {
        // Only where each statement commits by itself: all of ours can be run again.
        Err(MigrateError::Dirty(_)) => {
            connection.execute("DELETE FROM _sqlx_migrations WHERE success = FALSE", Vec::new()).await?;
            run(&migrations, connection).await.map_err(failed)?;
        }
        other => other.map_err(failed)?,
    }
    let sql = "UPDATE meta SET schema_version = ? WHERE id = 1 AND schema_version < ?";
    connection.execute(sql, args![SCHEMA, SCHEMA]).await?;
    Ok(())
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

fn migrations(dialect: Dialect) -> Vec<Migration> {
    macro_rules! of_each {
        ($($file:literal),*) => {
            match dialect {
                Dialect::Sqlite => [$(($file, include_str!(concat!("../migrations/sqlite/", $file, ".sql")))),*],
                Dialect::Postgres => [$(($file, include_str!(concat!("../migrations/postgres/", $file, ".sql")))),*],
                Dialect::MySql => [$(($file, include_str!(concat!("../migrations/mysql/", $file, ".sql")))),*],
            }
        };
    }
    let all = (1_i64..).zip(of_each!("0001_initial", "0002_logins", "0003_devices")).map(
        |(version, (file, sql))| {
            // The number is not part of a migration's name.
            let name = file.split_once('_').map_or(file, |(_, name)| name);
            Migration::new(version, name.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
        },
    );
    all.collect()
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
