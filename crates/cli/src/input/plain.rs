//! What an unquoted YAML scalar is, if not a text.

/// What YAML 1.1 or 1.2 makes of an unquoted scalar; `None` if it is a text in both. Different programs read `no`
/// or `1_000` differently, and a password must not depend on that.
pub(super) fn what_else(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "" | "~" | "null" => return Some("null (nothing)"),
        "true" | "false" | "yes" | "no" | "on" | "off" => return Some("true or false"),
        "<<" => return Some("the word for merging"),
        ".nan" => return Some("a number"),
        _ => {}
    }
    if is_number(text.strip_prefix(['+', '-']).unwrap_or(text)) {
        return Some("a number");
    }
    is_date(text).then_some("a date")
}

/// Without its sign.
fn is_number(text: &str) -> bool {
    text.eq_ignore_ascii_case(".inf")
        || in_base(text, "0x", 16)
        || in_base(text, "0o", 8)
        || in_base(text, "0b", 2)
        || is_decimal(text)
        || is_sexagesimal(text)
}

fn in_base(text: &str, prefix: &str, base: u32) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c == '_' || c.is_digit(base)))
}

fn is_decimal(text: &str) -> bool {
    let mantissa = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if !all_digits(digits) {
                return false;
            }
            mantissa
        }
        None => text,
    };
    let starts = mantissa.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    starts
        && mantissa.bytes().any(|b| b.is_ascii_digit())
        && mantissa.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.'))
        && mantissa.bytes().filter(|b| *b == b'.').count() <= 1
}

/// `12:30` is 750 in YAML 1.1.
fn is_sexagesimal(text: &str) -> bool {
    let mut parts = text.split(':');
    let first = parts.next().is_some_and(|part| {
        part.starts_with(|c: char| c.is_ascii_digit())
            && part.bytes().all(|b| b.is_ascii_digit() || b == b'_')
    });
    let mut more = 0;
    let rest = parts.all(|part| {
        more += 1;
        let whole = part.split_once('.').map_or(part, |(whole, _)| whole);
        whole.len() <= 2
            && all_digits(whole)
            && part.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.'))
    });
    first && rest && more > 0
}

/// `2026-11-22`, alone or with a time behind it.
fn is_date(text: &str) -> bool {
    let (day, rest) = match text.find(['T', 't', ' ', '\t']) {
        Some(at) => (&text[..at], text[at + 1..].trim_start()),
        None => (text, "0"),
    };
    let parts: Vec<_> = day.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let short = |part: &str| (1..=2).contains(&part.len()) && all_digits(part);
    year.len() == 4
        && all_digits(year)
        && short(month)
        && short(day)
        && rest.starts_with(|c: char| c.is_ascii_digit())
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_some_program_reads_as_something_else_is_no_text() {
        for text in [
            "no",
            "Yes",
            "ON",
            "off",
            "True",
            "null",
            "~",
            "",
            "1",
            "-1",
            "+1",
            "1e3",
            "1.5",
            ".5",
            "5.",
            "1_000",
            "0x1F",
            "0o17",
            "0b11",
            "017",
            "12:30",
            "190:20:30.15",
            ".inf",
            "-.INF",
            ".nan",
            "2026-11-22",
            "2026-11-22T01:02:03Z",
            "2026-1-2 3:04:05",
            "<<",
            "6e-7",
            "0.1e+3",
        ] {
            assert!(what_else(text).is_some(), "{text:?}");
        }
    }

    #[test]
    fn what_every_program_reads_as_a_text_is_one() {
        for text in [
            "a",
            "y",
            "n",
            "hunter2",
            "10.0.0.1",
            "1.2.3",
            "a:b",
            "http://x:80/",
            "e3",
            "1e",
            "1e3x",
            "-",
            "--",
            ".",
            "0x",
            "0xZ",
            "2026-11",
            "2026-11-22-x",
            "12:",
            "12:345",
            "nobody",
            "nullable",
            "1a",
            "_1",
            "deadbeef",
            "3fae12",
            "+",
            "_",
            "2026-11-22 later",
        ] {
            assert_eq!(what_else(text), None, "{text:?}");
        }
    }
}
