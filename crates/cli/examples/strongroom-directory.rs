//! The program with one more back-end: a directory, for tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    strongroom_cli::run(strongroom::Registry::builtin().with(strongroom_testkit::PLUGIN))
}
