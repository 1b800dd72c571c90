//! Names of accounts and API keys.

use strongroom_core::{Error, ErrorKind, Result};
use strongroom_sql::name_key;
use unicode_normalization::UnicodeNormalization;

const LONGEST: usize = 255;
/// The most bytes of what a name is found by that every database takes.
const LONGEST_KEY: usize = 1060;

/// A name as it is kept: in NFC, without control characters, 1 to 255 characters. That account names differ also in
/// another case of letters is looked at where they are kept.
///
/// # Errors
/// `InvalidInput` with the rule.
pub fn check_name(name: &str) -> Result<String> {
    let invalid = |text: &'static str| Err(Error::new(ErrorKind::InvalidInput, text));
    let name = as_kept(name);
    if name.is_empty() {
        return invalid("name: it is empty");
    }
    if name.chars().count() > LONGEST {
        return invalid("name: use at most 255 characters");
    }
    // A few letters are three in the other case.
    if name_key(&name).len() > LONGEST_KEY {
        return invalid("name: it is too long with these letters; use a shorter one");
    }
    if name.chars().any(char::is_control) {
        return invalid("name: control characters are not allowed");
    }
    if name.trim() != name {
        return invalid("name: spaces at the beginning or end are not allowed");
    }
    if uuid::Uuid::parse_str(&name).is_ok() {
        return invalid("name: it looks like an id; use another one");
    }
    Ok(name)
}

/// A name as somebody writes it, in the form in which it would be kept.
pub fn as_kept(name: &str) -> String {
    name.nfc().collect()
}

/// Refuses a text that is too long to be kept.
pub(crate) fn check_text(field: &'static str, text: &str, longest: usize) -> Result<()> {
    if text.chars().count() > longest {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            format!("{field}: use at most {longest} characters"),
        ));
    }
    if text.contains('\0') {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            format!("{field}: the character U+0000 is not allowed"),
        ));
    }
    Ok(())
}
