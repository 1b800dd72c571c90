//! The comparison of a list with what it should be.

use super::{database::Database, rows::Rows};
use strongroom_core::SecretFilter;
use strongroom_engine::{Catalog, Viewer};

/// One list.
pub(crate) struct Case {
    pub(crate) viewer: Viewer,
    pub(crate) filter: SecretFilter,
}

/// The catalog answers what the evaluator answers for all rows that the viewer may list, errors included.
pub(crate) async fn check(database: &Database, rows: &Rows, case: &Case, which: &str) {
    let Case { viewer, filter } = case;
    let listed = rows.0.iter().filter(|meta| {
        (!meta.private || meta.owner.id == viewer.actor) && viewer.names.contains(meta.name.as_str())
    });
    let expected = filter.page_of(listed.cloned().collect());
    let answer = database.catalog.list(viewer, filter).await;
    match (&answer, &expected) {
        (Ok(answer), Ok(expected)) if answer == expected => {}
        (Err(answer), Err(expected)) if format!("{answer:?}") == format!("{expected:?}") => {}
        _ => panic!("{which}: {viewer:?} lists {}: {answer:?} instead of {expected:?}", short(filter)),
    }
}

fn short(filter: &SecretFilter) -> String {
    format!("{filter:?}").chars().take(2_000).collect()
}
