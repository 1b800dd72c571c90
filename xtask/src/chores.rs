//! The tasks beside the tests: simulation, benchmarks, servers.

use std::io::{self, Read};
use std::process::Command;
use std::sync::mpsc::{self, TryRecvError};
use std::thread;

use crate::args::Simulation;
use crate::failure::{Failure, Result};
use crate::install;
use crate::run::Runner;
use crate::servers::{Kind, Servers};

/// The environment variables that tell the simulation how many seeds to run and which is the first.
pub(crate) const SEEDS: &str = "STRONGROOM_SIM_SEEDS";
const FROM: &str = "STRONGROOM_SIM_FROM";

/// Runs the simulation; returns whether it held.
///
/// # Errors
/// Cargo cannot be started, or we are interrupted.
pub(crate) fn simulate(runner: &Runner, options: &Simulation) -> Result<bool> {
    let mut command = runner.cargo();
    command.arg("test");
    if options.release {
        command.arg("--release");
    }
    // Of the whole workspace, so that what the tests have compiled serves here too.
    command.args(["--workspace", "--all-features", "--test", "simulate"]);
    command.args(["--", "--nocapture", "every_history_is_right"]);
    command.env(SEEDS, options.seeds.to_string()).env(FROM, options.from.to_string());
    runner.succeeds(&mut command)
}

/// Runs the benchmark of that name; returns whether it succeeded.
///
/// # Errors
/// There is none of that name, cargo cannot be started, or we are interrupted.
pub(crate) fn bench(runner: &Runner, name: &str, args: &[String]) -> Result<bool> {
    let (package, example) = match name {
        "store" => ("strongroom", "bench_store"),
        "server" => return crate::bench::server(runner),
        other => return Err(format!("no benchmark {other}; there are: store, server").into()),
    };
    // The benchmark times the program too.
    let mut program = runner.cargo();
    program.args(["build", "--release", "--package", "strongroom-cli"]);
    if !runner.succeeds(&mut program)? {
        return Ok(false);
    }
    let mut command = runner.cargo();
    command.args(["run", "--release", "--package", package, "--example", example, "--"]).args(args);
    runner.succeeds(&mut command)
}

/// Starts the servers, and runs `command` with their variables or waits; returns whether it succeeded.
///
/// # Errors
/// A server cannot be started, the command cannot be started, or we are interrupted.
pub(crate) fn servers(runner: &Runner, without: &[Kind], command: &[String]) -> Result<bool> {
    let kinds: Vec<Kind> = Kind::TESTS.into_iter().filter(|kind| !without.contains(kind)).collect();
    install::missing(runner, &kinds, false)?;
    let (servers, failures) = Servers::start(runner, &kinds)?;
    if let Some((kind, failure)) = failures.first() {
        return Err(Failure::Failed(format!("{}: {failure}", kind.name())));
    }
    let Some((program, args)) = command.split_first() else {
        for (variable, url) in servers.variables() {
            println!("export {variable}='{url}'");
        }
        println!("# ready: Ctrl-C or the end of the input stops what was started");
        return until_end_of_input(runner).map(|()| true);
    };
    let mut command = Command::new(program);
    servers.apply(command.args(args));
    runner.interactive(&mut command)
}

fn until_end_of_input(runner: &Runner) -> Result<()> {
    let (open, closed) = mpsc::channel::<()>();
    // The thread is left alone when a signal comes first: the process ends with it.
    thread::spawn(move || {
        let mut rest = [0; 64];
        while matches!(io::stdin().read(&mut rest), Ok(1..)) {}
        drop(open);
    });
    while closed.try_recv() != Err(TryRecvError::Disconnected) {
        runner.pause()?;
    }
    Ok(())
}
