//! The emulator as a program.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the output of a command line is its purpose")]

use std::{fs, process::ExitCode, thread};
use strongroom_emulator_azure::{Emulator, Options, Quotas, Role};

const USAGE: &str = "\
strongroom-emulator-azure serve PORT ROLE CA
    Listens on that port of 127.0.0.1, for HTTP and HTTPS, until it is ended. ROLE is a file with a role; CA gets the
    certificate of the authority that vouches for the emulator. The applications' secret is in the variable EMULATOR_SECRET; assertion-SECRET is what the
    federated application shows. With EMULATOR_QUOTAS=1 there are quotas.
strongroom-emulator-azure ready PORT
    Succeeds when it answers.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", port, role, authority] => serve(port, role, authority),
        ["ready", port] => match port.parse().is_ok_and(strongroom_emulator_serving::answers) {
            true => Ok(()),
            false => Err("nobody answers".into()),
        },
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn serve(port: &str, role: &str, authority: &str) -> Result<(), String> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let text = fs::read_to_string(role).map_err(|error| format!("{role}: {error}"))?;
    let mut options = Options::new(Role::parse(&text).ok_or_else(|| format!("{role}: it is no role"))?);
    options.port = port.parse().map_err(|_| format!("{port} is no port"))?;
    options.secret = variable("EMULATOR_SECRET").ok_or("EMULATOR_SECRET is not set")?;
    if variable("EMULATOR_QUOTAS").is_none() {
        options.quotas = Quotas::none();
    }
    let emulator = Emulator::start(options).map_err(|error| format!("port {port}: {error}"))?;
    fs::write(authority, emulator.authority()).map_err(|error| format!("{authority}: {error}"))?;
    println!("{}", emulator.url());
    loop {
        thread::park();
    }
}
