//! Operators on texts and ids, in SQL.

use super::{expression::Expression, one_of};
use crate::{dialect::Dialect, value::args};
use strongroom_core::filter::TextOp;
use uuid::Uuid;

/// A text that conditions are about.
pub(crate) struct Column {
    /// The text as it is.
    pub(crate) exact: &'static str,
    /// The text with ASCII letters, and only those, in lower case.
    pub(crate) fold: String,
}

impl Column {
    /// The name of a secret, whose folded form is stored.
    pub(crate) fn name() -> Self {
        Self { exact: "s.name", fold: "s.name_fold".to_owned() }
    }

    /// A text of an account, folded by the database.
    pub(crate) fn folded(dialect: Dialect, exact: &'static str) -> Self {
        let fold = match dialect {
            // Both know ASCII only: SQLite always, PostgreSQL with the collation "C", which the columns have.
            Dialect::Sqlite | Dialect::Postgres => format!("lower({exact})"),
            // LOWER does nothing to bytes, and more than ASCII to texts.
            Dialect::MySql => ('A'..='Z').fold(exact.to_owned(), |text, letter| {
                format!("REPLACE({text}, '{letter}', '{}')", letter.to_ascii_lowercase())
            }),
        };
        Self { exact, fold }
    }
}

/// Whether the text satisfies the operator or, if it is a negative one, the operator that it negates.
pub(crate) fn positive(dialect: Dialect, column: &Column, op: &TextOp) -> Expression {
    match op {
        TextOp::Equals(wanted) | TextOp::NotEquals(wanted) => {
            one_of::text(dialect, column.exact, std::slice::from_ref(wanted))
        }
        TextOp::OneOf(wanted) | TextOp::NotOneOf(wanted) => one_of::text(dialect, column.exact, wanted),
        TextOp::Contains(part) | TextOp::NotContains(part) => contains(dialect, &column.fold, part),
        TextOp::StartsWith(start) => starts(&column.fold, &start.to_ascii_lowercase()),
        TextOp::EndsWith(end) => ends(dialect, &column.fold, end),
        TextOp::IsNull | TextOp::IsNotNull => Expression::Never,
    }
}

/// The same on the digits of an id.
pub(crate) fn positive_on_id(dialect: Dialect, column: &str, op: &TextOp) -> Expression {
    let digits = || match dialect {
        Dialect::Sqlite => format!("lower(hex({column}))"),
        Dialect::Postgres => format!("replace(CAST({column} AS text), '-', '') COLLATE \"C\""),
        // As bytes, because the digits would be a text in the session's collation.
        Dialect::MySql => format!("CAST(LOWER(HEX({column})) AS BINARY)"),
    };
    match op.for_ids() {
        TextOp::Equals(wanted) | TextOp::NotEquals(wanted) => ids(dialect, column, &[wanted]),
        TextOp::OneOf(wanted) | TextOp::NotOneOf(wanted) => ids(dialect, column, &wanted),
        TextOp::Contains(part) | TextOp::NotContains(part) => contains(dialect, &digits(), &part),
        TextOp::StartsWith(start) => starts_id(column, &start),
        TextOp::EndsWith(end) => ends(dialect, &digits(), &end),
        TextOp::IsNull | TextOp::IsNotNull => Expression::Never,
    }
}

/// Whether a text starts with these bytes, as a range, so that an index serves it.
pub(crate) fn starts(column: &str, start: &str) -> Expression {
    match (start.is_empty(), start.contains('\0'), after_all_with(start)) {
        (true, ..) => Expression::Always,
        (_, true, _) => Expression::Never,
        (.., None) => Expression::sql(format!("{column} >= ?"), args![start]),
        (.., Some(end)) => Expression::sql(format!("({column} >= ? AND {column} < ?)"), args![start, end]),
    }
}

/// The smallest text that is greater than all that start with this one. UTF-8 sorts by bytes as its characters do
/// by number, so the last character is counted up; the last of all characters hands over to the one before.
fn after_all_with(start: &str) -> Option<String> {
    let mut end = start.to_owned();
    while let Some(last) = end.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

fn contains(dialect: Dialect, folded: &str, part: &str) -> Expression {
    match (part.is_empty(), part.contains('\0')) {
        (true, _) => return Expression::Always,
        (_, true) => return Expression::Never,
        _ => {}
    }
    let text = match dialect {
        Dialect::Sqlite => format!("instr({folded}, ?) > 0"),
        Dialect::Postgres => format!("strpos({folded}, ?) > 0"),
        Dialect::MySql => format!("LOCATE(?, {folded}) > 0"),
    };
    Expression::sql(text, args![part.to_ascii_lowercase()])
}

fn ends(dialect: Dialect, folded: &str, end: &str) -> Expression {
    match (end.is_empty(), end.contains('\0')) {
        (true, _) => return Expression::Always,
        (_, true) => return Expression::Never,
        _ => {}
    }
    let text = match dialect {
        Dialect::Sqlite => format!("substr({folded}, -length(?)) = ?"),
        Dialect::Postgres => format!("right({folded}, char_length(?)) = ?"),
        Dialect::MySql => format!("RIGHT({folded}, LENGTH(?)) = ?"),
    };
    let end = end.to_ascii_lowercase();
    Expression::sql(text, args![end.as_str(), end.as_str()])
}

fn ids(dialect: Dialect, column: &str, wanted: &[String]) -> Expression {
    let wanted: Vec<_> =
        wanted.iter().filter(|text| text.len() == 32).filter_map(|text| filled(text, b'0')).collect();
    one_of::id(dialect, column, &wanted)
}

fn starts_id(column: &str, start: &str) -> Expression {
    if start.is_empty() {
        return Expression::Always;
    }
    match (filled(start, b'0'), filled(start, b'f')) {
        (Some(first), Some(last)) => {
            Expression::sql(format!("({column} >= ? AND {column} <= ?)"), args![first, last])
        }
        _ => Expression::Never,
    }
}

/// The id that starts with these digits and goes on with this one; `None` if there is none.
fn filled(start: &str, digit: u8) -> Option<Uuid> {
    let mut digits = [digit; 32];
    digits.get_mut(..start.len())?.copy_from_slice(start.as_bytes());
    Uuid::try_parse_ascii(&digits).ok()
}
