//! From text to a condition.

use super::{Condition, DateOp, TextOp, calendar};
use crate::{Error, ErrorKind, Result, Timestamp};

impl Condition {
    /// Reads the condition `text`, `[operator:]value`, on `field`, one of [`FIELDS`](Self::FIELDS).
    ///
    /// - Without one of the known operators before the first `:` the whole text is what the field has to equal.
    /// - Dates have the form `YYYY-MM-DD HH:MM:SS`, in UTC.
    /// - `private` takes `true`, `t`, `yes`, `y`, `on`, `1` and their opposites, in any case.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] that names the field: an operator that the field does not have, a value that
    /// the operator does not take, or the character U+0000, which no text of ours holds.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        match field {
            "name" => text_op("name", text).map(Self::Name),
            "id" => text_op("id", text).map(Self::Id),
            "user" => text_op("user", text).map(Self::User),
            "created" => date_op("created", text).map(Self::Created),
            "updated" => date_op("updated", text).map(Self::Updated),
            "private" => boolean(text)
                .map(Self::Private)
                .ok_or_else(|| invalid("private", "expected true or false, without an operator")),
            _ => Err(Error::new(
                ErrorKind::InvalidInput,
                format!("filter: unknown field, use one of {}", Self::FIELDS.join(", ")),
            )),
        }
    }
}

#[derive(Clone, Copy)]
enum Operator {
    Equals,
    NotEquals,
    Contains,
    NotContains,
    StartsWith,
    EndsWith,
    OneOf,
    NotOneOf,
    IsNull,
    IsNotNull,
    Gt,
    Gte,
    Lt,
    Lte,
    In,
}

impl Operator {
    fn named(word: &str) -> Option<Self> {
        Some(match word {
            "equals" => Self::Equals,
            "notequals" => Self::NotEquals,
            "contains" => Self::Contains,
            "notcontains" => Self::NotContains,
            "startswith" => Self::StartsWith,
            "endswith" => Self::EndsWith,
            "oneof" => Self::OneOf,
            "notoneof" => Self::NotOneOf,
            "isnull" => Self::IsNull,
            "isnotnull" => Self::IsNotNull,
            "gt" => Self::Gt,
            "gte" => Self::Gte,
            "lt" => Self::Lt,
            "lte" => Self::Lte,
            "in" => Self::In,
            _ => return None,
        })
    }

    fn split(text: &str) -> (Self, &str) {
        text.split_once(':')
            .and_then(|(word, value)| Some((Self::named(word)?, value)))
            .unwrap_or((Self::Equals, text))
    }
}

fn text_op(field: &str, text: &str) -> Result<TextOp> {
    let (operator, value) = Operator::split(text);
    let one = || without_nul(field, value.to_owned());
    let many =
        || -> Result<_> { list(field, value)?.into_iter().map(|item| without_nul(field, item)).collect() };
    Ok(match operator {
        Operator::Equals => TextOp::Equals(one()?),
        Operator::NotEquals => TextOp::NotEquals(one()?),
        Operator::Contains => TextOp::Contains(one()?),
        Operator::NotContains => TextOp::NotContains(one()?),
        Operator::StartsWith => TextOp::StartsWith(one()?),
        Operator::EndsWith => TextOp::EndsWith(one()?),
        Operator::OneOf => TextOp::OneOf(many()?),
        Operator::NotOneOf => TextOp::NotOneOf(many()?),
        Operator::IsNull => nothing(field, value, TextOp::IsNull)?,
        Operator::IsNotNull => nothing(field, value, TextOp::IsNotNull)?,
        Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte | Operator::In => {
            return Err(invalid(
                field,
                "gt, gte, lt, lte and in are for dates; use equals, notequals, contains, notcontains, \
                 startswith, endswith, oneof, notoneof, isnull or isnotnull",
            ));
        }
    })
}

fn date_op(field: &str, text: &str) -> Result<DateOp> {
    let (operator, value) = Operator::split(text);
    let one = || date(field, value);
    let many = || -> Result<_> { list(field, value)?.iter().map(|item| date(field, item)).collect() };
    Ok(match operator {
        Operator::Equals => DateOp::Equals(one()?),
        Operator::NotEquals => DateOp::NotEquals(one()?),
        Operator::Gt => DateOp::Gt(one()?),
        Operator::Gte => DateOp::Gte(one()?),
        Operator::Lt => DateOp::Lt(one()?),
        Operator::Lte => DateOp::Lte(one()?),
        Operator::In => {
            let (from, to) = value
                .split_once(',')
                .ok_or_else(|| invalid(field, "in takes two dates with a comma between them"))?;
            DateOp::In(date(field, from)?, date(field, to)?)
        }
        Operator::OneOf => DateOp::OneOf(many()?),
        Operator::NotOneOf => DateOp::NotOneOf(many()?),
        Operator::IsNull => nothing(field, value, DateOp::IsNull)?,
        Operator::IsNotNull => nothing(field, value, DateOp::IsNotNull)?,
        Operator::Contains | Operator::NotContains | Operator::StartsWith | Operator::EndsWith => {
            return Err(invalid(
                field,
                "contains, notcontains, startswith and endswith are for texts; use equals, notequals, gt, gte, \
                 lt, lte, in, oneof, notoneof, isnull or isnotnull",
            ));
        }
    })
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn date(field: &str, text: &str) -> Result<Timestamp> {
    calendar::parse(text).ok_or_else(|| invalid(field, "expected YYYY-MM-DD HH:MM:SS"))
}

fn list(field: &str, text: &str) -> Result<Vec<String>> {
    serde_json::from_str(text)
        .map_err(|_| invalid(field, r#"oneof and notoneof take a JSON list of texts, like ["a","b"]"#))
}

fn nothing<T>(field: &str, value: &str, op: T) -> Result<T> {
    if value.is_empty() { Ok(op) } else { Err(invalid(field, "isnull and isnotnull take no value")) }
}

/// Not every database takes U+0000 in a text, not even to look for it.
fn without_nul(field: &str, text: String) -> Result<String> {
    if text.contains('\0') { Err(invalid(field, "the character U+0000 is not allowed")) } else { Ok(text) }
}

fn invalid(field: &str, why: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("filter `{field}`: {why}"))
}
