//! The parts that look at the source: each command counts as one.

use crate::failure::Result;
use crate::run::Runner;
use crate::tally::Tally;
use crate::workspace::{FACADE, Workspace};

/// The formatting.
///
/// # Errors
/// Cargo cannot be started, or we are interrupted.
pub(crate) fn fmt(runner: &Runner) -> Result<Tally> {
    check(runner, &["fmt", "--all", "--check"])
}

/// Clippy on everything, then on the facade crate without features and with each one alone: an item that
/// only another feature needs is found here.
///
/// # Errors
/// Cargo cannot be started, or we are interrupted.
pub(crate) fn lint(runner: &Runner, workspace: &Workspace) -> Result<Tally> {
    let deny = ["--", "-D", "warnings"];
    let all = ["clippy", "--workspace", "--all-targets", "--all-features"];
    let mut tally = check(runner, &[&all[..], &deny].concat())?;

    let bare = ["clippy", "--package", FACADE, "--no-default-features"];
    tally += check(runner, &[&bare[..], &deny].concat())?;
    for feature in &workspace.features {
        tally += check(runner, &[&bare[..], &["--features", feature], &deny].concat())?;
    }
    Ok(tally)
}

/// The dependencies, by the rules of `deny.toml`.
///
/// # Errors
/// Cargo cannot be started, or we are interrupted.
pub(crate) fn deny(runner: &Runner) -> Result<Tally> {
    // The graph of who depends on a crate is pages long for each duplicate; `cargo deny` alone shows it.
    check(runner, &["deny", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"])
}

fn check(runner: &Runner, args: &[&str]) -> Result<Tally> {
    println!("$ cargo {}", args.join(" "));
    let success = runner.succeeds(runner.cargo().args(args))?;
    if !success {
        println!("failed: cargo {}", args.join(" "));
    }
    Ok(Tally::of(success))
}
