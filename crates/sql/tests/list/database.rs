//! Databases of a test's own, filled without the catalog's rules.

use super::rows::{OWNER_COUNT, Rows, owner};
use crate::common;
use sqlx::AssertSqlSafe;
#[cfg(feature = "sqlite")]
use sqlx::ConnectOptions;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use sqlx::Connection;
use strongroom_core::{Owner, SecretMeta};
use strongroom_engine::NameKey;
use strongroom_sql::{Dialect, SqlCatalog};
use uuid::Uuid;

pub(crate) struct Database {
    pub(crate) catalog: SqlCatalog,
    raw: Raw,
    cleanup: Cleanup,
}

enum Raw {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgConnection),
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlConnection),
}

enum Cleanup {
    #[cfg(feature = "sqlite")]
    Directory { _kept: tempfile::TempDir },
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    Drop(String),
}

impl Raw {
    async fn run(&mut self, sql: String) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(raw) => drop(sql.execute(raw).await.unwrap()),
            #[cfg(feature = "postgres")]
            Self::Postgres(raw) => drop(sql.execute(raw).await.unwrap()),
            #[cfg(feature = "mysql")]
            Self::MySql(raw) => drop(sql.execute(raw).await.unwrap()),
        }
    }
}

impl Database {
    #[cfg(feature = "sqlite")]
    pub(crate) async fn sqlite() -> Self {
        let (directory, path) = common::place();
        let catalog = SqlCatalog::open(common::options(path.as_str())).await.unwrap();
        let raw = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
        Self { catalog, raw: Raw::Sqlite(raw), cleanup: Cleanup::Directory { _kept: directory } }
    }

    #[cfg(feature = "postgres")]
    pub(crate) async fn postgres() -> Self {
        let (server, name, url) = fresh("STRONGROOM_TEST_POSTGRES");
        let mut raw = Raw::Postgres(sqlx::PgConnection::connect(&server).await.unwrap());
        raw.run(format!("CREATE DATABASE {name}")).await;
        let catalog = SqlCatalog::open(common::options(url.as_str())).await.unwrap();
        let raw = Raw::Postgres(sqlx::PgConnection::connect(&url).await.unwrap());
        Self { catalog, raw, cleanup: Cleanup::Drop(name) }
    }

    #[cfg(feature = "mysql")]
    pub(crate) async fn mariadb() -> Self {
        let (server, name, url) = fresh("STRONGROOM_TEST_MARIADB");
        let mut raw = Raw::MySql(sqlx::MySqlConnection::connect(&server).await.unwrap());
        raw.run(format!("CREATE DATABASE {name}")).await;
        let catalog = SqlCatalog::open(common::options(url.as_str())).await.unwrap();
        let raw = Raw::MySql(sqlx::MySqlConnection::connect(&url).await.unwrap());
        Self { catalog, raw, cleanup: Cleanup::Drop(name) }
    }

    /// Puts these rows in place of those that are there.
    pub(crate) async fn fill(&mut self, rows: &Rows) {
        let dialect = self.catalog.dialect();
        for sql in ["BEGIN", "DELETE FROM secrets", "DELETE FROM accounts"] {
            self.raw.run(sql.to_owned()).await;
        }
        let accounts = (0..OWNER_COUNT).map(|number| account(dialect, &owner(number)));
        self.raw.run(format!("{ACCOUNT} VALUES {}", accounts.collect::<Vec<_>>().join(", "))).await;
        for some in rows.0.chunks(200) {
            let secrets = some.iter().map(|row| secret(dialect, row));
            self.raw.run(format!("{SECRET} VALUES {}", secrets.collect::<Vec<_>>().join(", "))).await;
        }
        self.raw.run("COMMIT".to_owned()).await;
    }

    /// Ends it, so that nothing is left on a server.
    pub(crate) async fn remove(self) {
        let Self { catalog, raw, cleanup } = self;
        catalog.close().await.unwrap();
        match (cleanup, raw) {
            #[cfg(feature = "postgres")]
            (Cleanup::Drop(name), Raw::Postgres(_)) => {
                let (server, ..) = fresh("STRONGROOM_TEST_POSTGRES");
                let mut other = Raw::Postgres(sqlx::PgConnection::connect(&server).await.unwrap());
                other.run(format!("DROP DATABASE {name} WITH (FORCE)")).await;
            }
            #[cfg(feature = "mysql")]
            (Cleanup::Drop(name), mut raw @ Raw::MySql(_)) => raw.run(format!("DROP DATABASE {name}")).await,
            #[cfg(feature = "sqlite")]
            _ => {}
        }
    }
}

/// The server's own database, and name and URL of a new one.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn fresh(variable: &str) -> (String, String, String) {
    let server =
        std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: cargo xtask test"));
    let name = format!("strongroom_{}", Uuid::new_v4().simple());
    let (before, query) = server.split_once('?').map_or((server.as_str(), ""), |(url, query)| (url, query));
    let (authority, _) = before.rsplit_once('/').unwrap();
    let url = format!("{authority}/{name}?{query}");
    (server, name, url)
}

const ACCOUNT: &str =
    "INSERT INTO accounts (id, name, name_key, full_name, kind, active, role, scope, generation, created)";

fn account(dialect: Dialect, owner: &Owner) -> String {
    let (id, name) = (id(dialect, owner.id.0), text(dialect, &owner.name));
    format!("({id}, {name}, {name}, {}, 'user', 1, 'admin', 'all', 1, 0)", text(dialect, &owner.full_name))
}

const SECRET: &str = "INSERT INTO secrets (id, name, name_key, name_fold, private, owner, created, updated, \
     revision, current_version, change_id)";

fn secret(dialect: Dialect, row: &SecretMeta) -> String {
    let id_of_row = id(dialect, row.id.0);
    format!(
        "({id_of_row}, {}, {}, {}, {}, {}, {}, {}, {}, {id_of_row}, {id_of_row})",
        text(dialect, row.name.as_str()),
        text(dialect, NameKey::of(row).as_str()),
        text(dialect, &row.name.fold()),
        u8::from(row.private),
        id(dialect, row.owner.id.0),
        row.created.0,
        row.updated.0,
        row.revision,
    )
}

/// Everything in digits, so that no client's quoting or character set has a say.
fn text(dialect: Dialect, text: &str) -> String {
    let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    match dialect {
        Dialect::Sqlite => format!("CAST(x'{digits}' AS TEXT)"),
        Dialect::Postgres => format!("convert_from(decode('{digits}', 'hex'), 'UTF8')"),
        _ => format!("x'{digits}'"),
    }
}

fn id(dialect: Dialect, id: Uuid) -> String {
    match dialect {
        Dialect::Postgres => format!("CAST('{id}' AS uuid)"),
        _ => format!("x'{}'", id.simple()),
    }
}
