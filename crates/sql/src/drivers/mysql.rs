//! MySQL and MariaDB.

use crate::{
    connection::promptly,
    error::Failure,
    value::{Record, Value},
};
use sqlx::{
    ConnectOptions, Connection, Executor, Row, TypeInfo, ValueRef,
    mysql::{
        MySql, MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions, MySqlRow,
    },
    pool::PoolConnectionMetadata,
    query::Query,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use strongroom_core::{Error, ErrorKind};

type Bound<'q> = Query<'q, MySql, MySqlArguments>;

pub(crate) fn bind(query: Bound<'_>, value: Value) -> Bound<'_> {
    match value {
        Value::Null => query.bind(None::<i64>),
        Value::I64(number) => query.bind(number),
        // As bytes: no collation has a say.
        Value::Text(text) => query.bind(text.into_bytes()),
        Value::Bytes(bytes) => query.bind(Arc::unwrap_or_clone(bytes)),
        Value::Uuid(id) => query.bind(id.into_bytes().to_vec()),
    }
}

pub(crate) fn record(row: &MySqlRow) -> Result<Record, Failure> {
    let mut values = Vec::with_capacity(row.len());
    for column in 0..row.len() {
        let raw = row.try_get_raw(column)?;
        values.push(if raw.is_null() {
            Value::Null
        } else {
            match raw.type_info().name() {
                "BIGINT" | "INT" | "SMALLINT" | "TINYINT" | "BOOLEAN" => {
                    Value::I64(row.try_get_unchecked(column)?)
                }
                "BIGINT UNSIGNED" | "INT UNSIGNED" => {
                    let number: u64 = row.try_get_unchecked(column)?;
                    Value::I64(i64::try_from(number).unwrap_or(i64::MAX))
                }
                _ => Value::Bytes(Arc::new(row.try_get_unchecked(column)?)),
            }
        });
    }
    Ok(Record(values))
}

/// How long an idle connection is taken to be alive, and its server to be the primary. One that is not costs a try.
const FRESH: Duration = Duration::from_secs(2);

/// Notices that the server became a standby, which ends no session: those would go on answering with rows that grow old.
#[derive(Default)]
struct Demotion(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// When some connection was asked last.
    asked: Option<Instant>,
    /// Connections that are older lead to a standby.
    demoted: Option<Instant>,
}

impl Demotion {
    async fn admits(
        &self,
        connection: &mut MySqlConnection,
        meta: &PoolConnectionMetadata,
    ) -> Result<bool, sqlx::Error> {
        let now = Instant::now();
        {
            let mut seen = self.lock();
            if seen.demoted.is_some_and(|at| now.duration_since(at) <= meta.age) {
                return Ok(false);
            }
            if meta.idle_for <= FRESH && seen.asked.is_some_and(|at| now.duration_since(at) <= FRESH) {
                return Ok(true);
            }
            seen.asked = Some(now);
        }
        let standby = promptly(is_standby(connection)).await?;
        if standby {
            self.lock().demoted = Some(Instant::now());
        }
        Ok(!standby)
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pool whose connections are strict and wait for what their cluster has committed.
pub(crate) fn pool(options: MySqlConnectOptions, most: u32) -> MySqlPool {
    let demotion = Arc::new(Demotion::default());
    MySqlPoolOptions::new()
        .max_connections(most.max(2))
        .acquire_timeout(Duration::from_secs(10))
        // The pool looks as often as that: before the server closes them.
        .idle_timeout(Duration::from_secs(25))
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            let demotion = demotion.clone();
            Box::pin(async move { demotion.admits(connection, &meta).await })
        })
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
                connection
                    .execute(
                        "SET SESSION sql_mode = \
                         'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'",
                    )
                    .await?;
                // A process that stands still in the middle of a transaction holds its locks no longer than that. A
                // statement that nobody waits for any more would go on; each server reads its own comment alone.
                connection
                    .execute(
                        "SET SESSION innodb_lock_wait_timeout = 10, wait_timeout = 60 \
                         /*M! , max_statement_time = 60 */ /*!50708 , max_execution_time = 60000 */",
                    )
                    .await?;
                if connection.fetch_optional("SHOW VARIABLES LIKE 'wsrep_sync_wait'").await?.is_some() {
                    connection.execute("SET SESSION wsrep_sync_wait = 1").await?;
                }
                // A failover may have led us to a standby.
                if is_standby(connection).await? {
                    return Err(sqlx::Error::Configuration("a read-only server".into()));
                }
                Ok(())
            })
        })
        .connect_lazy_with(options.charset("utf8mb4").disable_statement_logging())
}

/// Whether a connection's answers may be old.
async fn is_standby(connection: &mut MySqlConnection) -> Result<bool, sqlx::Error> {
    // A number, or a word on MariaDB 12.
    let row = connection.fetch_one("SELECT CAST(@@global.read_only AS CHAR)").await?;
    let said = row.try_get_unchecked::<String, _>(0)?;
    Ok(said != "0" && !said.eq_ignore_ascii_case("OFF"))
}

/// Refuses servers that are not the writable primary. Connects by itself: a pool would go on trying, and not say
/// why.
pub(crate) async fn vet(pool: &MySqlPool) -> Result<(), Failure> {
    let mut connection = pool.connect_options().connect().await?;
    if is_standby(&mut connection).await? {
        return Err(Error::new(
            ErrorKind::ConfigInvalid,
            "database.url: this server is read-only, and its rows may be old; name the primary",
        )
        .into());
    }
    connection.close().await?;
    Ok(())
}
