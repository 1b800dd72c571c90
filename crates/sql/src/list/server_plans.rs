//! Which indexes servers answer lists from, over tables that are worth one. The answers would be right without them, and
//! slow.

#[allow(dead_code, reason = "shared with the tests of the crate, which need more of it")]
#[path = "../../tests/common/server.rs"]
mod server;

use super::{conditions::Selection, statement::statement};
use crate::{Options, SqlCatalog, connection::Connection, dialect::Dialect, value::Record};
use server::{Databases, Server};
use std::sync::Arc;
use strongroom_core::{
    Glob, Names, OwnerId, SecretFilter,
    filter::{Sort, SortField},
};
use strongroom_engine::Viewer;
use strongroom_testkit::TestEnv;
use uuid::Uuid;

/// How `secrets` is read: the index, or none if the whole table is.
type Access = Option<String>;

/// How the rows of a page are found, and how they are counted.
async fn accesses(connection: &mut Connection, names: Names, filter: &SecretFilter) -> [Vec<Access>; 2] {
    let dialect = connection.dialect();
    let viewer = Viewer { actor: OwnerId(Uuid::from_u128(1)), names };
    let selection = Selection::new(dialect, &viewer, filter).unwrap();
    let statement = statement(dialect, selection, filter).unwrap();
    let plan = connection.fetch(&format!("EXPLAIN {}", statement.sql), statement.args).await.unwrap();
    match dialect {
        Dialect::MySql => ["DERIVED", "SUBQUERY"].map(|select| {
            let about = plan.iter().filter(|record| record.text(1).unwrap() == select);
            let of_secrets =
                |table: Option<String>| table.is_some_and(|t| ["s", "secrets"].contains(&t.as_str()));
            let about = about.filter(|record| of_secrets(record.maybe(2, Record::text).unwrap()));
            about.map(|record| record.maybe(5, Record::text).unwrap()).collect()
        }),
        _ => {
            let lines: Vec<String> = plan.iter().map(|record| record.text(0).unwrap()).collect();
            let limit = lines.iter().position(|line| line.contains("->  Limit ")).expect("no page");
            let depth = |line: &str| line.len() - line.trim_start().len();
            let page = lines[limit + 1..].iter().take_while(|line| depth(line) > depth(&lines[limit]));
            [
                page.filter_map(|line| of_line(line)).collect(),
                lines[..limit].iter().filter_map(|line| of_line(line)).collect(),
            ]
        }
    }
}

/// What a line of PostgreSQL's plan says about `secrets`.
fn of_line(line: &str) -> Option<Access> {
    let word = |after: &str| line.split_once(after)?.1.split(' ').next().map(ToOwned::to_owned);
    if line.contains("Bitmap Index Scan on ") {
        return Some(word("Scan on "));
    }
    if line.contains("Bitmap Heap Scan") || !line.contains(" on secrets") {
        return None;
    }
    Some(word(" using "))
}

async fn lists_are_answered_from_indexes(server: Server) {
    let databases = Databases::on(server);
    let url = databases.fresh().await;
    let catalog = SqlCatalog::open(Options::new(url.as_str(), Arc::new(TestEnv::new(1)))).await.unwrap();
    for sql in fill(catalog.dialect()) {
        databases.run_in(&url, sql).await;
    }
    let mut connection = catalog.database.connection().await.unwrap();
    let by = |field| SecretFilter::new().sort(Sort::descending(field));
    let on = |field: &str, text: &str| by(SortField::Updated).on(field, text).unwrap();
    let matching =
        |globs: &[&str]| Names::Matching(globs.iter().map(|glob| Glob::new(*glob).unwrap()).collect());
    let primary = if catalog.dialect() == Dialect::MySql { "PRIMARY" } else { "secrets_pkey" };
    let by_id = [primary];
    // What reads fewer rows is the database's own choice: the order, or what the condition is about.
    let (prefix, ordered) = (&["secrets_name_fold", "secrets_updated"][..], &["secrets_updated"][..]);
    // Everything is counted, less what is private.
    let all = Some("secrets_private");
    let cases: Vec<(Names, SecretFilter, &[&str], Option<&str>)> = vec![
        (Names::All, SecretFilter::new(), &["secrets_created"], all),
        (Names::All, by(SortField::Updated), ordered, all),
        (Names::All, by(SortField::Name), &["secrets_name"], all),
        (Names::All, by(SortField::Private), &["secrets_private"], all),
        (Names::All, by(SortField::Id), &by_id, all),
        (Names::All, on("private", "false"), ordered, all),
        (Names::All, on("private", "true"), &["secrets_owner"], Some("secrets_owner")),
        (Names::All, on("name", "startswith:db/12"), prefix, Some("secrets_name_fold")),
        // No index knows where letters stand inside of a name: which one is read from end to end is all the same.
        (Names::All, on("name", "contains:99"), ordered, None),
        (Names::All, on("name", "db/123"), &["secrets_name"], Some("secrets_name")),
        (
            Names::All,
            on("created", "gte:1970-01-01 05:30:00").sort(Sort::default()),
            &["secrets_created"],
            Some("secrets_created"),
        ),
        (
            matching(&["db/12*"]),
            by(SortField::Created),
            &["secrets_name_fold", "secrets_created"],
            Some("secrets_name_fold"),
        ),
        (
            matching(&["db/12*", "db/13*"]),
            by(SortField::Created),
            &["secrets_name_fold", "secrets_created"],
            Some("secrets_name_fold"),
        ),
    ];
    for (names, filter, expected, counted) in cases {
        let which = format!("{names:?} {filter:?}");
        let [page, count] = accesses(&mut connection, names, &filter).await;
        let through = |access: &Access, known: &[&str]| access.as_deref().is_some_and(|i| known.contains(&i));
        assert!(!page.is_empty() && page.iter().all(|one| through(one, expected)), "{which}: {page:?}");
        if let Some(counted) = counted {
            assert!(count.iter().any(|one| through(one, &[counted])), "{which}: {count:?}");
        }
    }
    let filter = on("id", "00000000000000000000000000000001");
    let [page, count] = accesses(&mut connection, Names::All, &filter).await;
    let direct = |access: &Access| access.as_deref() == Some(primary);
    assert!(page.iter().chain(&count).all(direct), "{page:?} {count:?}");
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
            "VACUUM ANALYZE",
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
    lists_are_answered_from_indexes(Server::Postgres).await;
}

#[tokio::test]
#[ignore = "needs MariaDB: cargo xtask test"]
async fn mariadb_lists_are_answered_from_indexes() {
    lists_are_answered_from_indexes(Server::MariaDb).await;
}
