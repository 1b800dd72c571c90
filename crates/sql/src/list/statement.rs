//! The one statement that answers a page and the total.

use super::{
    conditions::{Selection, Visible},
    expression::Expression,
};
use crate::{
    connection::Statement,
    dialect::Dialect,
    rows,
    value::{Value, args},
};
use strongroom_core::{
    Error, ErrorKind, Result, SecretFilter,
    filter::{Sort, SortField},
};

/// Which column of the statement's rows is the total; those of [`rows::META`] stand before it.
pub(super) const TOTAL: usize = 9;

/// A statement whose rows are the page's items in order, each with the total; an empty page is one row of NULLs
/// with the total.
///
/// The page is found by ids alone, from an index where one fits, and only its own rows are looked up.
pub(super) fn statement(dialect: Dialect, selection: Selection, filter: &SecretFilter) -> Result<Statement> {
    let (total, mut args) = total(&selection);
    // The plus keeps SQLite from reading an index in that order.
    let sign = if dialect == Dialect::Sqlite && !selection.in_order { "+" } else { "" };
    let (condition, more) = Expression::all([selection.rest, selection.visible.expression()]).into_where();
    let from = match filter.sort.by {
        SortField::User => rows::META_FROM,
        _ => "secrets s",
    };
    let order = order(filter.sort);
    let sql = format!(
        "SELECT {}, t.total FROM (SELECT {total} AS total) t LEFT JOIN (\
         SELECT s.id FROM {from} WHERE {condition} ORDER BY {sign}{order} LIMIT ? OFFSET ?) p ON 1 = 1 \
         LEFT JOIN secrets s ON s.id = p.id LEFT JOIN accounts a ON a.id = s.owner ORDER BY {order}",
        rows::META
    );
    args.extend(more);
    // A page's number has 32 bits and its size 14.
    args.extend(args![filter.size, i64::try_from(filter.offset()).unwrap_or(i64::MAX)]);
    check(dialect, &args)?;
    Ok(Statement::new(sql, args))
}

/// How many are selected. Without conditions they are all but the hidden ones: both are counted without a look at
/// each visible row.
fn total(selection: &Selection) -> (String, Vec<Value>) {
    const ALL: &str = "(SELECT count(*) FROM secrets)";
    match (&selection.rest, selection.visible) {
        (Expression::Always, Visible::Any(actor)) => (
            format!("{ALL} - (SELECT count(*) FROM secrets s WHERE s.private = 1 AND s.owner <> ?)"),
            args![actor.0],
        ),
        (Expression::Always, Visible::Public) => {
            (format!("{ALL} - (SELECT count(*) FROM secrets s WHERE s.private = 1)"), Vec::new())
        }
        (rest, visible) => {
            let (condition, args) = Expression::all([rest.clone(), visible.expression()]).into_where();
            (format!("(SELECT count(*) FROM secrets s WHERE {condition})"), args)
        }
    }
}

/// Ties go by id, which makes every order total and every page of it the same for everybody.
fn order(sort: Sort) -> String {
    let direction = if sort.descending { "DESC" } else { "ASC" };
    let first = match sort.by {
        SortField::Id => return format!("s.id {direction}"),
        SortField::Name => "s.name",
        SortField::Private => "s.private",
        SortField::Created => "s.created",
        SortField::Updated => "s.updated",
        SortField::User => "a.name",
    };
    format!("{first} {direction}, s.id {direction}")
}

fn check(dialect: Dialect, args: &[Value]) -> Result<()> {
    let most = match dialect {
        Dialect::Sqlite => 32_766,
        Dialect::Postgres | Dialect::MySql => 65_535,
    };
    if args.len() <= most {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidInput,
        "filter: more conditions than the database takes at once; use oneof in place of many conditions",
    )
    .with("arguments", args.len())
    .with("most", most))
}
