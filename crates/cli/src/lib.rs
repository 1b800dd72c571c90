//! The command line as a library: a program of your own with more back-ends is
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     strongroom_cli::run(strongroom::Registry::builtin())
//! }
//! ```
//!
//! with a `.with(PLUGIN)` behind `builtin()` for each of them.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | another failure |
//! | 2 | the command line or an input is wrong |
//! | 3 | there is no such secret, key, revision or file |
//! | 4 | it exists already, or somebody else changed it |
//! | 5 | it is not allowed |
//! | 6 | the database or a service cannot be reached |
//!
//! # The way from here
//!
//! The pages and folders that are named here are in Strongroom's repository.
//!
//! - Every command, input form and key of the configuration: `docs/cli.md`; `serve`: `docs/server.md`, and
//!   [`strongroom_server`].
//! - A back-end to add with [`Registry::with`](strongroom::Registry::with): `docs/adding-a-backend.md`; a complete program
//!   is `examples/custom-backend`.
//! - Secrets without a command line: the crate [`strongroom`], and `docs/embedding.md`.

mod args;
mod commands;
mod console;
mod escape;
mod failure;
mod files;
mod input;
mod pairs;
mod privacy;
mod process;
mod program;
mod render;
mod resolve;
mod secret_text;
mod session;
mod usage;
mod zenml;

pub use console::Console;
pub use program::execute;
pub use session::{Location, Opener, Session};

use std::process::ExitCode;
use strongroom::Registry;

/// Runs the command line of this process: its arguments, environment, terminal and files.
#[must_use]
pub fn run(registry: Registry) -> ExitCode {
    process::harden();
    process::log();
    process::guarded(|| {
        let opener = session::Configured::new(registry.clone());
        execute(std::env::args_os(), &registry, &opener, &mut console::ProcessConsole)
    })
}
