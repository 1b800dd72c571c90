//! The parts that look at the source: each command counts as one.

use std::process::Command;

use crate::failure::Result;
use crate::run::Runner;
use crate::tally::Tally;
use crate::workspace::{EXAMPLES, FACADE, Workspace};

/// The formatting, of the examples too.
///
/// # Errors
/// Cargo cannot be started, or we are interrupted.
pub(crate) fn fmt(runner: &Runner) -> Result<Tally> {
    let mut tally = check(runner, &["fmt", "--all", "--check"])?;
    tally += check(runner, &["fmt", "--all", "--check", "--manifest-path", EXAMPLES])?;
    Ok(tally)
}

/// Clippy on everything, then on the facade crate without features and with each one alone: an item that
/// only another feature needs is found here. The same for each database. Then on the examples; and the documentation, without a warning.
///
/// # Errors
/// Cargo cannot be started, or we are interrupted.
pub(crate) fn lint(runner: &Runner, workspace: &Workspace, examples: &Workspace) -> Result<Tally> {
    let deny = ["--", "-D", "warnings"];
    let all = ["clippy", "--workspace", "--all-targets", "--all-features"];
    let mut tally = check(runner, &[&all[..], &deny].concat())?;

    let bare = ["clippy", "--package", FACADE, "--no-default-features"];
    tally += check(runner, &[&bare[..], &deny].concat())?;
    for feature in &workspace.features {
        tally += check(runner, &[&bare[..], &["--features", feature], &deny].concat())?;
    }
    for database in ["sqlite", "postgres", "mysql"] {
        let alone =
            ["clippy", "--package", "strongroom-sql", "--no-default-features", "--features", database];
        tally += check(runner, &[&alone[..], &deny].concat())?;
    }
    // A lock file that does not fit is a finding, too: it would be changed in silence.
    let all = [&all[..], &["--locked"], &examples.arguments()].concat();
    // What the workspace has compiled serves here too, where it is the same.
    let mut command = runner.cargo();
    command.env("CARGO_TARGET_DIR", &workspace.target);
    tally += told(runner, &mut command, &[&all[..], &deny].concat())?;

    let mut command = runner.cargo();
    command.env("RUSTDOCFLAGS", "-D warnings");
    tally += told(runner, &mut command, &["doc", "--workspace", "--all-features", "--no-deps"])?;
    Ok(tally)
}

/// The dependencies, by the rules of `deny.toml`.
///
/// # Errors
/// Cargo cannot be started, or we are interrupted.
pub(crate) fn deny(runner: &Runner) -> Result<Tally> {
    // The graph of who depends on a crate is pages long for each duplicate; `cargo deny` alone shows it.
    let what = ["check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
    let mut tally = check(runner, &[&["deny"][..], &what].concat())?;
    let theirs = ["deny", "--manifest-path", EXAMPLES, "--config", "deny.toml"];
    tally += check(runner, &[&theirs[..], &what].concat())?;
    Ok(tally)
}

fn check(runner: &Runner, args: &[&str]) -> Result<Tally> {
    told(runner, &mut runner.cargo(), args)
}

fn told(runner: &Runner, command: &mut Command, args: &[&str]) -> Result<Tally> {
    println!("$ cargo {}", args.join(" "));
    let success = runner.succeeds(command.args(args))?;
    if !success {
        println!("failed: cargo {}", args.join(" "));
    }
    Ok(Tally::of(success))
}
