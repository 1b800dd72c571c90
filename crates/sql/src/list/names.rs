//! The names that a viewer may list, in SQL.

use super::{expression::Expression, one_of, text::starts};
use crate::{dialect::Dialect, value::args};
use strongroom_core::{Names, SecretName};

/// The longest name in bytes.
const LONGEST: usize = 4 * SecretName::MAX_CHARS;

/// Whether the name is in the set.
pub(super) fn listed(dialect: Dialect, names: &Names) -> Expression {
    let globs = match names {
        Names::All => return Expression::Always,
        Names::Matching(globs) => globs,
    };
    let mut whole = Vec::new();
    let mut patterns = Vec::new();
    for glob in globs.iter() {
        match glob.runs() {
            [only] => whole.push(only.clone()),
            runs => patterns.push(matches(dialect, runs)),
        }
    }
    patterns.push(one_of::text(dialect, "s.name", &whole));
    Expression::any(dialect, patterns)
}

/// The same as [`strongroom_core::Glob::matches`] for a pattern with at least one star, between whose stars these runs stand.
fn matches(dialect: Dialect, runs: &[String]) -> Expression {
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return Expression::Never };
    // No name is that long; and so no pattern becomes longer than databases take.
    if runs.iter().map(String::len).sum::<usize>() > LONGEST {
        return Expression::Never;
    }
    let middle: Vec<&str> =
        runs.iter().take(runs.len() - 1).skip(1).map(String::as_str).filter(|run| !run.is_empty()).collect();
    // Both, because an index starts with each, and the one with the folded name has all that lists need.
    let prefix =
        Expression::all([starts("s.name_fold", &first.to_ascii_lowercase()), starts("s.name", first)]);
    if middle.is_empty() && last.is_empty() {
        return prefix;
    }
    let mut runs = vec![first.as_str()];
    runs.extend(&middle);
    runs.push(last);
    let pattern = match dialect {
        Dialect::Sqlite => Expression::sql("s.name GLOB ?", args![pattern(&runs, '*', sqlite_literal)]),
        // As texts in the collation "C" and as bytes: both compare bytes.
        Dialect::Postgres | Dialect::MySql => {
            Expression::sql("s.name LIKE ? ESCAPE '|'", args![pattern(&runs, '%', like_literal)])
        }
    };
    let exact = if dialect == Dialect::Sqlite && runs.iter().any(|run| run.contains(BLURRED)) {
        walked(first, &middle, last)
    } else {
        Expression::Always
    };
    Expression::all([prefix, pattern, exact])
}

fn pattern(runs: &[&str], star: char, literal: fn(char, &mut String)) -> String {
    let mut pattern = String::new();
    for (i, run) in runs.iter().enumerate() {
        if i > 0 {
            pattern.push(star);
        }
        run.chars().for_each(|c| literal(c, &mut pattern));
    }
    pattern
}

fn sqlite_literal(c: char, pattern: &mut String) {
    if matches!(c, '*' | '?' | '[') {
        pattern.extend(['[', c, ']']);
    } else {
        pattern.push(c);
    }
}

fn like_literal(c: char, pattern: &mut String) {
    if matches!(c, '%' | '_' | '|') {
        pattern.push('|');
    }
    pattern.push(c);
}

/// Characters that SQLite's GLOB takes for one another, so that it matches more than it should.
const BLURRED: [char; 3] = ['\u{fffd}', '\u{fffe}', '\u{ffff}'];

/// For SQLite, without GLOB: the name has both ends, without overlap, and the runs between them stand one after
/// the other in what lies between. The prefix is left to a range.
fn walked(first: &str, middle: &[&str], last: &str) -> Expression {
    let text = "(length(s.name) >= length(?) + length(?) AND (? = '' OR substr(s.name, -length(?)) = ?) AND (\
         WITH RECURSIVE walk (step, rest) AS (\
         SELECT 0, substr(s.name, 1 + length(?), length(s.name) - length(?) - length(?)) UNION ALL \
         SELECT step + 1, substr(rest, instr(rest, CAST(unhex(value) AS TEXT)) + length(CAST(unhex(value) AS TEXT))) \
         FROM walk JOIN json_each(?) ON key = step WHERE instr(rest, CAST(unhex(value) AS TEXT)) > 0) \
         SELECT max(step) FROM walk) = ?)";
    let runs = one_of::array(middle.iter().map(|run| one_of::hex(run.as_bytes())));
    let steps = i64::try_from(middle.len()).unwrap_or(i64::MAX);
    Expression::sql(text, args![first, last, last, last, last, first, first, last, runs, steps])
}
