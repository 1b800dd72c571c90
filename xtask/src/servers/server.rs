//! One server: where it lives, how it comes up, how it ends.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::built;
use crate::failure::{Failure, Result};
use crate::process::{Group, Process};
use crate::run::{self, Runner};

use super::{Kind, account::Account};

/// The name of the account and the start of the database's name inside the servers.
pub(crate) const USER: &str = "strongroom";

/// The database that the URL names; tests create their own beside it.
pub(crate) const DATABASE: &str = "strongroom_test";

/// How long a server may take until it answers.
const START: Duration = Duration::from_secs(180);

/// How often another port is tried, since somebody may take a free one before the server does.
const ATTEMPTS: usize = 3;

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Server {
    values: Vec<String>,
    /// Ended when dropped; none if somebody else started it.
    process: Option<Process>,
}

impl Server {
    /// One that somebody else started.
    pub(crate) fn given(values: Vec<String>) -> Self {
        Self { values, process: None }
    }

    /// Its process, if we started it.
    pub(crate) fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// What its kind's variables say: where it is, and how to get in.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(String::as_str)
    }
}

/// Where a server of ours lives.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    runner: &'a Runner,
    account: Account,
    directory: PathBuf,
    /// The password of [`USER`]: others on this machine may reach the port.
    pub(crate) password: String,
}

impl<'a> Place<'a> {
    /// A new directory for a server of that kind.
    ///
    /// # Errors
    /// It cannot be created.
    pub(crate) fn new(runner: &'a Runner, directory: &Path, kind: Kind) -> Result<Self> {
        let account = match kind {
            Kind::Postgres => Account::unprivileged("postgres")?,
            Kind::Mariadb => Account::unprivileged("mysql")?,
            // They are in our cache, where nobody else may look.
            Kind::Zenml
            | Kind::Openbao
            | Kind::Moto
            | Kind::Google
            | Kind::Microsoft
            | Kind::Gcp
            | Kind::Azure
            | Kind::Schemathesis
            | Kind::Mdbook => Account::Ours,
        };
        account.directory(directory)?;
        Ok(Self { runner, account, directory: directory.to_owned(), password: password()? })
    }

    /// A path inside.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Writes a file that the server may read; returns its path.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn file(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.path(name);
        self.account.file(&path, text)?;
        Ok(path)
    }

    /// The program of a package of this repository, built.
    ///
    /// # Errors
    /// It cannot be built, or we are interrupted.
    pub(crate) fn built(&self, package: &str) -> Result<PathBuf> {
        built::program(self.runner, package)
    }

    /// A command that runs here, as the server's account.
    ///
    /// # Errors
    /// The account cannot be changed.
    pub(crate) fn command(&self, program: &Path, end: &str) -> Result<Command> {
        let mut command = self.account.command(program, end)?;
        command.current_dir(&self.directory).env("HOME", &self.directory).stdin(Stdio::null());
        Ok(command)
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// It fails (the text has the end of its output), or we are interrupted.
    pub(crate) fn run(&self, what: &str, command: &mut Command) -> Result<()> {
        let log = self.path("log");
        if self.runner.logged(command, &log)? { Ok(()) } else { Err(self.failed(what)) }
    }

    /// Starts a server on a free port, and waits until `ready` succeeds; `values` are what its kind's variables say then.
    ///
    /// # Errors
    /// It ends or does not answer in time (the text has the end of its output), or we are interrupted.
    pub(crate) fn start(
        &self,
        stop: Signal,
        server: impl Fn(u16) -> Result<Command>,
        ready: impl Fn(u16) -> Result<Command>,
        values: impl Fn(u16) -> Vec<String>,
    ) -> Result<Server> {
        for _ in 0..ATTEMPTS {
            let port = free_port()?;
            let mut command = server(port)?;
            run::into_log(&mut command, &self.path("log"))?;
            let mut process = Process::spawn(&mut command, Group::Own, stop)
                .map_err(|error| Failure::of("start", "the server", error))?;
            if self.answers(&mut process, || ready(port))? {
                return Ok(Server { values: values(port), process: Some(process) });
            }
        }
        Err(self.failed("the server ended at once"))
    }

    /// Whether the server is ready, as opposed to ended.
    fn answers(&self, process: &mut Process, ready: impl Fn() -> Result<Command>) -> Result<bool> {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            let ended = process.ended().map_err(|error| Failure::of("wait for", "the server", error))?;
            if ended.is_some() {
                return Ok(false);
            }
            // Its complaints until then are of no interest.
            if self.runner.logged(&mut ready()?, &self.path("ready.log"))? {
                return Ok(true);
            }
            self.runner.pause()?;
        }
        Err(self.failed("the server does not answer"))
    }

    fn failed(&self, what: &str) -> Failure {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = &lines[lines.len().saturating_sub(15)..];
        Failure::Failed(format!("{what}; its last words:\n{}", last.join("\n")))
    }
}

/// Anything that nobody guesses.
fn password() -> Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .map_err(|error| Failure::of("read", "random bytes", error))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A port that nobody listens on now.
///
/// # Errors
/// There is none.
pub(crate) fn free_port() -> Result<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Failure::of("find", "a free port", error))
}
