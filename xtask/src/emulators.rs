//! `cargo xtask emulators`: what stands for cloud services, running in the background.
//!
//! A process of ours holds them and a locked file; whoever finds the file locked knows that they run.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::built;
use crate::failure::{Failure, Result};
use crate::install;
use crate::run::Runner;
use crate::servers::{Kind, Servers};
use crate::venv;

/// How long starting and stopping may take.
const PATIENCE: Duration = Duration::from_secs(240);

/// What to do with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Start them.
    Up,
    /// Stop them.
    Down,
    /// Tell whether they run.
    Status,
    /// Be the process in the background: `up` starts it.
    Hold,
}

impl Action {
    /// Those that a person asks for.
    pub(crate) const ALL: [Self; 3] = [Self::Up, Self::Down, Self::Status];

    /// What it is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Status => "status",
            Self::Hold => "hold",
        }
    }

    /// The action of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Hold]).find(|action| action.name() == name)
    }
}

/// Does it; returns whether they run now, or, for `down`, whether they do not.
///
/// # Errors
/// They cannot be started or stopped, or we are interrupted.
pub(crate) fn run(runner: &Runner, action: Action, without: &[Kind]) -> Result<bool> {
    let place = Place::new()?;
    match action {
        Action::Up => up(runner, &place, without),
        Action::Down => down(runner, &place),
        Action::Status => status(&place),
        Action::Hold => hold(runner, &place, without),
    }
}

/// Our files.
struct Place {
    directory: PathBuf,
}

impl Place {
    fn new() -> Result<Self> {
        let cache = venv::cache().ok_or_else(|| "neither XDG_CACHE_HOME nor HOME is set".to_owned())?;
        let directory = cache.join("emulators");
        let mut builder = DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .map_err(|e| Failure::on("create", &directory, e))?;
        Ok(Self { directory })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The lock, if nobody holds it.
    fn lock(&self) -> Result<Option<File>> {
        let path = self.file("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| Failure::on("write", &path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Failure::on("lock", &path, error)),
        }
    }

    /// What the process in the background has written, if it runs and is ready: its number and its variables.
    fn running(&self) -> Result<Option<(u32, String)>> {
        if self.lock()?.is_some() {
            return Ok(None);
        }
        let path = self.file("state");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::on("read", &path, error)),
        };
        let state = text.split_once('\n').and_then(|(pid, rest)| Some((pid.parse().ok()?, rest.to_owned())));
        Ok(state)
    }
}

fn up(runner: &Runner, place: &Place, without: &[Kind]) -> Result<bool> {
    if let Some((_, variables)) = place.running()? {
        print!("{variables}");
        return Ok(true);
    }
    let kinds = chosen(without);
    // Its output is for people, and ours is for a shell.
    install::missing(runner, &kinds, false)?;
    // What is built for the first time takes longer than what is started.
    for package in kinds.iter().filter_map(|kind| kind.built()) {
        built::program(runner, package)?;
    }
    let log = place.file("log");
    let output = || File::create(&log).map_err(|error| Failure::on("write", &log, error));
    let program = std::env::current_exe().map_err(|error| Failure::of("find", "our program", error))?;
    let mut command = Command::new(program);
    command.args(["emulators", Action::Hold.name()]);
    if !without.is_empty() {
        let names: Vec<_> = without.iter().map(|kind| kind.name()).collect();
        command.args(["--without", &names.join(",")]);
    }
    // A group of its own, which the terminal's Ctrl-C does not reach.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output()?).process_group(0);
    let mut child = command.spawn().map_err(|error| Failure::of("start", "the emulators", error))?;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some((_, variables)) = place.running()? {
            print!("{variables}");
            return Ok(true);
        }
        if child.try_wait().is_ok_and(|ended| ended.is_some()) {
            break;
        }
        runner.pause()?;
    }
    let words = fs::read_to_string(&log).unwrap_or_default();
    Err(Failure::Failed(format!("the emulators do not come up:\n{}", words.trim_end())))
}

fn down(runner: &Runner, place: &Place) -> Result<bool> {
    let Some((pid, _)) = place.running()? else {
        println!("no emulators run");
        return Ok(true);
    };
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| "the state of the emulators is damaged".to_owned())?;
    // Whoever holds the lock wrote this number, so it is that process.
    kill_process(pid, Signal::TERM).map_err(|error| Failure::of("stop", "the emulators", error))?;
    let deadline = Instant::now() + PATIENCE;
    while place.lock()?.is_none() {
        if Instant::now() > deadline {
            return Err(Failure::Failed("the emulators do not stop".into()));
        }
        runner.pause()?;
    }
    println!("stopped");
    Ok(true)
}

fn status(place: &Place) -> Result<bool> {
    let running = place.running()?;
    match &running {
        Some((_, variables)) => print!("{variables}"),
        None => println!("# no emulators run: cargo xtask emulators up"),
    }
    Ok(running.is_some())
}

/// Starts them and waits to be told to end.
fn hold(runner: &Runner, place: &Place, without: &[Kind]) -> Result<bool> {
    let Some(_lock) = place.lock()? else { return Err("they run already".to_owned().into()) };
    let state = place.file("state");
    // What one that was killed left.
    let _ = fs::remove_file(&state);
    let (servers, failures) = Servers::start(runner, &chosen(without))?;
    if let Some((kind, failure)) = failures.first() {
        return Err(format!("{}: {failure}", kind.name()).into());
    }
    let variables = servers.variables().map(|(name, value)| format!("export {name}='{value}'\n"));
    write(&state, &format!("{}\n{}", std::process::id(), variables.collect::<String>()))?;
    while runner.pause().is_ok() {}
    let _ = fs::remove_file(&state);
    Ok(true)
}

fn chosen(without: &[Kind]) -> Vec<Kind> {
    Kind::EMULATORS.into_iter().filter(|kind| !without.contains(kind)).collect()
}

/// In one step, and for our eyes only: there is a token in it.
fn write(path: &Path, text: &str) -> Result<()> {
    let next = path.with_extension("next");
    let _ = fs::remove_file(&next);
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&next)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&next, path))
        .map_err(|error| Failure::on("write", path, error))
}
