//! Which indexes servers answer lists from, over tables that are worth one. The answers would be right without them, and
//! slow.

#[path = "../../tests/common/server.rs"]
mod server;

use super::{conditions::Selection, statement::statement};
use crate::{Options, SqlCatalog, connection::Connection, dialect::Dialect};
use server::{Databases, Server};
use std::sync::Arc;
use strongroom_core::{
    Glob, Names, OwnerId, SecretFilter,
    filter::{Sort, SortField},
};
use strongroom_engine::Viewer;
use strongroom_testkit::TestEnv;
use uuid::Uuid;

/// How a table of a plan is read.
#[derive(Debug, PartialEq, Eq)]
struct Access {
    /// The index; none if the whole table is.
    index: Option<String>,
}

async fn plan(connection: &mut Connection, names: Names, filter: &SecretFilter) -> Vec<String> {
    let dialect = connection.dialect();
    let viewer = Viewer { actor: OwnerId(Uuid::from_u128(1)), names };
    let selection = Selection::new(dialect, &viewer, filter).unwrap();
    let statement = statement(dialect, selection, filter).unwrap();
    let plan = connection.fetch(&format!("EXPLAIN {}", statement.sql), statement.args).await.unwrap();
    plan.iter()
        .map(|record| match dialect {
            Dialect::MySql => format!(
                "{:?}",
                record
                    .0
                    .iter()
                    .map(|v| match v {
                        crate::value::Value::Bytes(b) => String::from_utf8_lossy(b).into_owned(),
                        crate::value::Value::Text(t) => t.clone(),
                        o => format!("{o:?}"),
                    })
                    .collect::<Vec<_>>()
            ),
            _ => record.text(0).unwrap(),
        })
        .collect()
}

async fn look(server: Server) {
    let databases = Databases::on(server);
    let url = databases.fresh().await;
    let catalog = SqlCatalog::open(Options::new(&url, Arc::new(TestEnv::new(1)))).await.unwrap();
    for sql in fill(catalog.dialect()) {
        databases.run_in(&url, sql).await;
    }
    let mut connection = catalog.database.connection().await.unwrap();
    let by = |field| SecretFilter::new().sort(Sort::descending(field));
    let on = |field: &str, text: &str| by(SortField::Updated).on(field, text).unwrap();
    let matching =
        |globs: &[&str]| Names::Matching(globs.iter().map(|glob| Glob::new(*glob).unwrap()).collect());
    for (names, filter) in [
        (Names::All, SecretFilter::new()),
        (Names::All, by(SortField::Updated)),
        (Names::All, by(SortField::Name)),
        (Names::All, by(SortField::Private)),
        (Names::All, by(SortField::Id)),
        (Names::All, by(SortField::User)),
        (Names::All, on("private", "false")),
        (Names::All, on("private", "true")),
        (Names::All, on("name", "startswith:db/12")),
        (Names::All, on("name", "contains:99")),
        (Names::All, on("name", "db/123")),
        (Names::All, on("created", "gte:1970-01-01 05:30:00").sort(Sort::default())),
        (Names::All, on("user", "owner-3")),
        (Names::All, on("id", "0123456789abcdef0123456789abcdef")),
        (matching(&["db/12*"]), by(SortField::Created)),
        (matching(&["db/12*", "db/13*"]), by(SortField::Created)),
    ] {
        println!("=== {names:?} {filter:?}");
        for line in plan(&mut connection, names, &filter).await {
            println!("{line}");
        }
    }
    drop(connection);
    catalog.close().await.unwrap();
    databases.drop_all().await;
}

/// 20,000 secrets of 50 accounts, every 10th of them private.
fn fill(dialect: Dialect) -> [&'static str; 3] {
    match dialect {
        Dialect::Postgres => [
            "INSERT INTO accounts SELECT CAST(lpad(to_hex(n), 32, '0') AS UUID), 'owner-' || n, 'owner-' || n, '', 'user', \
             1, 'admin', 'all', 1, n FROM generate_series(1, 50) n",
            "INSERT INTO secrets SELECT CAST(md5(CAST(n AS TEXT)) AS UUID), 'db/' || n, 'p:db/' || n, 'db/' || n, \
             CASE WHEN n % 10 = 0 THEN 1 ELSE 0 END, CAST(lpad(to_hex(n % 50 + 1), 32, '0') AS UUID), CAST(n AS BIGINT) * 1000000, 40000 - n, 1, \
             CAST(md5(CAST(n AS TEXT)) AS UUID), CAST(md5(CAST(n AS TEXT)) AS UUID) FROM generate_series(1, 20000) n",
            "VACUUM ANALYZE secrets",
        ],
        _ => [
            "INSERT INTO accounts SELECT UNHEX(LPAD(HEX(seq), 32, '0')), CONCAT('owner-', seq), CONCAT('owner-', seq), '', \
             'user', 1, 'admin', 'all', 1, seq FROM seq_1_to_50",
            "INSERT INTO secrets SELECT UNHEX(MD5(seq)), CONCAT('db/', seq), CONCAT('p:db/', seq), CONCAT('db/', seq), \
             IF(seq % 10 = 0, 1, 0), UNHEX(LPAD(HEX(seq % 50 + 1), 32, '0')), seq * 1000000, 40000 - seq, 1, UNHEX(MD5(seq)), \
             UNHEX(MD5(seq)) FROM seq_1_to_20000",
            "ANALYZE TABLE accounts, secrets",
        ],
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn postgres_lists_are_answered_from_indexes() {
    look(Server::Postgres).await;
}

#[tokio::test]
#[ignore = "needs MariaDB: cargo xtask test"]
async fn mariadb_lists_are_answered_from_indexes() {
    look(Server::MariaDb).await;
}
