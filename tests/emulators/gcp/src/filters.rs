//! Filters of lists: conditions that all must hold.

use crate::refusal::{Refusal, Result};

/// One condition.
#[derive(Debug)]
pub(crate) enum Condition {
    /// This text, in small letters, is in the name.
    Name(String),
    /// The label has this value.
    Label(String, String),
    /// The version is in this state.
    State(String),
}

/// Reads `name:x`, `labels.k=v`, `state:ENABLED`, side by side or with `AND` between them.
pub(crate) fn parse(filter: &str) -> Result<Vec<Condition>> {
    filter.split_whitespace().filter(|word| *word != "AND").map(condition).collect()
}

fn condition(word: &str) -> Result<Condition> {
    let unknown = || Refusal::unimplemented(&format!("filter {word}"));
    let (field, value) = word.split_once([':', '=']).ok_or_else(unknown)?;
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    let is_plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if value.is_empty() || !value.chars().all(is_plain) {
        return Err(unknown());
    }
    match (field, field.strip_prefix("labels.")) {
        ("name", _) => Ok(Condition::Name(value.to_lowercase())),
        ("state", _) => Ok(Condition::State(value.to_uppercase())),
        (_, Some(key)) if !key.is_empty() && key.chars().all(is_plain) => {
            Ok(Condition::Label(key.to_owned(), value.to_owned()))
        }
        _ => Err(unknown()),
    }
}
