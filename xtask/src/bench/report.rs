//! What is written down.

use std::fmt::Write as _;
use std::time::Duration;

use super::load::Measured;

/// What was measured of one contender.
pub(super) struct Row {
    name: &'static str,
    /// With 8 and with 64 connections.
    reads: Vec<Measured>,
    creates: Option<Measured>,
    memory: Option<f64>,
    ready: Option<Duration>,
}

impl Row {
    pub(super) fn new(
        name: &'static str,
        reads: Vec<Measured>,
        creates: Option<Measured>,
        memory: Option<f64>,
        ready: Option<Duration>,
    ) -> Self {
        Self { name, reads, creates, memory, ready }
    }
}

/// The document.
pub(super) fn text(rows: &[Row]) -> String {
    let mut text = String::from(
        "# Benchmarks\n\nWritten by `cargo xtask bench server`, which needs `wrk` (`apt-get install wrk`) and installs \
         the rest:\nall in one run, on the same machine, one after the other, `wrk` with one thread beside them.\n\n\
         Reads are of secrets with two keys, each time another one by chance: among 100,000 in Strongroom and OpenBao,\n\
         among 50 in ZenML, where so many would take a day to make. Every request is authenticated. Strongroom's \
         access\nrules and audit are on; OpenBao has no audit device. Creates are durable, with 64 connections\n(ZenML: 4, since it answers hardly any of more within ten seconds).\n\n",
    );
    let _ = writeln!(text, "Machine: {}.\n", machine());
    text.push_str(
        "| | reads/s, 8 connections | p50, p99 | reads/s, 64 connections | p50, p99 | creates/s | resident | first ready \
         |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let _ = write!(text, "| {} ", row.name);
        for reads in &row.reads {
            let _ =
                write!(text, "| {} | {:.2} ms, {:.2} ms ", thousands(reads.per_second), reads.p50, reads.p99);
        }
        let creates = row.creates.map_or_else(String::new, |measured| thousands(measured.per_second));
        let memory = row.memory.map_or_else(String::new, |memory| format!("{memory:.0} MiB"));
        let ready = row.ready.map_or_else(String::new, |ready| format!("{} ms", ready.as_millis()));
        let _ = writeln!(text, "| {creates} | {memory} | {ready} |");
    }
    ratios(&mut text, rows);
    text.push_str(
        "\n`cargo xtask bench store` measures the library without a server: see its output for what it compares.\n",
    );
    text
}

/// Strongroom's reads and creates as multiples of the others'.
fn ratios(text: &mut String, rows: &[Row]) {
    let Some(ours) = rows.iter().find(|row| row.name.starts_with("Strongroom")) else { return };
    text.push_str("\n| Strongroom beside | reads, 8 connections | reads, 64 connections | creates |\n|---|---|---|---|\n");
    for row in rows.iter().filter(|row| row.name != ours.name) {
        let _ = write!(text, "| {} ", row.name);
        for (ours, theirs) in ours.reads.iter().zip(&row.reads) {
            let _ = write!(text, "| {:.2} times ", ours.per_second / theirs.per_second);
        }
        let creates = ours.creates.zip(row.creates);
        let creates = creates.map_or_else(String::new, |(ours, theirs)| {
            format!("{:.2} times", ours.per_second / theirs.per_second)
        });
        let _ = writeln!(text, "| {creates} |");
    }
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    format!("{cores} cores, {}", model.map_or("unknown", |(_, model)| model))
}

fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_set_in_groups() {
        assert_eq!([7.4, 1000.0, 1_234_567.0].map(thousands), ["7", "1,000", "1,234,567"]);
    }
}
