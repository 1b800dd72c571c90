//! Which indexes SQLite answers lists from. The answers would be right without them, and slow.

use super::{conditions::Selection, statement::statement};
use crate::{Options, SqlCatalog, connection::Connection, dialect::Dialect};
use std::sync::Arc;
use strongroom_core::{
    Glob, Names, OwnerId, SecretFilter,
    filter::{Sort, SortField},
};
use strongroom_engine::Viewer;
use strongroom_testkit::TestEnv;
use uuid::Uuid;

/// How the rows of `secrets` are found, for the total and for the page, in this order.
async fn accesses(connection: &mut Connection, names: Names, filter: &SecretFilter) -> Vec<String> {
    let viewer = Viewer { actor: OwnerId(Uuid::nil()), names };
    let selection = Selection::new(Dialect::Sqlite, &viewer, filter).unwrap();
    let statement = statement(Dialect::Sqlite, selection, filter).unwrap();
    let plan =
        connection.fetch(&format!("EXPLAIN QUERY PLAN {}", statement.sql), statement.args).await.unwrap();
    let lines = plan.iter().map(|record| record.text(3).unwrap());
    let of_secrets = |line: &String| {
        let looked_up = line.ends_with("LEFT-JOIN");
        let about = ["SCAN s ", "SEARCH s ", "SCAN secrets ", "MULTI-INDEX"]
            .iter()
            .any(|start| line.starts_with(start));
        (about || line == "SCAN s") && !looked_up
    };
    lines.filter(of_secrets).collect()
}

fn matching(globs: &[&str]) -> Names {
    Names::Matching(globs.iter().map(|glob| Glob::new(*glob).unwrap()).collect())
}

#[tokio::test]
async fn lists_are_answered_from_indexes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("strongroom.db");
    let options = Options::new(path.to_str().unwrap(), Arc::new(TestEnv::new(1)));
    let catalog = SqlCatalog::open(options).await.unwrap();
    let mut connection = catalog.database.connection().await.unwrap();

    let all = "SCAN secrets USING COVERING INDEX secrets_name_key";
    let private = "SEARCH s USING COVERING INDEX secrets_private (private=?)";
    let prefix = "SEARCH s USING COVERING INDEX secrets_name_fold (name_fold>? AND name_fold<?)";
    let everything = "SCAN s USING COVERING INDEX secrets_name_fold";
    let owner = "SEARCH s USING COVERING INDEX secrets_owner (owner=?)";
    let own = "SEARCH s USING COVERING INDEX secrets_owner (owner=? AND private=?)";
    let by = |field| SecretFilter::new().sort(Sort::descending(field));
    let on = |field: &str, text: &str| by(SortField::Updated).on(field, text).unwrap();
    let in_order = |index: &str| format!("SCAN s USING COVERING INDEX {index}");
    let name = "SEARCH s USING COVERING INDEX secrets_name (name=?)";
    let created = "SEARCH s USING COVERING INDEX secrets_created (created>?)";

    let expected: Vec<(Names, SecretFilter, Vec<String>)> = vec![
        (Names::All, SecretFilter::new(), vec![all.into(), private.into(), in_order("secrets_created")]),
        (Names::All, by(SortField::Updated), vec![all.into(), private.into(), in_order("secrets_updated")]),
        (Names::All, by(SortField::Name), vec![all.into(), private.into(), in_order("secrets_name")]),
        (Names::All, by(SortField::Private), vec![all.into(), private.into(), in_order("secrets_private")]),
        (Names::All, by(SortField::Id), vec![all.into(), private.into(), "SCAN s".into()]),
        (Names::All, on("private", "false"), vec![all.into(), private.into(), in_order("secrets_updated")]),
        (Names::All, on("private", "true"), vec![own.into(), own.into()]),
        (Names::All, on("name", "startswith:db/"), vec![prefix.into(), prefix.into()]),
        (
            Names::All,
            on("name", "startswith:db/").sort(Sort::ascending(SortField::Name)),
            vec![prefix.into(), prefix.into()],
        ),
        (
            Names::All,
            on("name", "startswith:db/").on("private", "false").unwrap(),
            vec![prefix.into(), prefix.into()],
        ),
        (Names::All, on("name", "contains:db"), vec![everything.into(), everything.into()]),
        (Names::All, on("name", "db"), vec![name.into(), name.replace("COVERING ", "")]),
        (
            Names::All,
            on("created", "gte:2026-01-01 00:00:00").sort(Sort::default()),
            vec![created.into(), created.into()],
        ),
        (Names::All, on("user", "admin"), vec![owner.into(), owner.into()]),
        (
            Names::All,
            on("user", "admin").on("name", "contains:db").unwrap(),
            vec![everything.into(), everything.into()],
        ),
        (
            Names::All,
            on("id", "0123456789abcdef0123456789abcdef"),
            vec!["SEARCH s USING PRIMARY KEY (id=?)".into(); 2],
        ),
        (matching(&["team/*"]), by(SortField::Created), vec![prefix.into(), prefix.into()]),
        (
            matching(&["team/*", "shared/*"]),
            by(SortField::Created),
            vec![everything.into(), everything.into()],
        ),
    ];
    for (names, filter, accesses_expected) in expected {
        let which = format!("{names:?} {filter:?}");
        assert_eq!(accesses(&mut connection, names, &filter).await, accesses_expected, "{which}");
    }
}
