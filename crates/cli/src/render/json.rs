//! JSON, indented. Written here, because a library would copy values into buffers that nobody wipes.

use super::Data;
use crate::{escape::is_unprintable, secret_text::SecretText};
use secrecy::ExposeSecret;
use std::fmt::Write as _;

/// The document, with a newline behind it.
pub(super) fn write(data: &Data) -> SecretText {
    let mut out = SecretText::default();
    value(&mut out, data, 0);
    out.push('\n');
    out
}

fn value(out: &mut SecretText, data: &Data, depth: usize) {
    match data {
        Data::Null => out.push_str("null"),
        Data::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Data::Number(number) => out.push_str(&number.to_string()),
        Data::Text(text) => quoted(out, text),
        Data::Secret(text) => quoted(out, text.expose_secret()),
        Data::List(items) => {
            list(out, depth, ['[', ']'], items, |out, item| value(out, item, depth + 1));
        }
        Data::Map(pairs) => list(out, depth, ['{', '}'], pairs, |out, (key, item)| {
            quoted(out, key);
            out.push_str(": ");
            value(out, item, depth + 1);
        }),
    }
}

fn list<T>(
    out: &mut SecretText,
    depth: usize,
    [open, close]: [char; 2],
    items: &[T],
    mut each: impl FnMut(&mut SecretText, &T),
) {
    out.push(open);
    for (i, item) in items.iter().enumerate() {
        out.push_str(if i == 0 { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(depth + 1));
        each(out, item);
    }
    if !items.is_empty() {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
    out.push(close);
}

/// What a terminal would obey is an escape, which means the same to every reader of JSON.
pub(super) fn quoted(out: &mut SecretText, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unprintable(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing here never fails.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
