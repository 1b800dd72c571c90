//! Programs from PyPI, each set in a virtual environment of its own in the user's cache directory.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Result};
use crate::run::Runner;
use crate::servers::program;

/// The package of Debian that makes environments.
pub(crate) const PACKAGE: &str = "python3-venv";

/// The interpreters that are looked for, the usual one first.
const INTERPRETERS: [&str; 5] = ["python3", "python3.13", "python3.12", "python3.11", "python3.10"];

/// Fails unless this interpreter is of a fitting version and can make environments with pip in them.
const FITS: &str = "import ensurepip, sys, venv; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))";

/// What is installed together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Environment {
    /// Names it in the cache. Another version of what is in it is another name.
    pub(crate) name: &'static str,
    /// What pip is to install.
    pub(crate) requirements: &'static [&'static str],
}

impl Environment {
    /// The directory of its programs, if it is complete.
    pub(crate) fn programs(self) -> Option<PathBuf> {
        let programs = cache()?.join(self.name).join("bin");
        programs.join("python").is_file().then_some(programs)
    }

    /// Its interpreter, if it is complete.
    ///
    /// # Errors
    /// It is not installed.
    pub(crate) fn python(self) -> Result<String> {
        match self.programs() {
            Some(programs) => Ok(programs.join("python").display().to_string()),
            None => Err(format!("{} is not installed", self.name).into()),
        }
    }

    /// Makes it unless it is there. What is interrupted is not seen by anybody.
    ///
    /// # Errors
    /// There is no fitting Python, pip fails, or we are interrupted.
    pub(crate) fn install(self, runner: &Runner) -> Result<()> {
        let cache = cache().ok_or_else(|| "neither XDG_CACHE_HOME nor HOME is set".to_owned())?;
        fs::create_dir_all(&cache).map_err(|error| Failure::on("create", &cache, error))?;
        let _lock = lock(runner, &cache.join("lock"))?;
        if self.programs().is_some() {
            return Ok(());
        }
        let python = python().ok_or_else(|| {
            format!("no Python from 3.10 to 3.13 that makes virtual environments: install {PACKAGE}")
        })?;
        eprintln!("Installing what is missing, with pip (a minute or two): {}", self.requirements.join(" "));
        // Programs in an environment hold its path, so it cannot be moved. A link to it can.
        let directory = tempfile::Builder::new()
            .prefix(&format!("{}-", self.name))
            .tempdir_in(&cache)
            .map_err(|error| Failure::on("write", &cache, error))?;
        let mut make = Command::new(python);
        make.args(["-m", "venv"]).arg(directory.path());
        let mut pip = Command::new(directory.path().join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip.args(self.requirements);
        for command in [&mut make, &mut pip] {
            // What we print ourselves may be for a shell to read.
            if !runner.succeeds(command.stdout(std::io::stderr()))? {
                return Err(format!("{} could not be installed: see above", self.name).into());
            }
        }
        publish(directory.keep(), &cache.join(self.name))
    }
}

/// Lets `link` lead to what is complete now, in one step.
fn publish(directory: PathBuf, link: &Path) -> Result<()> {
    let next = link.with_extension("next");
    // What an interrupted run left.
    let _ = fs::remove_file(&next);
    symlink(&directory, &next)
        .and_then(|()| fs::rename(&next, link))
        .map_err(|error| Failure::on("write", link, error))
}

/// Whether there is an interpreter that fits.
pub(crate) fn can_be_made() -> bool {
    python().is_some()
}

fn python() -> Option<PathBuf> {
    let fits = |python: &PathBuf| {
        let mut command = Command::new(python);
        command.args(["-c", FITS]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    INTERPRETERS.into_iter().filter_map(program).find(fits)
}

/// Where environments and what else outlives a run are.
pub(crate) fn cache() -> Option<PathBuf> {
    let named = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")))?;
    Some(base.join("strongroom-tests"))
}

/// Only one makes environments at a time.
fn lock(runner: &Runner, path: &Path) -> Result<File> {
    let failed = |error: io::Error| Failure::on("lock", path, error);
    let file = File::create(path).map_err(failed)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => runner.pause()?,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}
