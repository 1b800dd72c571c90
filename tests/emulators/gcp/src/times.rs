//! Times and durations as JSON has them.

use crate::refusal::{Refusal, Result};
use std::time::Duration;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A time since 1970 as text.
pub(crate) fn timestamp(since: Duration) -> String {
    (OffsetDateTime::UNIX_EPOCH + since).format(&Rfc3339).expect("a time of this century")
}

/// A duration such as `86400s` or `1.5s`.
pub(crate) fn duration(text: &str) -> Result<Duration> {
    let wrong = || Refusal::invalid(format!("Illegal duration format; duration must end with 's': {text}"));
    let number = text.strip_suffix('s').ok_or_else(wrong)?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > 9 {
        return Err(wrong());
    }
    let nanos = format!("{part:0<9}").parse().map_err(|_| wrong())?;
    Ok(Duration::new(whole.parse().map_err(|_| wrong())?, nanos))
}

/// The same as text, for whole seconds.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs())
}
