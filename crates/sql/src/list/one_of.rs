//! Membership in lists of any length.

use super::expression::Expression;
use crate::{
    dialect::{Dialect, MOST_AT_ONCE, padded, places},
    value::Value,
};
use std::fmt::Write as _;
use strongroom_core::Timestamp;
use uuid::Uuid;

/// The most bytes that a name in a row has on MySQL: 510 characters of four bytes.
const LONGEST: usize = 2_040;

/// Whether a text column is one of these.
pub(super) fn text(dialect: Dialect, column: &str, wanted: &[String]) -> Expression {
    // What no name can be is left out: not every database takes U+0000 in a text, and MySQL's JSON has a width.
    let by_json = dialect == Dialect::MySql && wanted.len() > MOST_AT_ONCE;
    let fits = |text: &&String| !by_json || text.len() <= LONGEST;
    let wanted: Vec<_> = wanted.iter().filter(|text| !text.contains('\0')).filter(fits).collect();
    let values = || wanted.iter().map(|text| Value::from(text.as_str())).collect();
    let json = || array(wanted.iter().map(|text| hex(text.as_bytes())));
    let from_json = match dialect {
        Dialect::Sqlite => "SELECT CAST(unhex(value) AS TEXT) FROM json_each(?)",
        Dialect::Postgres => {
            "SELECT convert_from(decode(value, 'hex'), 'UTF8') FROM jsonb_array_elements_text(CAST(? AS jsonb))"
        }
        Dialect::MySql => UNHEX,
    };
    one_of(dialect, column, from_json, wanted.len(), values, json)
}

/// Whether a column of ids is one of these.
pub(super) fn id(dialect: Dialect, column: &str, wanted: &[Uuid]) -> Expression {
    let values = || wanted.iter().map(|id| Value::from(*id)).collect();
    let json = || array(wanted.iter().map(|id| hex(id.as_bytes())));
    let from_json = match dialect {
        Dialect::Sqlite => "SELECT unhex(value) FROM json_each(?)",
        Dialect::Postgres => "SELECT CAST(value AS uuid) FROM jsonb_array_elements_text(CAST(? AS jsonb))",
        Dialect::MySql => UNHEX,
    };
    one_of(dialect, column, from_json, wanted.len(), values, json)
}

/// Whether a column of times is one of these.
pub(super) fn time(dialect: Dialect, column: &str, wanted: &[Timestamp]) -> Expression {
    let values = || wanted.iter().map(|at| Value::from(at.0)).collect();
    let json = || array(wanted.iter().map(|at| at.0.to_string()));
    let from_json = match dialect {
        Dialect::Sqlite => "SELECT CAST(value AS INTEGER) FROM json_each(?)",
        Dialect::Postgres => "SELECT CAST(value AS bigint) FROM jsonb_array_elements_text(CAST(? AS jsonb))",
        Dialect::MySql => {
            "SELECT j.v FROM JSON_TABLE(CONVERT(? USING utf8mb4), '$[*]' COLUMNS (v BIGINT PATH '$')) j"
        }
    };
    one_of(dialect, column, from_json, wanted.len(), values, json)
}

const UNHEX: &str = "SELECT UNHEX(j.v) FROM JSON_TABLE(CONVERT(? USING utf8mb4), '$[*]' \
     COLUMNS (v VARCHAR(4080) CHARACTER SET ascii PATH '$')) j";

fn one_of(
    dialect: Dialect,
    column: &str,
    from_json: &str,
    len: usize,
    values: impl FnOnce() -> Vec<Value>,
    json: impl FnOnce() -> String,
) -> Expression {
    match (len, dialect) {
        (0, _) => Expression::Never,
        (1, _) => Expression::sql(format!("{column} = ?"), values()),
        // JSON_TABLE is not in every database that speaks this protocol, but so many arguments are.
        (2..=MOST_AT_ONCE, Dialect::MySql) => {
            Expression::sql(format!("{column} IN ({})", places(len)), padded(&values()).collect())
        }
        // One argument, whatever the length: databases limit the number of arguments.
        _ => Expression::sql(format!("{column} IN ({from_json})"), vec![Value::Text(json())]),
    }
}

/// A JSON array of texts of hexadecimal digits, so that nothing in them needs an escape, or of numbers.
pub(super) fn array(items: impl Iterator<Item = String>) -> String {
    let mut json = String::from("[");
    for (i, item) in items.enumerate() {
        if i > 0 {
            json.push(',');
        }
        // The quotes make even a number a text, which each of the statements above reads as what it needs.
        json.push('"');
        json.push_str(&item);
        json.push('"');
    }
    json.push(']');
    json
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _infallible = write!(digits, "{byte:02x}");
    }
    digits
}
