//! `cargo xtask`: the tests, the benchmarks and the chores of this repository.
//!
//! Nothing here is needed to build or use Strongroom; `help.txt` says what each command does.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the output of a command line is its purpose")]

mod args;
mod bench;
mod book;
mod built;
mod chores;
mod emulators;
mod failure;
mod install;
mod new_backend;
mod process;
mod run;
mod servers;
mod tally;
mod test;
mod venv;
mod workspace;

use std::process::ExitCode;

use args::Task;
use failure::Failure;
use run::Runner;

/// What a shell reports for a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let task = match args::parse(std::env::args().skip(1)) {
        Ok(task) => task,
        Err(problem) => {
            eprintln!("error: {problem}\n\nSee cargo xtask --help.");
            return ExitCode::from(2);
        }
    };
    match Runner::new().and_then(|runner| perform(&runner, task)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Failure::Interrupted) => {
            eprintln!("interrupted");
            ExitCode::from(INTERRUPTED)
        }
        Err(Failure::Failed(problem)) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all went well.
fn perform(runner: &Runner, task: Task) -> failure::Result<bool> {
    match task {
        Task::Help => {
            print!("{}", args::HELP);
            Ok(true)
        }
        Task::Test { parts, without } => test::run(runner, &parts, &without),
        Task::Simulate(options) => chores::simulate(runner, &options),
        Task::Bench { name, args } => chores::bench(runner, &name, &args),
        Task::Servers { without, command } => chores::servers(runner, &without, &command),
        Task::NewBackend { name } => new_backend::run(runner, &name),
        Task::BookLinks { asked } => book::links(asked.as_deref()),
        Task::Emulators { action, without } => emulators::run(runner, action, &without),
    }
}
