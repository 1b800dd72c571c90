//! Lists: whatever a database holds, the statement's answer is that of the filter language's own evaluator.

mod common;
mod list;

use list::{
    check::{Case, check},
    database::Database,
    generate::{Generator, OWNERS},
    rows::{Rows, row},
};
use strongroom_core::{
    ErrorKind, Glob, Names, OwnerId, SecretFilter, Timestamp,
    filter::{Condition, DateOp, Logic, Sort, SortField, TextOp},
};
use strongroom_engine::{Catalog, Viewer};
use uuid::Uuid;

/// Random filters and viewers over random rows.
async fn random_lists_agree(database: &mut Database, seed: u64, sets: u64, lists: usize) {
    for set in 0..sets {
        let mut generator = Generator::new(seed + set);
        let rows = generator.rows(60);
        database.fill(&rows).await;
        for list in 0..lists {
            let case = generator.case(&rows);
            check(database, &rows, &case, &format!("seed {}, list {list}", seed + set)).await;
        }
    }
}

/// Names next to each other in every order that a database could confuse, and all operators on each.
async fn neighbours_agree(database: &mut Database) {
    let names = [
        "",
        " ",
        "a",
        "a ",
        "A",
        "aa",
        "%",
        "%%",
        "_",
        "\\",
        "\\%",
        "|",
        "*",
        "[a]",
        "?",
        "'",
        "\"",
        "é",
        "e\u{301}",
        "É",
        "\u{212a}",
        "k",
        "ß",
        "\u{d7ff}",
        "\u{e000}",
        "\u{fffd}",
        "\u{fffe}",
        "\u{ffff}",
        "\u{10000}",
        "\u{10ffff}",
        "\u{10ffff}\u{10ffff}",
        "\u{1}",
        "\u{7f}",
        "\n",
        "🔑",
    ];
    let long = ["a".repeat(255), "\u{10ffff}".repeat(255)];
    let names: Vec<&str> = names.into_iter().chain(long.iter().map(String::as_str)).collect();
    let rows =
        Rows(names.iter().enumerate().map(|(i, name)| row(name, i % 3 == 0, i % OWNERS, i as i64)).collect());
    database.fill(&rows).await;
    let viewer = Viewer { actor: rows.0[0].owner.id, names: Names::All };
    for name in &names {
        let text = || (*name).to_owned();
        for op in [
            TextOp::Equals(text()),
            TextOp::NotEquals(text()),
            TextOp::Contains(text()),
            TextOp::NotContains(text()),
            TextOp::StartsWith(text()),
            TextOp::EndsWith(text()),
            TextOp::OneOf(vec![text(), "x".into(), text()]),
            TextOp::NotOneOf(vec![text(), "x".into()]),
        ] {
            for condition in [Condition::Name(op.clone()), Condition::User(op.clone())] {
                let filter =
                    SecretFilter::new().condition(condition).size(100).sort(Sort::ascending(SortField::Name));
                check(database, &rows, &Case { viewer: viewer.clone(), filter }, "operators").await;
            }
        }
        let literal = name.replace('\\', "\\\\").replace('*', "\\*");
        for glob in ["X", "X*", "*X", "*X*", "*X*X*", "X*X", "*X*X*X*"] {
            let glob = Glob::new(glob.replace('X', &literal)).unwrap();
            let viewer = Viewer { actor: viewer.actor, names: Names::Matching([glob].into()) };
            check(database, &rows, &Case { viewer, filter: SecretFilter::new().size(100) }, "globs").await;
        }
    }
}

/// No number of operands is too many.
async fn long_lists_agree(database: &mut Database) {
    let rows = Generator::new(7).rows(40);
    database.fill(&rows).await;
    let some = || rows.0.iter().step_by(3);
    let fill = |i: usize| format!("{i:032x}");
    let texts = |known: Vec<String>| known.into_iter().chain((0..20_000).map(fill)).collect::<Vec<_>>();
    let names = texts(some().map(|row| row.name.to_string()).collect());
    let ids = texts(some().map(|row| row.id.to_string().to_uppercase()).collect());
    let users = texts(some().map(|row| row.owner.full_name.clone()).collect());
    let dates: Vec<_> = some().map(|row| row.created).chain((0..20_000).map(Timestamp)).collect();
    let viewer = Viewer { actor: rows.0[0].owner.id, names: Names::All };
    for condition in [
        Condition::Name(TextOp::OneOf(names.clone())),
        Condition::Name(TextOp::NotOneOf(names)),
        Condition::Id(TextOp::OneOf(ids.clone())),
        Condition::Id(TextOp::NotOneOf(ids)),
        Condition::User(TextOp::OneOf(users)),
        Condition::Updated(DateOp::NotOneOf(dates.clone())),
        Condition::Created(DateOp::OneOf(dates)),
    ] {
        let filter = SecretFilter::new().condition(condition);
        check(database, &rows, &Case { viewer: viewer.clone(), filter }, "a long list").await;
    }
    let globs = (0..2_000).map(|i| Glob::new(format!("{i:x}*")).unwrap()).collect();
    let viewer = Viewer { actor: viewer.actor, names: Names::Matching(globs) };
    check(database, &rows, &Case { viewer, filter: SecretFilter::new() }, "many globs").await;
}

/// Conditions are limited by the database's arguments alone, and then the text says what to do.
async fn many_conditions(database: &mut Database) {
    let rows = Generator::new(8).rows(40);
    database.fill(&rows).await;
    let viewer = Viewer { actor: rows.0[0].owner.id, names: Names::All };
    let filter = |logic, many: usize| {
        let no_name = |i| Condition::Name(TextOp::NotContains(format!("{i:x}.")));
        (0..many).map(no_name).fold(SecretFilter::new().logic(logic), SecretFilter::condition)
    };
    for logic in [Logic::All, Logic::Any] {
        let case = Case { viewer: viewer.clone(), filter: filter(logic, 3_000) };
        check(database, &rows, &case, "many conditions").await;
    }
    let refused = database.catalog.list(&viewer, &filter(Logic::All, 40_000)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{refused}");
    assert!(refused.message().contains("oneof"), "{refused}");
}

/// Nobody sees what is private to another, and an account that owns nothing sees what is public.
async fn private_ones_are_their_owners(database: &mut Database) {
    let rows = Rows((0..12).map(|i| row(&format!("n{i}"), i % 2 == 0, i % OWNERS, 0)).collect());
    database.fill(&rows).await;
    let everybody = SecretFilter::new().size(100);
    for owner in (0..OWNERS).map(|i| rows.0[i].owner.id).chain([OwnerId(Uuid::max())]) {
        let viewer = Viewer { actor: owner, names: Names::All };
        let page = database.catalog.list(&viewer, &everybody).await.unwrap();
        assert!(page.items.iter().all(|meta| !meta.private || meta.owner.id == owner));
        assert_eq!(page.items.iter().filter(|meta| !meta.private).count(), 6);
        assert_eq!(page.total, page.items.len() as u64);
    }
}

macro_rules! suite {
    ($server:ident, $open:expr, $sets:expr, $lists:expr, $(#[$ignored:meta])?) => { mod $server {
        use super::*;

        #[tokio::test]
        $(#[$ignored])?
        async fn random_lists() {
            let mut database = $open.await;
            random_lists_agree(&mut database, 1, $sets, $lists).await;
            database.remove().await;
        }

        #[tokio::test]
        $(#[$ignored])?
        async fn neighbours() {
            let mut database = $open.await;
            neighbours_agree(&mut database).await;
            database.remove().await;
        }

        #[tokio::test]
        $(#[$ignored])?
        async fn long_lists() {
            let mut database = $open.await;
            long_lists_agree(&mut database).await;
            database.remove().await;
        }

        #[tokio::test]
        $(#[$ignored])?
        async fn conditions() {
            let mut database = $open.await;
            many_conditions(&mut database).await;
            database.remove().await;
        }

        #[tokio::test]
        $(#[$ignored])?
        async fn privacy() {
            let mut database = $open.await;
            private_ones_are_their_owners(&mut database).await;
            database.remove().await;
        }
    } };
}

#[cfg(feature = "sqlite")]
suite!(sqlite, Database::sqlite(), 20, 150,);
#[cfg(feature = "postgres")]
suite!(postgres, Database::postgres(), 8, 100, #[ignore = "needs PostgreSQL: cargo xtask test"]);
#[cfg(feature = "mysql")]
suite!(mariadb, Database::mariadb(), 8, 100, #[ignore = "needs MariaDB: cargo xtask test"]);
