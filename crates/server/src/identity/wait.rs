//! How long somebody is told to wait.

use std::time::Duration;

/// In whole seconds, rounded up: whoever waits for as long as they were told is not refused again.
pub(super) fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_second_is_waited_for_too() {
        let told = [0, 1, 999_999_999, 1_000_000_000, 1_000_000_001, 5_900_000_000];
        assert_eq!(told.map(|nanos| seconds(Duration::from_nanos(nanos))), [0, 1, 1, 1, 2, 6]);
    }
}
