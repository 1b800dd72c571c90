//! Points in time.

use strongroom_core::Timestamp;
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

const EXACT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
const SHORT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// For programs: RFC 3339 in UTC, with microseconds.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    format(at, EXACT)
}

/// For people: UTC to the second, in the form that the filters of `list` take.
pub(crate) fn short(at: Timestamp) -> String {
    format(at, SHORT)
}

fn format(at: Timestamp, form: &[BorrowedFormatItem<'_>]) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1000)
        .ok()
        .and_then(|time| time.format(form).ok())
        // Further away than the year 9999.
        .unwrap_or_else(|| format!("{} us", at.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_kept() {
        assert_eq!(rfc3339(Timestamp(1_795_294_764_000_001)), "2026-11-21T20:59:24.000001Z");
        assert_eq!(short(Timestamp(1_795_294_764_999_999)), "2026-11-21 20:59:24");
        assert_eq!(rfc3339(Timestamp(-1)), "1969-12-31T23:59:59.999999Z");
    }
}
