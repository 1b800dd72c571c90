//! In what the databases differ.

use std::borrow::Cow;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite, in a file.
    Sqlite,
    /// PostgreSQL, and what speaks its protocol.
    Postgres,
    /// MySQL and MariaDB, and what speaks their protocol.
    MySql,
}

impl Dialect {
    /// The name that people know.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL/MariaDB",
        }
    }

    /// The time now in microseconds, as an expression; `None` where the host's clock is bound instead.
    pub(crate) const fn clock(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"),
            Self::MySql => Some("CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)"),
        }
    }

    /// Starts a transaction that writes.
    pub(crate) const fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
            // The isolation level is the session's, set at connect.
            Self::MySql => "START TRANSACTION READ WRITE",
        }
    }

    /// Takes back from a session the limits that it got when it was connected.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(crate) const fn unhurried(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0",
            Self::MySql => {
                "SET SESSION wait_timeout = 28800 /*M! , max_statement_time = 0 */ /*!50708 , max_execution_time = 0 */"
            }
        }
    }

    /// A statement of ours in this dialect: `?` stands for an argument, `{lock}` and `{share}` lock the rows that
    /// are read. Nothing else in a statement may look like these.
    pub(crate) fn render(self, sql: &str) -> Cow<'_, str> {
        let mut text = Cow::Borrowed(sql);
        if sql.contains('{') {
            let (lock, share) = match self {
                // Whoever writes is alone.
                Self::Sqlite => ("", ""),
                Self::Postgres => ("FOR UPDATE", "FOR SHARE"),
                // MariaDB has no FOR SHARE.
                Self::MySql => ("FOR UPDATE", "LOCK IN SHARE MODE"),
            };
            text = Cow::Owned(sql.replace("{lock}", lock).replace("{share}", share));
        }
        if self == Self::Postgres && text.contains('?') { Cow::Owned(numbered(&text)) } else { text }
    }
}

/// `$1`, `$2`, ... in place of each `?`.
fn numbered(sql: &str) -> String {
    let mut pieces = sql.split('?');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for (i, piece) in pieces.enumerate() {
        text.push('$');
        text.push_str(&(i + 1).to_string());
        text.push_str(piece);
    }
    text
}

/// How many are asked for at once at most: longer lists are cut.
pub(crate) const MOST_AT_ONCE: usize = 512;

/// `?, ?, ...` for a list of `len` arguments, filled up to a power of two so that only a few different statements
/// are ever prepared. Push the arguments with [`padded`].
pub(crate) fn places(len: usize) -> String {
    let mut text = "?, ".repeat(len.next_power_of_two());
    text.truncate(text.len().saturating_sub(2));
    text
}

/// The list with its last element repeated up to a power of two.
pub(crate) fn padded<T: Clone>(list: &[T]) -> impl Iterator<Item = T> + '_ {
    let fill = list.len().next_power_of_two() - list.len();
    list.iter()
        .cloned()
        .chain(list.last().into_iter().flat_map(move |last| std::iter::repeat_n(last.clone(), fill)))
}

#[cfg(test)]
mod tests {
    use super::{Dialect, padded, places};

    #[test]
    fn a_statement_is_rendered_for_each_dialect() {
        let sql = "SELECT a FROM b WHERE c = ? AND d = ? {lock}";
        assert_eq!(Dialect::Sqlite.render(sql), "SELECT a FROM b WHERE c = ? AND d = ? ");
        assert_eq!(Dialect::Postgres.render(sql), "SELECT a FROM b WHERE c = $1 AND d = $2 FOR UPDATE");
        assert_eq!(Dialect::MySql.render("SELECT 1 {share}"), "SELECT 1 LOCK IN SHARE MODE");
    }

    #[test]
    fn lists_are_filled_up_to_a_power_of_two() {
        assert_eq!(places(3), "?, ?, ?, ?");
        assert_eq!(padded(&[1, 2, 3]).collect::<Vec<_>>(), [1, 2, 3, 3]);
        assert_eq!((places(1).as_str(), padded(&[7]).collect::<Vec<_>>()), ("?", vec![7]));
    }
}
