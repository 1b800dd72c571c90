//! A value that can be recognised in whatever form it gets out.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use std::fmt::Write as _;

/// A value with everything that a form of writing changes.
pub(crate) struct Canary {
    value: String,
    forms: Vec<(String, Vec<u8>)>,
}

impl Canary {
    /// One of its own for each label, which is made of ASCII letters.
    pub(crate) fn new(label: &str) -> Self {
        // The plain part betrays every form that leaves letters alone, escapes among them.
        let plain = format!("{label}Kanarienvogel{label}");
        let value = format!("{plain} \"\\/é<&%+\u{1F426}\t{plain}");
        let mut forms = forms(plain.as_bytes());
        forms.extend(forms_of_marks());
        Self { forms: forms.into_iter().filter(|(_, form)| form.len() > 7).collect(), value }
    }

    /// The value.
    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    /// The form in which it is somewhere in there.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> Option<&str> {
        let found = |form: &[u8]| contains(bytes, form);
        self.forms.iter().find(|(_, form)| found(form)).map(|(name, _)| name.as_str())
    }

    /// Fails if it is in there.
    pub(crate) fn is_not_in(&self, what: &str, bytes: &[u8]) {
        if let Some(form) = self.found_in(bytes) {
            panic!("the value is there, {form}: {what}: {}", String::from_utf8_lossy(bytes));
        }
    }
}

/// Whether bytes are somewhere in others.
pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    let Some(first) = part.first() else { return true };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        if rest[at..].starts_with(part) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// Bytes as they are, and in hexadecimal digits, and in base64 whatever stands before them.
pub(crate) fn forms(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut forms = vec![("as it is".to_owned(), bytes.to_vec())];
    let mut hex = String::new();
    bytes.iter().for_each(|byte| write!(hex, "{byte:02x}").unwrap());
    forms.push(("in upper hexadecimal digits".to_owned(), hex.to_uppercase().into_bytes()));
    forms.push(("in hexadecimal digits".to_owned(), hex.into_bytes()));
    for before in 0..3 {
        let padded = [&b"\0\0\0"[..before], bytes].concat();
        for (name, engine) in [("base64", STANDARD_NO_PAD), ("base64 for URLs", URL_SAFE_NO_PAD)] {
            let text = engine.encode(&padded);
            // The first and the last characters are not of these bytes alone.
            let from = (before * 8).div_ceil(6);
            let to = padded.len() * 8 / 6;
            forms.push((format!("in {name}, shifted by {before}"), text.as_bytes()[from..to].to_vec()));
        }
    }
    forms
}

/// The part of the value that escapes change, escaped.
fn forms_of_marks() -> Vec<(String, Vec<u8>)> {
    [
        ("marks as they are", "\"\\/é<&%+\u{1F426}"),
        ("marks in JSON", r#"\"\\/é<&%+"#),
        ("marks in JSON of ASCII", r#"\"\\/\u00e9<&%+\ud83d\udc26"#),
        ("marks in a URL", "%22%5C%2F%C3%A9%3C%26%25%2B%F0%9F%90%A6"),
        ("marks in Debug of Rust", r#"\"\\/é<&%+"#),
    ]
    .map(|(name, form)| (name.to_owned(), form.as_bytes().to_vec()))
    .into()
}

#[test]
fn it_is_recognised_in_every_form() {
    let canary = Canary::new("test");
    let value = canary.value();
    let mut shown = vec![value.to_owned(), format!("{value:?}"), serde_json::to_string(value).unwrap()];
    for before in ["", "x", "xy"] {
        let bytes = format!("{before}{value}, and so on");
        shown.extend([STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)]);
        let mut hex = String::new();
        bytes.bytes().for_each(|byte| write!(hex, "{byte:02X}").unwrap());
        shown.push(hex);
    }
    for text in shown {
        assert!(canary.found_in(format!("something {text} else").as_bytes()).is_some(), "{text}");
    }
    for (text, is) in [("Kanarienvogel", false), ("/%22%5C%2F%C3%A9%3C%26%25%2B%F0%9F%90%A6", true)] {
        assert_eq!(canary.found_in(text.as_bytes()).is_some(), is, "{text}");
    }
}
