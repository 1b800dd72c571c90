//! An error of reading that never holds the value it is about.

use super::reader::Reader;
use crate::{Error, ErrorKind};
use serde::de;
use std::fmt;

/// What is wrong, and with which key or variable.
#[derive(Debug)]
pub(super) struct ReadError {
    at: Option<String>,
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// A text of ours, which the name of the key goes in front of.
    Wrong,
    /// A text of ours that names the key itself.
    Whole,
    /// A text by a stranger's `Deserialize`, which may quote the value.
    Foreign,
    /// A key is missing.
    Missing(&'static str),
    /// The type itself cannot be read.
    Defect,
}

impl ReadError {
    /// Says what is wrong; the key is added on the way up.
    pub(super) fn wrong(text: impl Into<String>) -> Self {
        Self { at: None, text: text.into(), kind: Kind::Wrong }
    }

    /// Says what is wrong and where.
    pub(super) fn whole(text: impl Into<String>) -> Self {
        Self { at: None, text: text.into(), kind: Kind::Whole }
    }

    /// The type lets typos through.
    pub(super) fn defect() -> Self {
        let text = "the configuration type uses flatten, or an enum that is untagged or internally tagged, and \
                    with these typos would go unnoticed; name the fields in one struct, or tag the enum externally";
        Self { at: None, text: text.to_owned(), kind: Kind::Defect }
    }

    /// Adds which key or variable it is about, unless that is known.
    pub(super) fn at(mut self, label: &str) -> Self {
        if self.kind != Kind::Whole && self.at.is_none() {
            self.at = Some(label.to_owned());
        }
        self
    }

    /// Turns a missing field into a text that says how to set it; `name` makes the name of its variable.
    pub(super) fn missing_in(self, path: &str, name: impl Fn(&str) -> Option<String>) -> Self {
        let (None, Kind::Missing(key)) = (&self.at, self.kind) else { return self };
        let or = name(key).map(|name| format!(" or as {name}")).unwrap_or_default();
        Self::whole(format!("{path}: missing key `{key}`; set it in the file{or}"))
    }

    /// The error to be shown: nothing in it was set anywhere.
    pub(super) fn into_error(self, reader: &Reader<'_>) -> Error {
        let kind = if self.kind == Kind::Defect { ErrorKind::Unexpected } else { ErrorKind::ConfigInvalid };
        if self.kind == Kind::Foreign && reader.quoted_in(&self.text) {
            let at = self.at.unwrap_or_default();
            return Error::new(
                kind,
                format!("{at}: not a valid value (why is not shown: it quotes the value)"),
            );
        }
        Error::new(kind, self.to_string())
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = &self.at {
            write!(f, "{at}: ")?;
        }
        f.write_str(&self.text)
    }
}

impl std::error::Error for ReadError {}

impl From<Error> for ReadError {
    fn from(e: Error) -> Self {
        Self::whole(e.to_string())
    }
}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self { at: None, text: text.to_string(), kind: Kind::Foreign }
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::wrong(for_people(expected))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::wrong(for_people(expected))
    }

    fn invalid_length(_: usize, expected: &dyn de::Expected) -> Self {
        Self::wrong(for_people(expected))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        one_of(expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self { at: None, text: format!("missing key `{field}`"), kind: Kind::Missing(field) }
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::wrong(format!("`{field}` is set twice, under different names; keep one"))
    }
}

/// None of the values that are allowed.
pub(super) fn one_of(expected: &[&str]) -> ReadError {
    ReadError::wrong(format!("expected one of: {}", expected.join(", ")))
}

/// What was expected, where serde's words are a programmer's.
pub(super) fn for_people(expected: &dyn de::Expected) -> String {
    let words = expected.to_string();
    let words = match words.as_str() {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "u128" | "usize" => "a whole number, not negative",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "bool" | "a boolean" => "true or false",
        "a string" => "text, in quotes",
        "path string" => "a path, in quotes",
        "a sequence" => "a list",
        "a map" => "a table",
        other if other.starts_with("struct ") => "a table",
        other => other,
    };
    format!("expected {words}")
}
