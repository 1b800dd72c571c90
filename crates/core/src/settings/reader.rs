//! What all keys of one reading share.

use super::Vars;
use secrecy::{ExposeSecret, SecretString};
use std::cell::RefCell;

/// So many characters of a value in a row are a quotation.
const RUN: usize = 12;

/// One reading of a section.
pub(super) struct Reader<'a> {
    pub(super) vars: &'a Vars,
    /// Keys of the section that somebody else took.
    pub(super) taken: &'a [&'static str],
    seen: RefCell<Vec<SecretString>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(vars: &'a Vars, taken: &'a [&'static str]) -> Self {
        Self { vars, taken, seen: RefCell::default() }
    }

    /// Remembers a value that is handed out.
    pub(super) fn saw(&self, text: impl Into<SecretString>) {
        self.seen.borrow_mut().push(text.into());
    }

    /// Whether a text quotes a value that was handed out: all of it, or [`RUN`] characters of it.
    pub(super) fn quoted_in(&self, text: &str) -> bool {
        self.seen.borrow().iter().any(|value| {
            let escaped = SecretString::from(value.expose_secret().escape_debug().to_string());
            quotes(text, value.expose_secret().trim()) || quotes(text, escaped.expose_secret())
        })
    }
}

fn quotes(text: &str, value: &str) -> bool {
    let ends: Vec<usize> = value.char_indices().map(|(at, _)| at).chain([value.len()]).collect();
    let chars = ends.len() - 1;
    if chars <= RUN {
        return chars > 0 && text.contains(value);
    }
    ends.windows(RUN + 1).any(|run| text.contains(&value[run[0]..run[RUN]]))
}
