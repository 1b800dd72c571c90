//! From text to a condition.

use super::{BoolOp, Condition, DateOp, TextOp, yes_or_no};
use crate::{Error, ErrorKind, Result, Timestamp, calendar};

impl Condition {
    /// Reads the condition `text`, `[operator:]value`, on `field`, one of [`FIELDS`](Self::FIELDS).
    ///
    /// - Without one of the known operators before the first `:` the whole text is what the field has to equal.
    /// - Dates have the form `YYYY-MM-DD HH:MM:SS`, in UTC; zeros in front may be missing but in the year.
    /// - `private` takes `true`, `t`, `yes`, `y`, `on`, `1` and their opposites, in any case.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] that names the field: an operator that the field does not have, a value that
    /// the operator does not take, or the character U+0000, which no text of ours holds.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        match field {
            "name" => TextOp::parse("name", text).map(Self::Name),
            "id" => TextOp::parse("id", text).map(Self::Id),
            "user" => TextOp::parse("user", text).map(Self::User),
            "created" => DateOp::parse("created", text).map(Self::Created),
            "updated" => DateOp::parse("updated", text).map(Self::Updated),
            "private" => yes_or_no(text)
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

impl TextOp {
    /// Reads `[operator:]value`, a condition on the text `field`.
    ///
    /// # Errors
    /// As of [`Condition::parse`].
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        let (operator, value) = Operator::split(text);
        let one = || without_nul(field, value.to_owned());
        let many = || -> Result<_> {
            list(field, value)?.into_iter().map(|item| without_nul(field, item)).collect()
        };
        Ok(match operator {
            Operator::Equals => Self::Equals(one()?),
            Operator::NotEquals => Self::NotEquals(one()?),
            Operator::Contains => Self::Contains(one()?),
            Operator::NotContains => Self::NotContains(one()?),
            Operator::StartsWith => Self::StartsWith(one()?),
            Operator::EndsWith => Self::EndsWith(one()?),
            Operator::OneOf => Self::OneOf(many()?),
            Operator::NotOneOf => Self::NotOneOf(many()?),
            Operator::IsNull => nothing(field, value, Self::IsNull)?,
            Operator::IsNotNull => nothing(field, value, Self::IsNotNull)?,
            Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte | Operator::In => {
                return Err(invalid(
                    field,
                    "gt, gte, lt, lte and in are for dates; use equals, notequals, contains, notcontains, \
                     startswith, endswith, oneof, notoneof, isnull or isnotnull",
                ));
            }
        })
    }
}

impl DateOp {
    /// Reads `[operator:]value`, a condition on the moment `field`.
    ///
    /// # Errors
    /// As of [`Condition::parse`].
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        let (operator, value) = Operator::split(text);
        let one = || date(field, value);
        let many = || -> Result<_> { list(field, value)?.iter().map(|item| date(field, item)).collect() };
        Ok(match operator {
            Operator::Equals => Self::Equals(one()?),
            Operator::NotEquals => Self::NotEquals(one()?),
            Operator::Gt => Self::Gt(one()?),
            Operator::Gte => Self::Gte(one()?),
            Operator::Lt => Self::Lt(one()?),
            Operator::Lte => Self::Lte(one()?),
            Operator::In => {
                let (from, to) = value
                    .split_once(',')
                    .ok_or_else(|| invalid(field, "in takes two dates with a comma between them"))?;
                Self::In(date(field, from)?, date(field, to)?)
            }
            Operator::OneOf => Self::OneOf(many()?),
            Operator::NotOneOf => Self::NotOneOf(many()?),
            Operator::IsNull => nothing(field, value, Self::IsNull)?,
            Operator::IsNotNull => nothing(field, value, Self::IsNotNull)?,
            Operator::Contains | Operator::NotContains | Operator::StartsWith | Operator::EndsWith => {
                return Err(invalid(
                    field,
                    "contains, notcontains, startswith and endswith are for texts; use equals, notequals, gt, gte, \
                     lt, lte, in, oneof, notoneof, isnull or isnotnull",
                ));
            }
        })
    }
}

impl BoolOp {
    /// Reads `[operator:]value`, a condition on the yes or no `field`.
    ///
    /// # Errors
    /// As of [`Condition::parse`].
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        let (operator, value) = Operator::split(text);
        let one = || yes_or_no(value).ok_or_else(|| invalid(field, "expected true or false"));
        Ok(match operator {
            Operator::Equals => Self::Is(one()?),
            Operator::NotEquals => Self::Is(!one()?),
            Operator::IsNull => nothing(field, value, Self::IsNull)?,
            Operator::IsNotNull => nothing(field, value, Self::IsNotNull)?,
            _ => return Err(invalid(field, "use equals, notequals, isnull or isnotnull")),
        })
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
