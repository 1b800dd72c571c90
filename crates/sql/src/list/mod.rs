//! Pages of what a viewer may list: a filter and a viewer become one statement.
//!
//! The filter language's own evaluator says what is right; the statement gives the same answer on every database,
//! whatever its collation. Texts compare as bytes, no character of a user's text is a wildcard, and where letters
//! are folded, only ASCII ones are.

mod conditions;
mod expression;
mod names;
mod one_of;
#[cfg(all(test, feature = "sqlite"))]
mod plans;
mod statement;
mod text;

use crate::{connection::Connection, error::Failure, rows};
use conditions::Selection;
use strongroom_core::{Page, SecretFilter, SecretMeta};
use strongroom_engine::Viewer;

/// A page: items and total from one statement.
///
/// # Errors
/// Those of [`Page::new`], and `InvalidInput` for more conditions than the database takes at once.
pub(crate) async fn list(
    connection: &mut Connection,
    viewer: &Viewer,
    filter: &SecretFilter,
) -> Result<Page<SecretMeta>, Failure> {
    filter.check()?;
    let dialect = connection.dialect();
    let Some(selection) = Selection::new(dialect, viewer, filter) else {
        return Ok(Page::new(Vec::new(), 0, filter)?);
    };
    let statement = statement::statement(dialect, selection, filter)?;
    let mut records = connection.fetch(&statement.sql, statement.args).await?;
    let mut items = Vec::with_capacity(records.len());
    let mut total = 0;
    for record in &mut records {
        total = record.u64(statement::TOTAL)?;
        if !record.is_null(0) {
            items.push(rows::meta(record)?);
        }
    }
    Ok(Page::new(items, total, filter)?)
}
