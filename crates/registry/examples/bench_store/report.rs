//! The lines that are printed.

use std::time::Duration;

pub(crate) struct Report;

impl Report {
    pub(crate) fn new(secrets: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        println!("{secrets} secrets on SQLite, {cores} cores");
        Self
    }

    pub(crate) fn rate(&mut self, what: &str, done: usize, time: Duration, target: &str) {
        let rate = done as f64 / time.as_secs_f64();
        self.line(what, format!("{rate:.0}/s"), target);
    }

    pub(crate) fn time(&mut self, what: &str, time: Duration, target: &str) {
        self.line(what, format!("{:.2} ms", time.as_secs_f64() * 1e3), target);
    }

    /// The most memory that this process ever had resident.
    pub(crate) fn memory(&mut self) {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(str::trim);
        let megabytes = peak.and_then(|text| text.split(' ').next()?.parse::<u64>().ok()).map(|kb| kb / 1024);
        let text = megabytes.map_or_else(|| "unknown".to_owned(), |mb| format!("{mb} MB"));
        self.line("peak memory", text, "below 60 MB");
    }

    /// Printed at once: a run takes minutes.
    fn line(&mut self, what: &str, measured: String, target: &str) {
        println!("{what:56}  {measured:>12}  {target}");
    }
}
