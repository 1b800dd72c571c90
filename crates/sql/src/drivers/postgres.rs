//! PostgreSQL.

use crate::{
    connection::promptly,
    error::Failure,
    value::{Record, Value},
};
use sqlx::{
    ConnectOptions, Connection, Encode, Executor, Row, Type, TypeInfo, ValueRef,
    encode::IsNull,
    error::BoxDynError,
    postgres::{
        PgArgumentBuffer, PgArguments, PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow,
        PgTypeInfo, Postgres, types::Oid,
    },
    query::Query,
};
use std::{sync::Arc, time::Duration};
use strongroom_core::{Error, ErrorKind};

type Bound<'q> = Query<'q, Postgres, PgArguments>;

/// A null whose type the server takes from where it stands: the same prepared statement also gets values there.
struct Untyped;

impl Type<Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Untyped {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

pub(crate) fn bind(query: Bound<'_>, value: Value) -> Bound<'_> {
    match value {
        Value::Null => query.bind(Untyped),
        Value::I64(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(Arc::unwrap_or_clone(bytes)),
        Value::Uuid(id) => query.bind(id),
    }
}

pub(crate) fn record(row: &PgRow) -> Result<Record, Failure> {
    let mut values = Vec::with_capacity(row.len());
    for column in 0..row.len() {
        let raw = row.try_get_raw(column)?;
        values.push(if raw.is_null() {
            Value::Null
        } else {
            match raw.type_info().name() {
                "INT8" => Value::I64(row.try_get_unchecked(column)?),
                "INT4" => Value::I64(row.try_get_unchecked::<i32, _>(column)?.into()),
                "BOOL" => Value::I64(row.try_get_unchecked::<bool, _>(column)?.into()),
                "UUID" => Value::Uuid(row.try_get_unchecked(column)?),
                "BYTEA" => Value::Bytes(Arc::new(row.try_get_unchecked(column)?)),
                _ => Value::Text(row.try_get_unchecked(column)?),
            }
        });
    }
    Ok(Record(values))
}

/// How long an idle connection is taken to be alive. One that is not costs a try.
const FRESH: Duration = Duration::from_secs(2);

/// A pool whose connections refuse what could answer with old rows.
pub(crate) fn pool(options: PgConnectOptions, most: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(most.max(2))
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > FRESH {
                    promptly(connection.ping()).await?;
                }
                Ok(true)
            })
        })
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection
                    .execute(
                        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED; \
                         SET lock_timeout = '10s'; SET statement_timeout = '60s'; \
                         SET idle_in_transaction_session_timeout = '60s'",
                    )
                    .await?;
                // A failover may have led us to a standby.
                if is_standby(connection).await? {
                    return Err(sqlx::Error::Configuration("a read-only standby".into()));
                }
                Ok(())
            })
        })
        .connect_lazy_with(options.application_name("strongroom").disable_statement_logging())
}

/// Whether a connection's answers may be old.
async fn is_standby(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let sql = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'";
    connection.fetch_one(sql).await?.try_get(0)
}

/// Refuses servers that are not the writable primary, and databases that do not keep every name. Connects by itself:
/// a pool would go on trying, and not say why.
pub(crate) async fn vet(pool: &PgPool) -> Result<(), Failure> {
    let mut connection = pool.connect_options().connect().await?;
    if is_standby(&mut connection).await? {
        return Err(Error::new(
            ErrorKind::ConfigInvalid,
            "database.url: this server is a read-only standby, whose rows may be old; name the primary",
        )
        .into());
    }
    let row = connection.fetch_one("SELECT current_setting('server_encoding')").await?;
    if row.try_get::<String, _>(0)? != "UTF8" {
        return Err(Error::new(
            ErrorKind::ConfigInvalid,
            "database.url: the database's encoding must be UTF8; create one with ENCODING 'UTF8'",
        )
        .into());
    }
    connection.close().await?;
    Ok(())
}
