//! The program `strongroom` with one whole store more.

use std::process::ExitCode;

fn main() -> ExitCode {
    strongroom_cli::run(strongroom::Registry::builtin().with(strongroom_notebook::PLUGIN))
}
