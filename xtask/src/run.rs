//! Running other programs, until they end or somebody interrupts us.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::failure::{Failure, Result};
use crate::process::{Group, Process, TICK};

/// How long the last lines of a program that ended may take to arrive.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Runs programs in the repository and knows when to stop.
#[derive(Debug)]
pub(crate) struct Runner {
    root: PathBuf,
    interrupted: Arc<AtomicBool>,
}

impl Runner {
    /// From here on Ctrl-C and the signals that end a process only set a mark, so that everything started
    /// is also stopped.
    ///
    /// # Errors
    /// Not run by cargo, or the signals cannot be caught.
    pub(crate) fn new() -> Result<Self> {
        let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = here.as_deref().and_then(Path::parent).map(Path::to_owned);
        let root = root.ok_or_else(|| "start this with `cargo xtask`".to_owned())?;
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&interrupted))
                .map_err(|error| Failure::of("catch", "signals", error))?;
        }
        Ok(Self { root, interrupted })
    }

    /// The repository.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A cargo command in the repository.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root);
        // What cargo said to us is about this package; build scripts that watch these would run again.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// Fails once somebody asked us to end.
    ///
    /// # Errors
    /// [`Failure::Interrupted`].
    pub(crate) fn check(&self) -> Result<()> {
        if self.interrupted.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
    }

    /// Sleeps a moment.
    ///
    /// # Errors
    /// [`Failure::Interrupted`].
    pub(crate) fn pause(&self) -> Result<()> {
        thread::sleep(TICK);
        self.check()
    }

    /// Runs `command`, its output being ours; returns whether it succeeded.
    ///
    /// # Errors
    /// It cannot be started, or we are interrupted.
    pub(crate) fn succeeds(&self, command: &mut Command) -> Result<bool> {
        command.stdin(Stdio::null());
        Ok(self.wait(spawn(command, Group::Own)?)?.success())
    }

    /// The same for a program that may ask the person at the terminal.
    ///
    /// # Errors
    /// It cannot be started, or we are interrupted.
    pub(crate) fn interactive(&self, command: &mut Command) -> Result<bool> {
        Ok(self.wait(spawn(command, Group::Shared)?)?.success())
    }

    /// The same with the output, errors too, in a file.
    ///
    /// # Errors
    /// It cannot be started, or we are interrupted.
    pub(crate) fn logged(&self, command: &mut Command, log: &Path) -> Result<bool> {
        into_log(command, log)?;
        self.succeeds(command)
    }

    /// Runs `command` and hands each line of its standard output to `each` while it runs.
    ///
    /// # Errors
    /// It cannot be started, or we are interrupted.
    pub(crate) fn lines(&self, command: &mut Command, mut each: impl FnMut(&str)) -> Result<ExitStatus> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = spawn(command, Group::Own)?;
        let lines = process.stdout().map(read);
        let status = loop {
            self.check()?;
            match lines.as_ref().map(|lines| lines.recv_timeout(TICK)) {
                Some(Ok(line)) => each(&line),
                Some(Err(RecvTimeoutError::Timeout)) => {}
                Some(Err(RecvTimeoutError::Disconnected)) | None => thread::sleep(TICK),
            }
            if let Some(status) = process.ended().map_err(|e| Failure::of("wait for", name(command), e))? {
                break status;
            }
        };
        // Whoever it left behind would keep the pipe open.
        process.stop();
        while let Some(Ok(line)) = lines.as_ref().map(|lines| lines.recv_timeout(LAST_LINES)) {
            each(&line);
        }
        Ok(status)
    }

    fn wait(&self, mut process: Process) -> Result<ExitStatus> {
        loop {
            if let Some(status) = process.ended().map_err(|e| Failure::of("wait for", "a program", e))? {
                return Ok(status);
            }
            self.pause()?;
        }
    }
}

/// Sends the output of `command`, errors too, to the end of a file.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn into_log(command: &mut Command, log: &Path) -> Result<()> {
    let open = || File::options().create(true).append(true).open(log);
    let out = open().map_err(|error| Failure::on("write", log, error))?;
    let err = open().map_err(|error| Failure::on("write", log, error))?;
    command.stdout(out).stderr(err);
    Ok(())
}

fn spawn(command: &mut Command, group: Group) -> Result<Process> {
    Process::spawn(command, group, Signal::TERM).map_err(|error| Failure::of("start", name(command), error))
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn read(pipe: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(std::result::Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });
    receiver
}
