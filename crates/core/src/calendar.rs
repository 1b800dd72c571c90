//! Dates as texts. Written out here, so that a back-end's author need not build a date library.

use crate::Timestamp;

/// The moment that `YYYY-MM-DD HH:MM:SS` names in UTC; `None` if it has another form or is no date of the
/// Gregorian calendar in the years 1 to 9999. There is no second 60. As for C's `strptime`, all but the year may
/// have one digit.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(' ')?;
    let [year, month, day] = three(date, '-')?;
    let [hour, minute, second] = three(time, ':')?;
    let two = |digits: &str| number(digits).filter(|_| digits.len() <= 2);
    let year = number(year).filter(|n| year.len() == 4 && *n >= 1)?;
    let month = two(month).filter(|month| (1..=12).contains(month))?;
    let day = two(day).filter(|day| (1..=days_in(year, month)).contains(day))?;
    let hour = two(hour).filter(|hour| *hour < 24)?;
    let minute = two(minute).filter(|minute| *minute < 60)?;
    let second = two(second).filter(|second| *second < 60)?;
    let seconds = ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp(seconds * 1_000_000))
}

/// The three parts of a text.
fn three(text: &str, separator: char) -> Option<[&str; 3]> {
    let (first, rest) = text.split_once(separator)?;
    let (second, third) = rest.split_once(separator)?;
    Some([first, second, third])
}

/// The text that [`parse`] reads as this moment; `None` if there is none.
pub(crate) fn format(at: Timestamp) -> Option<String> {
    second(at, ' ').filter(|_| at.0 % 1_000_000 == 0)
}

/// The second that a moment is in, `YYYY-MM-DD HH:MM:SS` with this in place of the space; `None` outside of the years 1 to
/// 9999.
pub(crate) fn second(at: Timestamp, between: char) -> Option<String> {
    let seconds = at.0.div_euclid(1_000_000);
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date_of(days);
    if !(1..=9999).contains(&year) {
        return None;
    }
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    Some(format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}"))
}

/// `str::parse` would take a sign.
fn number(digits: &str) -> Option<i64> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
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

/// The inverse of [`days_since_epoch`]: year, month and day.
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    // 400 years have 146,097 days.
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month < 3);
    (year, month, day)
}
