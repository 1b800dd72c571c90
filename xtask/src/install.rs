//! Installing what the tests need and a fresh Debian machine lacks.

use std::process::{Command, Stdio};

use crate::failure::{Failure, Result};
use crate::run::Runner;
use crate::servers::{self, Kind};

/// The release that `deny.toml` is written for.
const CARGO_DENY: &str = "cargo-deny@^0.20";

/// Installs those of `kinds` that are not there, and cargo-deny if `deny` needs it. What cannot be installed
/// is told, and fails later where it is needed.
///
/// # Errors
/// Only when interrupted.
pub(crate) fn missing(runner: &Runner, kinds: &[Kind], deny: bool) -> Result<()> {
    let absent: Vec<Kind> = kinds.iter().copied().filter(|kind| !kind.installed()).collect();
    let packages: Vec<&str> = absent.iter().filter_map(|kind| kind.package()).collect();
    if !packages.is_empty() {
        told(apt(runner, &packages))?;
    }
    for environment in absent.iter().filter_map(|kind| kind.environment()) {
        told(environment.install(runner))?;
    }
    if deny && !has_cargo_deny(runner) {
        told(cargo_deny(runner))?;
    }
    Ok(())
}

/// Lets only an interruption through.
fn told(result: Result<()>) -> Result<()> {
    match result {
        Err(Failure::Failed(problem)) => {
            eprintln!("warning: {problem}");
            Ok(())
        }
        other => other,
    }
}

fn apt(runner: &Runner, packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    let remedy = "install it by hand, name a running server in the variables that `cargo xtask --help` \
                  lists, or leave it out with --without";
    if servers::program("apt-get").is_none() {
        return Err(format!("{list} is missing and there is no apt-get: {remedy}").into());
    }
    let root = rustix::process::geteuid().is_root();
    if !root && servers::program("sudo").is_none() {
        return Err(format!("{list} is missing; neither are you root nor is there sudo: {remedy}").into());
    }
    eprintln!("Installing what is missing, with apt-get: {list}");
    let apt_get = |args: &[&str]| {
        let mut command = Command::new(if root { "env" } else { "sudo" });
        if !root {
            command.arg("env");
        }
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes"]).args(args);
        // What we print ourselves may be for a shell to read.
        command.stdout(std::io::stderr());
        runner.interactive(&mut command)
    };
    let install = [&["install", "--no-install-recommends"], packages].concat();
    if apt_get(&["update"])? && apt_get(&install)? {
        Ok(())
    } else {
        Err(format!("apt-get could not install {list}: {remedy}").into())
    }
}

fn has_cargo_deny(runner: &Runner) -> bool {
    let mut command = runner.cargo();
    command.args(["deny", "--version"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn cargo_deny(runner: &Runner) -> Result<()> {
    eprintln!("Installing what is missing, with cargo install (some minutes): {CARGO_DENY}");
    if runner.succeeds(runner.cargo().args(["install", "--locked", CARGO_DENY]).stdout(std::io::stderr()))? {
        Ok(())
    } else {
        Err(Failure::Failed("cargo-deny could not be installed: see above".into()))
    }
}
