//! Text of strangers on a terminal: what would move the cursor, hide text or turn its direction is spelled out.

use std::fmt::{self, Write};

/// Whether a character is spelled out: control characters, line separators, and those that set the direction of
/// text or cannot be seen. The joiners that emoji and some scripts are written with are not among them.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// The characters that JSON and YAML texts of ours write as an escape, although both would allow many of them.
pub(crate) fn is_unprintable(c: char) -> bool {
    // Newlines and tabs are control characters, so they are in it too.
    is_hostile(c)
}

/// The text as it may be shown to a person.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    // Writing to a string never fails.
    let _ = write_visible(&mut shown, text);
    shown
}

/// Writes the text as it may be shown to a person: `\n`, `\t`, `\u{202e}`; a backslash stays as it is.
pub(crate) fn write_visible(out: &mut impl Write, text: &str) -> fmt::Result {
    text.chars().try_for_each(|c| write_char(out, c))
}

/// Writes the text as a field of tab-separated values. Nothing is lost: a backslash is doubled.
pub(crate) fn write_field(out: &mut impl Write, text: &str) -> fmt::Result {
    text.chars().try_for_each(|c| if c == '\\' { out.write_str("\\\\") } else { write_char(out, c) })
}

fn write_char(out: &mut impl Write, c: char) -> fmt::Result {
    match c {
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        c if is_hostile(c) => write!(out, "\\u{{{:x}}}", u32::from(c)),
        c => out.write_char(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_or_turns_the_text_is_spelled_out() {
        assert_eq!(visible("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(visible("\u{202e}evil\u{2066}"), "\\u{202e}evil\\u{2066}");
        assert_eq!(visible("a\nb\tc\rd\0"), "a\\nb\\tc\\rd\\u{0}");
        assert_eq!(visible("\u{9b}1m\u{7f}"), "\\u{9b}1m\\u{7f}");
    }

    #[test]
    fn what_people_write_stays() {
        for text in ["plain", "C:\\dir", "Grüße", "日本語", "👩\u{200d}💻", "مرحبا", ""] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn a_field_can_be_read_back() {
        let mut field = String::new();
        write_field(&mut field, "a\\n\nb\t").unwrap();
        assert_eq!(field, "a\\\\n\\nb\\t");
    }
}
