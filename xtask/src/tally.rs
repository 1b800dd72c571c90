//! How many tests passed, failed and were skipped.

use std::fmt;
use std::ops::AddAssign;

/// Counts of tests, or of commands that count as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Those that passed.
    pub(crate) passed: u64,
    /// Those that failed.
    pub(crate) failed: u64,
    /// Those that did not run: ignored ones and those of a server that is left out.
    pub(crate) skipped: u64,
}

impl Tally {
    /// One thing that failed.
    pub(crate) const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };

    /// One command that ended.
    pub(crate) fn of(success: bool) -> Self {
        if success { Self { passed: 1, ..Self::default() } } else { Self::FAILED }
    }

    /// What the last line of a test program says, if this is it.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
        let mut tally = Self::default();
        for count in counts.split("; ") {
            let Some((number, what)) = count.split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => tally.passed += number,
                "failed" => tally.failed += number,
                "ignored" | "filtered out" => tally.skipped += number,
                _ => {}
            }
        }
        Some(tally)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_line_of_a_test_program_is_counted() {
        let line = "test result: FAILED. 12 passed; 1 failed; 2 ignored; 0 measured; 3 filtered out; \
                    finished in 0.05s";
        let expected = Tally { passed: 12, failed: 1, skipped: 5 };
        assert_eq!(Tally::from_line(line), Some(expected));
    }

    #[test]
    fn other_lines_are_not() {
        assert_eq!(Tally::from_line("test engine::reads ... ok"), None);
        assert_eq!(Tally::from_line("it says: test result: ok. 1 passed; 0 failed"), None);
    }

    #[test]
    fn it_prints_and_adds_up() {
        let mut sum = Tally { passed: 2, failed: 0, skipped: 1 };
        sum += Tally::FAILED;
        assert_eq!(sum.to_string(), "2 passed, 1 failed, 1 skipped");
    }
}
