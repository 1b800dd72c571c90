//! The table that is printed.

use std::time::Duration;

pub(crate) struct Report {
    secrets: usize,
    lines: Vec<(String, String, String)>,
}

impl Report {
    pub(crate) fn new(secrets: usize) -> Self {
        Self { secrets, lines: Vec::new() }
    }

    pub(crate) fn rate(&mut self, what: &str, done: usize, time: Duration, target: &str) {
        let rate = done as f64 / time.as_secs_f64();
        self.lines.push((what.to_owned(), format!("{rate:.0}/s"), target.to_owned()));
    }

    pub(crate) fn time(&mut self, what: &str, time: Duration, target: &str) {
        self.lines.push((what.to_owned(), format!("{:.2} ms", time.as_secs_f64() * 1e3), target.to_owned()));
    }

    /// The most memory that this process ever had resident.
    pub(crate) fn memory(&mut self) {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(str::trim);
        let megabytes = peak.and_then(|text| text.split(' ').next()?.parse::<u64>().ok()).map(|kb| kb / 1024);
        let text = megabytes.map_or_else(|| "unknown".to_owned(), |mb| format!("{mb} MB"));
        self.lines.push(("peak memory".to_owned(), text, "below 60 MB".to_owned()));
    }

    pub(crate) fn print(&self) {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        println!("{} secrets on SQLite, {cores} cores", self.secrets);
        let width = self.lines.iter().map(|line| line.0.len()).max().unwrap_or(0);
        for (what, measured, target) in &self.lines {
            println!("{what:width$}  {measured:>12}  {target}");
        }
    }
}
