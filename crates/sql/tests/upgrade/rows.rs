//! A database of the first schema with its rows.

use serde_json::{Map, Value};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, SqlStr,
    migrate::{Migrate, Migration, MigrationType},
    sqlite::SqliteConnectOptions,
};
use std::fmt::Write as _;

const ROWS: &str = include_str!("first.jsonl");

/// How a database writes bytes and texts.
#[derive(Clone, Copy)]
enum Literals {
    Sqlite,
    Postgres,
    /// Texts are bytes.
    MySql,
}

impl Literals {
    fn of(self, column: &str, value: &Value) -> String {
        match (self, value) {
            (_, Value::Null) => "NULL".to_owned(),
            (_, Value::Number(number)) => number.to_string(),
            (Self::MySql, Value::String(text)) => format!("X'{}'", hex(text.as_bytes())),
            (_, Value::String(text)) => format!("'{}'", text.replace('\'', "''")),
            (_, Value::Object(bytes)) => {
                let bytes = bytes["hex"].as_str().unwrap();
                match self {
                    Self::Sqlite | Self::MySql => format!("X'{bytes}'"),
                    // All other bytes are ids, which it has a type for.
                    Self::Postgres if ["bytes", "mac", "digest"].contains(&column) => format!("'\\x{bytes}'"),
                    Self::Postgres => format!("'{bytes}'"),
                }
            }
            (_, other) => panic!("not in a dump: {other}"),
        }
    }

    fn inserts(self) -> Vec<String> {
        let insert = |line: &str| {
            let line: Map<String, Value> = serde_json::from_str(line).unwrap();
            let row = line["row"].as_object().unwrap();
            let columns: Vec<&str> = row.keys().map(String::as_str).collect();
            let values: Vec<String> = row.iter().map(|(column, value)| self.of(column, value)).collect();
            let table = line["table"].as_str().unwrap();
            format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", "))
        };
        ROWS.lines().map(insert).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// As the first release's runner did.
async fn first<C: Migrate>(connection: &mut C, sql: &'static str) {
    let migration =
        Migration::new(1, "initial".into(), MigrationType::Simple, SqlStr::from_static(sql), false);
    connection.ensure_migrations_table("_sqlx_migrations").await.unwrap();
    connection.apply("_sqlx_migrations", &migration).await.unwrap();
}

macro_rules! filled {
    ($options:expr, $literals:expr, $sql:literal) => {{
        let mut connection = $options.connect().await.unwrap();
        first(&mut connection, include_str!(concat!("../../migrations/", $sql, "/0001_initial.sql"))).await;
        for insert in $literals.inserts() {
            sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
    }};
}

/// Makes the file.
#[cfg(feature = "sqlite")]
pub(super) async fn sqlite(path: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    filled!(options, Literals::Sqlite, "sqlite");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Fills an empty database.
#[cfg(all(feature = "postgres", feature = "mysql"))]
pub(super) async fn on(server: crate::common::server::Server, url: &str) {
    use crate::common::server::Server;
    match server {
        Server::Postgres => {
            let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
            filled!(options, Literals::Postgres, "postgres");
        }
        Server::MariaDb => {
            let options: sqlx::mysql::MySqlConnectOptions = url.parse().unwrap();
            filled!(options, Literals::MySql, "mysql");
        }
    }
}
