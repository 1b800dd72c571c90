//! Points in time.

use strongroom_core::Timestamp;

/// For people: UTC to the second, in the form that the filters of `list` take.
pub(crate) fn short(at: Timestamp) -> String {
    let exact = at.to_string();
    match exact.split_once('.') {
        Some((second, _)) => second.replace('T', " "),
        // Further away than the year 9999.
        None => exact,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_seconds() {
        assert_eq!(short(Timestamp(1_795_294_764_999_999)), "2026-11-21 20:59:24");
        assert_eq!(short(Timestamp(i64::MAX)), "9223372036854775807 us");
    }
}
