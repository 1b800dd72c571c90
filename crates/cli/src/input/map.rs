//! A flat map of texts, as JSON or YAML.

use super::{json, yaml};
use crate::failure::{Failure, Outcome};
use secrecy::{ExposeSecret, SecretString};
use strongroom_core::SecretValues;

/// What is wrong with a map: where, and what; never a value.
#[derive(Debug)]
pub(super) enum Wrong {
    /// It is not written in that language.
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It is, but is no flat map of texts.
    Content(String),
}

/// Collects pairs and refuses a key that was there before.
#[derive(Default)]
pub(super) struct Pairs {
    values: SecretValues,
}

impl Pairs {
    /// Adds a pair.
    pub(super) fn add(&mut self, key: &str, value: SecretString) -> Result<(), Wrong> {
        if self.values.contains_key(key) {
            return Err(Wrong::Content(format!("the key `{key}` is there twice; keep one")));
        }
        self.values.set(key, value);
        Ok(())
    }

    /// All pairs.
    pub(super) fn finish(self) -> SecretValues {
        self.values
    }
}

/// A value that is no text.
pub(super) fn not_text(key: &str, what: &str) -> Wrong {
    Wrong::Content(format!("the value of `{key}` is {what}; only text is kept: quote it"))
}

/// Reads a map of texts. What begins with `{` is JSON if it can be, everything else YAML, of which any JSON
/// without escaped surrogates is a part.
pub(crate) fn read_map(what: &str, text: &str) -> Outcome<SecretValues> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let wrong = |wrong: Wrong| {
        Failure::usage(match wrong {
            Wrong::Content(text) => format!("{what}: {text}"),
            Wrong::Syntax { line, column } => {
                format!(
                    "{what}: line {line}, column {column}: this is neither JSON nor YAML; check the quotes"
                )
            }
        })
    };
    let may_be_json = text.trim_start().starts_with('{');
    if may_be_json {
        match json::read(text) {
            // A flow mapping of YAML looks like it.
            Err(Wrong::Syntax { .. }) => {}
            read => return read.map_err(wrong),
        }
    }
    yaml::read(text, may_be_json).map_err(wrong)
}

/// The pairs of two maps; a key that is in both is an error.
pub(crate) fn join(into: &mut SecretValues, more: &SecretValues) -> Outcome {
    for (key, value) in more.iter() {
        if into.contains_key(key) {
            return Err(Failure::usage(format!("the key `{key}` is given twice; keep one")));
        }
        into.set(key, value.expose_secret());
    }
    Ok(())
}
