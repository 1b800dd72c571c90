use crate::refusal;
use proptest::prelude::*;
use strongroom_core::{
    Timestamp,
    filter::{Condition, DateOp},
};
use time::{OffsetDateTime, format_description::FormatItem, macros::format_description};

const FORMAT: &[FormatItem<'_>] =
    format_description!("[year repr:full]-[month]-[day] [hour]:[minute]:[second]");

fn seconds(text: &str) -> i64 {
    match Condition::parse("created", text).expect("a date") {
        Condition::Created(DateOp::Equals(Timestamp(micros))) => micros / 1_000_000,
        other => panic!("{other:?}"),
    }
}

#[test]
fn dates_are_utc_and_gregorian() {
    for (text, expected) in [
        ("1970-01-01 00:00:00", 0),
        ("1969-12-31 23:59:59", -1),
        ("2000-02-29 12:00:00", 951_825_600),
        ("2024-02-29 23:59:59", 1_709_251_199),
        ("2024-03-01 00:00:00", 1_709_251_200),
        ("2026-11-21 20:59:24", 1_795_294_764),
        ("2038-01-19 03:14:08", 2_147_483_648),
        ("0001-01-01 00:00:00", -62_135_596_800),
        ("9999-12-31 23:59:59", 253_402_300_799),
        ("1970-1-2 3:4:5", 97_445),
        ("1970-01-2 03:4:05", 97_445),
    ] {
        assert_eq!(seconds(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_date_is_refused() {
    for text in [
        "",
        "2026-11-21",
        "2026-11-21T20:59:24",
        "2026-11-21 20:59:24Z",
        "2026-11-21 20:59:24.5",
        " 2026-11-21 20:59:24",
        "2026-1-21 020:59:24",
        "2026-001-21 20:59:24",
        "226-11-21 20:59:24",
        "2026--21 20:59:24",
        "2026-11-21 20:59:",
        "2026-11-21 20:59:24:1",
        "2026-11-21 20-59-24",
        "+026-11-21 20:59:24",
        "2026-+1-21 20:59:24",
        "2026-00-21 20:59:24",
        "2026-13-21 20:59:24",
        "2026-11-00 20:59:24",
        "2026-11-31 20:59:24",
        "2026-02-29 20:59:24",
        "1900-02-29 20:59:24",
        "2026-11-21 24:00:00",
        "2026-11-21 20:60:24",
        "2026-11-21 20:59:60",
        "0000-01-01 00:00:00",
        "２026-11-21 20:59",
    ] {
        let expected = "filter `created`: expected YYYY-MM-DD HH:MM:SS";
        assert_eq!(refusal("created", text), expected, "{text}");
        assert_eq!(refusal("created", &format!("lt:{text}")), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn dates_are_read_as_a_date_library_writes_them(at in -62_135_596_800i64..=253_402_300_799) {
        let date = OffsetDateTime::from_unix_timestamp(at).expect("within the calendar");
        prop_assert_eq!(seconds(&date.format(FORMAT).expect("formats")), at);
    }

    #[test]
    fn what_a_date_library_refuses_is_refused(
        (month, day, hour, minute, second) in (0u8..15, 0u8..35, 0u8..26, 0u8..63, 0u8..63),
        year in 1i32..=9999,
    ) {
        let valid = time::Month::try_from(month)
            .ok()
            .and_then(|month| time::Date::from_calendar_date(year, month, day).ok())
            .is_some_and(|date| date.with_hms(hour, minute, second).is_ok());
        let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
        prop_assert_eq!(Condition::parse("created", &text).is_ok(), valid, "{}", text);
    }
}
