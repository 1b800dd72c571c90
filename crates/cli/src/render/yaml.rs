//! YAML that every reader understands alike, of YAML 1.1 and 1.2: what could be anything but a text is quoted.

use super::Data;
use crate::{escape::is_unprintable, secret_text::SecretText};
use secrecy::ExposeSecret;
use std::fmt::Write as _;
use strongroom_core::SecretValues;

/// The longest key, in bytes, that is written before its colon in any case: readers look no further than 1,024 characters for
/// it, and one byte takes up to four when it is quoted.
const SIMPLE_KEY: usize = 128;

/// The document.
pub(super) fn write(data: &Data) -> SecretText {
    let mut out = SecretText::default();
    match data {
        Data::Map(pairs) if !pairs.is_empty() => map(&mut out, pairs, 0),
        Data::List(items) if !items.is_empty() => list(&mut out, items, 0),
        scalar => {
            // A literal block at the top would need a level of its own.
            inline(&mut out, scalar, None);
            out.push('\n');
        }
    }
    out
}

/// Keys and values as one flat map, which can be imported again.
pub(crate) fn flat_map(values: &SecretValues) -> SecretText {
    write(&Data::from(values))
}

fn map(out: &mut SecretText, pairs: &[(String, Data)], depth: usize) {
    for (i, (key, data)) in pairs.iter().enumerate() {
        // The first key stands behind the hyphen of a list, or at the start of the line.
        if i > 0 {
            indent(out, depth);
        }
        if key.len() > SIMPLE_KEY {
            out.push_str("? ");
            text(out, key, None);
            out.push('\n');
            indent(out, depth);
        } else {
            text(out, key, None);
        }
        out.push(':');
        match data {
            Data::Map(pairs) if !pairs.is_empty() => {
                out.push('\n');
                indent(out, depth + 1);
                map(out, pairs, depth + 1);
            }
            Data::List(items) if !items.is_empty() => {
                out.push('\n');
                indent(out, depth + 1);
                list(out, items, depth + 1);
            }
            scalar => {
                out.push(' ');
                inline(out, scalar, Some(depth + 1));
                out.push('\n');
            }
        }
    }
}

fn list(out: &mut SecretText, items: &[Data], depth: usize) {
    for (i, data) in items.iter().enumerate() {
        if i > 0 {
            indent(out, depth);
        }
        out.push_str("- ");
        match data {
            Data::Map(pairs) if !pairs.is_empty() => map(out, pairs, depth + 1),
            Data::List(items) if !items.is_empty() => list(out, items, depth + 1),
            scalar => {
                inline(out, scalar, Some(depth + 1));
                out.push('\n');
            }
        }
    }
}

fn indent(out: &mut SecretText, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn inline(out: &mut SecretText, data: &Data, block: Option<usize>) {
    match data {
        Data::Null => out.push_str("null"),
        Data::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Data::Number(number) => out.push_str(&number.to_string()),
        Data::Text(value) => text(out, value, block),
        Data::Secret(value) => text(out, value.expose_secret(), block),
        Data::List(_) => out.push_str("[]"),
        Data::Map(_) => out.push_str("{}"),
    }
}

/// A text: plain if nobody can mistake it, a literal block of that depth if it has lines, quoted otherwise.
fn text(out: &mut SecretText, text: &str, block: Option<usize>) {
    match block {
        _ if is_plain(text) => out.push_str(text),
        Some(depth) if is_block(text) => literal(out, text, depth),
        _ => quoted(out, text),
    }
}

/// Much narrower than YAML: begins with a letter, so that it is neither number nor date nor sign.
fn is_plain(text: &str) -> bool {
    let words = ["y", "n", "yes", "no", "true", "false", "on", "off", "null"];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b'@'))
        && !words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Several lines of visible ASCII, such as a certificate. White space at the ends of lines, which editors and
/// readers tamper with, is better quoted.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n'])
        && !text.ends_with("\n\n")
        && text.bytes().all(|b| b == b'\n' || b == b' ' || b.is_ascii_graphic())
        && !text.lines().any(|line| line.ends_with(' '))
}

fn literal(out: &mut SecretText, text: &str, depth: usize) {
    // Without the hyphen one newline is kept at the end.
    out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
    for line in text.lines() {
        out.push('\n');
        if !line.is_empty() {
            indent(out, depth);
            out.push_str(line);
        }
    }
}

fn quoted(out: &mut SecretText, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if needs_escape(c) => {
                let code = u32::from(c);
                // Writing here never fails.
                let _ = if code > 0xffff {
                    write!(out, "\\U{code:08x}")
                } else if code > 0xff {
                    write!(out, "\\u{code:04x}")
                } else {
                    write!(out, "\\x{code:02x}")
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Beside what a terminal would obey: what YAML does not count among the printable characters.
fn needs_escape(c: char) -> bool {
    is_unprintable(c) || matches!(c, '\u{fffe}' | '\u{ffff}')
}
