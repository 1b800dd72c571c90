//! `completions`

use crate::{
    args::Cli,
    console::Console,
    failure::{Failure, Outcome},
};
use clap::CommandFactory;
use clap_complete::Shell;

/// Prints the script for a shell.
pub(crate) fn completions(shell: Shell, console: &mut dyn Console) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "strongroom", &mut script);
    console.write(&script).map_err(|error| Failure::output(&error))
}
