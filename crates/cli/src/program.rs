//! From arguments to an exit code.

use crate::{
    args::{Cli, Command, KeysCommand},
    commands::{self, Run},
    console::Console,
    failure::{Exit, Failure, Outcome},
    pairs::{self, Pair},
    session::{Location, Opener},
    usage::{self, Refusal},
};
use clap::Parser;
use std::ffi::OsString;
use strongroom::Registry;

/// Runs one command line and answers the exit code. `args` begin with the program's name; secrets are kept where
/// `opener` says, and only opened if the command needs them.
pub fn execute(
    args: impl IntoIterator<Item = OsString>,
    registry: &Registry,
    opener: &dyn Opener,
    console: &mut dyn Console,
) -> u8 {
    match attempt(args, registry, opener, console) {
        Ok(()) => 0,
        Err(Failure { exit: None, .. }) => 0,
        Err(failure @ Failure { exit: Some(exit), .. }) => {
            console.message(&failure.line());
            exit as u8
        }
    }
}

fn attempt(
    args: impl IntoIterator<Item = OsString>,
    registry: &Registry,
    opener: &dyn Opener,
    console: &mut dyn Console,
) -> Outcome {
    let line = pairs::split(args)?;
    let cli = match Cli::try_parse_from(&line.args) {
        Ok(cli) => cli,
        Err(error) => return refuse(usage::explain(&error, &line), console),
    };
    let format = cli.format();
    match &cli.command {
        Command::Backends(_) => return commands::backends(registry, console, format),
        Command::Completions { shell } => return commands::completions(*shell, console),
        Command::Keys(KeysCommand::Generate { output, force }) => {
            return commands::generate(output.as_deref(), *force, console);
        }
        Command::Serve(args) => {
            if cli.global.server.is_some() {
                let text = "serve: it is a server itself, over a database: leave --server out";
                return Err(Failure::usage(text));
            }
            let location = Location::of(&cli.global);
            return commands::serve(registry, &location, args, console);
        }
        _ => {}
    }
    // Only what opens a database pays for a runtime.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::io("cannot start", &error))?;
    let location = Location { existing: !cli.command.begins(), ..Location::of(&cli.global) };
    let run = Run::new(console, opener, location, format);
    runtime.block_on(dispatch(run, cli.command, line.pairs))
}

async fn dispatch(mut run: Run<'_>, command: Command, pairs: Vec<Pair>) -> Outcome {
    let done = match command {
        Command::Secret(command) => {
            let changes = command.changes();
            let done = commands::secret(&mut run, command, pairs).await;
            if changes {
                run.tidy().await;
            }
            done
        }
        Command::Login(args) => commands::login(&mut run, &args).await,
        Command::Logout => commands::logout(&mut run),
        Command::Status(args) => commands::status(&mut run, args.deep).await,
        Command::Keys(KeysCommand::Rotate { kind, force, .. }) => {
            commands::rotate(&mut run, &kind, force).await
        }
        Command::Keys(KeysCommand::Rewrap { which, force }) => {
            commands::rewrap(&mut run, &which, force).await
        }
        Command::Move(args) => {
            let done = commands::move_values(&mut run, args.to.as_deref()).await;
            run.tidy().await;
            done
        }
        Command::Repair(args) => commands::repair(&mut run, &args).await,
        Command::Database(command) => commands::database(&mut run, &command).await,
        Command::User(command) => commands::user(&mut run, &command).await,
        Command::ServiceAccount(command) => commands::service_account(&mut run, &command).await,
        Command::ApiKey(command) => commands::api_key(&mut run, &command).await,
        Command::Grant(command) => commands::grant(&mut run, &command).await,
        Command::Audit(command) => commands::audit(&mut run, &command).await,
        Command::Backends(_)
        | Command::Serve(_)
        | Command::Completions { .. }
        | Command::Keys(KeysCommand::Generate { .. }) => Ok(()),
    };
    run.close().await;
    done
}

fn refuse(refusal: Refusal, console: &mut dyn Console) -> Outcome {
    match refusal {
        Refusal::Shown(text) => console.write(text.as_bytes()).map_err(|error| Failure::output(&error)),
        Refusal::Lost(help) => {
            console.message(&help);
            Err(Failure::new(Exit::Usage, "a command is missing; choose one of those above"))
        }
        Refusal::Wrong(failure) => Err(failure),
    }
}
