//! As whom servers run: never as root, which they refuse.

use std::fs::{self, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::failure::{Failure, Result};

/// Where Debian keeps the programs that only root has in its path.
const SYSTEM_PROGRAMS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Whom a program runs as.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Account {
    /// The one who runs us.
    Ours,
    /// Another one, since we are root.
    Other { uid: u32, gid: u32 },
}

impl Account {
    /// An account without rights: ours, or, if that is root, `preferred` or else `nobody`.
    ///
    /// # Errors
    /// There is no such account.
    pub(crate) fn unprivileged(preferred: &str) -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Ours);
        }
        [preferred, "nobody"]
            .into_iter()
            .find_map(|name| Some(Self::Other { uid: id("-u", name)?, gid: id("-g", name)? }))
            .ok_or_else(|| format!("no account {preferred} or nobody to run a server as").into())
    }

    /// Creates a directory that is this account's alone.
    ///
    /// # Errors
    /// It cannot be created or given away.
    pub(crate) fn directory(self, path: &Path) -> Result<()> {
        fs::DirBuilder::new().mode(0o700).create(path).map_err(|e| Failure::on("create", path, e))?;
        self.give(path)
    }

    /// Writes a file that is this account's.
    ///
    /// # Errors
    /// It cannot be written or given away.
    pub(crate) fn file(self, path: &Path, text: &str) -> Result<()> {
        fs::write(path, text).map_err(|e| Failure::on("write", path, e))?;
        self.give(path)
    }

    fn give(self, path: &Path) -> Result<()> {
        match self {
            Self::Ours => Ok(()),
            Self::Other { uid, gid } => {
                chown(path, Some(uid), Some(gid)).map_err(|e| Failure::on("give away", path, e))
            }
        }
    }

    /// `command` as this account, with nothing of our environment but the path. Where the system can do it,
    /// the program gets the signal `end` when we die without having stopped it.
    ///
    /// # Errors
    /// We are root and the program that changes the account is missing.
    pub(crate) fn command(self, command: &Path, end: &str) -> Result<Command> {
        let mut wrapped = match (program("setpriv"), self) {
            (None, Self::Ours) => Command::new(command),
            (None, Self::Other { .. }) => {
                return Err("setpriv is missing: install util-linux, or do not run as root"
                    .to_owned()
                    .into());
            }
            (Some(setpriv), account) => {
                let mut wrapped = Command::new(setpriv);
                wrapped.args(["--pdeathsig", end]);
                if let Self::Other { uid, gid } = account {
                    wrapped.args([format!("--reuid={uid}"), format!("--regid={gid}")]).arg("--clear-groups");
                }
                wrapped.arg("--").arg(command);
                wrapped
            }
        };
        wrapped.env_clear().env("PATH", search_path()).env("LC_ALL", "C");
        Ok(wrapped)
    }
}

fn id(what: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([what, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// A temporary directory that accounts may pass through, to the ones inside that are theirs.
///
/// # Errors
/// It cannot be created.
pub(crate) fn passable_directory() -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix("strongroom-test-")
        .permissions(Permissions::from_mode(0o711))
        .tempdir()
        .map_err(|error| Failure::of("create", "a temporary directory", error))
}

/// The file of a program, found in the path or among the system's.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&search_path()).map(|directory| directory.join(name)).find(|file| file.is_file())
}

fn search_path() -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::env::split_paths(&path).chain(SYSTEM_PROGRAMS.map(PathBuf::from));
    // Only a directory with a colon in its name cannot be joined, and none that was split has one.
    std::env::join_paths(all).unwrap_or(path)
}
