//! How fast the store is on this machine, beside the machine's own limits: `cargo xtask bench store`.
//!
//! Everything is durable (`synchronous = FULL`) and lies in a directory of its own, below the one that is given or the
//! system's temporary one. Each figure stands beside the limit that it cannot exceed, measured in the same run.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

mod limits;
mod process;
mod report;
mod store;

use report::Report;
use std::path::PathBuf;

/// Secrets in the database.
const SECRETS: usize = 100_000;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let base = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let secrets = arguments.next().map_or(SECRETS, |number| number.parse().expect("a number of secrets"));
    let directory = tempfile::tempdir_in(base).expect("a directory to write to");
    if let Err(error) = measure(directory.path(), secrets).await {
        println!("the benchmark failed: {error}");
        std::process::exit(1);
    }
}

async fn measure(directory: &std::path::Path, secrets: usize) -> strongroom::Result<()> {
    let mut report = Report::new(secrets);
    let open = store::open(directory).await?;
    let ids = store::create(&open, secrets, &mut report).await?;
    limits::syncs(directory, &mut report);
    store::get(&open, &ids, 8, "get by id, 8 tasks, all secrets", &mut report).await?;
    let hot = &ids[..ids.len().min(1_000)];
    store::get(&open, hot, 64, "get by id, 64 tasks, 1,000 hot secrets", &mut report).await?;
    store::list(&open, &mut report).await?;
    // Before the limits are measured: their connections are not the store's.
    report.memory();
    limits::selects(directory, &ids, &mut report).await;
    open.close().await?;
    process::get(directory, &mut report);
    Ok(())
}
