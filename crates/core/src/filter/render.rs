//! From a filter back to text: the inverse of the parser, for whoever hands a filter on.

use super::{Condition, DateOp, Logic, SecretFilter, Sort, SortField, TextOp};
use crate::{Error, ErrorKind, Result, Timestamp, calendar};

impl Condition {
    /// The field and the text that [`parse`](Self::parse) reads as this condition.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] that names the field, for what no text can say: a moment that is no whole second of
    /// the years 1 to 9999, and the character U+0000.
    pub fn to_text(&self) -> Result<(&'static str, String)> {
        Ok(match self {
            Self::Name(op) => ("name", text_op("name", op)?),
            Self::Id(op) => ("id", text_op("id", op)?),
            Self::User(op) => ("user", text_op("user", op)?),
            Self::Created(op) => ("created", date_op("created", op)?),
            Self::Updated(op) => ("updated", date_op("updated", op)?),
            Self::Private(wanted) => ("private", wanted.to_string()),
        })
    }
}

impl Logic {
    /// The word that [`parse`](Self::parse) reads.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "and",
            Self::Any => "or",
        }
    }
}

impl Sort {
    /// The text that [`parse`](Self::parse) reads.
    #[must_use]
    pub fn to_text(self) -> String {
        let column = match self.by {
            SortField::Id => "id",
            SortField::Name => "name",
            SortField::Private => "private",
            SortField::Created => "created",
            SortField::Updated => "updated",
            SortField::User => "user",
        };
        format!("{}:{column}", if self.descending { "desc" } else { "asc" })
    }
}

impl SecretFilter {
    /// The filter as the pairs of a query: `sort_by`, `logical_operator`, `page`, `size`, and one for each condition,
    /// in their order. Nothing is escaped yet.
    ///
    /// # Errors
    /// Those of [`check`](Self::check) and [`Condition::to_text`].
    pub fn to_pairs(&self) -> Result<Vec<(&'static str, String)>> {
        self.check()?;
        let mut pairs = vec![
            ("sort_by", self.sort.to_text()),
            ("logical_operator", self.logic.as_str().to_owned()),
            ("page", self.page.to_string()),
            ("size", self.size.to_string()),
        ];
        for condition in &self.conditions {
            pairs.push(condition.to_text()?);
        }
        Ok(pairs)
    }
}

// The operator is always written out: a value such as `contains:x` would be read as one otherwise.

fn text_op(field: &str, op: &TextOp) -> Result<String> {
    let one = |word: &str, text: &str| Ok(format!("{word}:{}", without_nul(field, text)?));
    let many = |word: &str, texts: &[String]| {
        texts.iter().try_for_each(|text| without_nul(field, text).map(drop))?;
        list(word, texts)
    };
    match op {
        TextOp::Equals(text) => one("equals", text),
        TextOp::NotEquals(text) => one("notequals", text),
        TextOp::Contains(text) => one("contains", text),
        TextOp::NotContains(text) => one("notcontains", text),
        TextOp::StartsWith(text) => one("startswith", text),
        TextOp::EndsWith(text) => one("endswith", text),
        TextOp::OneOf(texts) => many("oneof", texts),
        TextOp::NotOneOf(texts) => many("notoneof", texts),
        TextOp::IsNull => Ok("isnull:".to_owned()),
        TextOp::IsNotNull => Ok("isnotnull:".to_owned()),
    }
}

fn date_op(field: &str, op: &DateOp) -> Result<String> {
    let one = |word: &str, at: Timestamp| Ok(format!("{word}:{}", date(field, at)?));
    let many = |word: &str, moments: &[Timestamp]| {
        let texts = moments.iter().map(|at| date(field, *at)).collect::<Result<Vec<_>>>()?;
        list(word, &texts)
    };
    match op {
        DateOp::Equals(at) => one("equals", *at),
        DateOp::NotEquals(at) => one("notequals", *at),
        DateOp::Gt(at) => one("gt", *at),
        DateOp::Gte(at) => one("gte", *at),
        DateOp::Lt(at) => one("lt", *at),
        DateOp::Lte(at) => one("lte", *at),
        DateOp::In(from, to) => Ok(format!("in:{},{}", date(field, *from)?, date(field, *to)?)),
        DateOp::OneOf(moments) => many("oneof", moments),
        DateOp::NotOneOf(moments) => many("notoneof", moments),
        DateOp::IsNull => Ok("isnull:".to_owned()),
        DateOp::IsNotNull => Ok("isnotnull:".to_owned()),
    }
}

fn list(word: &str, texts: &[String]) -> Result<String> {
    // Texts are JSON, whatever is in them.
    let json = serde_json::to_string(texts)
        .map_err(|_| Error::new(ErrorKind::Unexpected, "a list of texts did not become JSON"))?;
    Ok(format!("{word}:{json}"))
}

fn date(field: &str, at: Timestamp) -> Result<String> {
    calendar::format(at).ok_or_else(|| {
        let text = "a moment with fractions of a second, or outside the years 1 to 9999, cannot be written";
        Error::new(ErrorKind::InvalidInput, format!("filter `{field}`: {text}"))
    })
}

fn without_nul<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    if text.contains('\0') {
        let text = format!("filter `{field}`: the character U+0000 is not allowed");
        return Err(Error::new(ErrorKind::InvalidInput, text));
    }
    Ok(text)
}
