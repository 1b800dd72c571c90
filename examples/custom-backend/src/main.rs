//! The program `strongroom` with one back-end more.

use std::process::ExitCode;

fn main() -> ExitCode {
    strongroom_cli::run(strongroom::Registry::builtin().with(strongroom_age::PLUGIN))
}
