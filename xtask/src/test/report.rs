//! What came out.

use crate::tally::Tally;

/// The outcome of each part, in order.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<String>,
    sum: Tally,
}

impl Report {
    /// Adds what came out of one part and prints it; `note` may be empty.
    pub(crate) fn add(&mut self, part: &str, tally: Tally, note: &str) {
        let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
        let line = format!("{part:<12} {tally}{note}");
        println!("--- {line}");
        self.lines.push(line);
        self.sum += tally;
    }

    /// Prints all of it, the sum last; returns whether nothing failed.
    pub(crate) fn print(&self) -> bool {
        println!();
        for line in &self.lines {
            println!("{line}");
        }
        println!("\n{}", self.sum);
        self.sum.failed == 0
    }
}
