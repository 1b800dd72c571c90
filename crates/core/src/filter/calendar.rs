//! Dates as filters write them. Written out here, so that a back-end's author need not build a date library.

use crate::Timestamp;

/// The moment that `YYYY-MM-DD HH:MM:SS` names in UTC; `None` if it has another form or is no date of the
/// Gregorian calendar in the years 1 to 9999. There is no second 60.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let bytes: &[u8; 19] = text.as_bytes().try_into().ok()?;
    let separators = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, wanted)| bytes[*at] != *wanted) {
        return None;
    }
    let year = number(&bytes[0..4]).filter(|year| *year >= 1)?;
    let month = number(&bytes[5..7]).filter(|month| (1..=12).contains(month))?;
    let day = number(&bytes[8..10]).filter(|day| (1..=days_in(year, month)).contains(day))?;
    let hour = number(&bytes[11..13]).filter(|hour| *hour < 24)?;
    let minute = number(&bytes[14..16]).filter(|minute| *minute < 60)?;
    let second = number(&bytes[17..19]).filter(|second| *second < 60)?;
    let seconds = ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp(seconds * 1_000_000))
}

/// `str::parse` would take a sign.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts in years that start in March, so that the leap day is a year's last one and the months before it have
/// the same lengths every year: 153 days in each run of five.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let since_year_0 = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    // From March 1st of the year 0 to January 1st of 1970.
    since_year_0 - 719_468
}
