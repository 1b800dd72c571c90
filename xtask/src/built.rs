//! Programs of this repository.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::Result;
use crate::run::Runner;

/// Names a directory with programs that are built already, for tests, which cargo has built them with.
const BUILT: &str = "STRONGROOM_XTASK_PROGRAMS";

/// Builds the program of a package, which has its name; returns its path.
///
/// # Errors
/// It cannot be built, cargo having said why, or we are interrupted.
pub(crate) fn program(runner: &Runner, package: &str) -> Result<PathBuf> {
    if let Some(built) = std::env::var_os(BUILT).map(|directory| Path::new(&directory).join(package))
        && built.is_file()
    {
        return Ok(built);
    }
    let mut command = runner.cargo();
    command.args(["build", "--quiet", "--package", package, "--message-format=json-render-diagnostics"]);
    let mut program = None;
    let status = runner.lines(&mut command, |line| {
        let told: Value = serde_json::from_str(line).unwrap_or_default();
        program = told["executable"].as_str().map(PathBuf::from).or(program.take());
    })?;
    match program {
        Some(program) if status.success() => Ok(program),
        _ => Err(format!("{package} could not be built").into()),
    }
}
