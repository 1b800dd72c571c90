//! The files of a SQLite database and who may touch them.
//!
//! SQLite would make its file readable by everybody; its log and index files take over the mode of the database.

use crate::prepare::behind;
use std::{fs, io::ErrorKind as Io, os::unix::fs::MetadataExt, path::Path};
use strongroom_core::{Error, ErrorKind, Result};
use strongroom_files::{create as make, create_directory, directory_of};

/// Makes sure that there is a database file that only we can touch, in a directory that only we can change. Without
/// `create` it has to be there, and something in it.
pub(crate) fn prepare(path: &Path, create: bool) -> Result<()> {
    let directory = directory_of(path);
    let log = behind(path, "-wal");
    // Before the file: whoever makes a database just now has something in that first.
    let logged = fs::metadata(&log).is_ok_and(|log| log.len() > 0);
    let empty = length(path)?.is_none_or(|length| length == 0);
    if empty && logged {
        let (path, log) = (path.display(), log.display());
        let text = format!(
            "database.url: {path} is missing or empty, and its log {log} is not, which SQLite would remove with the last \
             changes: put {path} back, or remove {log} if it belongs to an old one"
        );
        return Err(Error::new(ErrorKind::ConfigInvalid, text));
    }
    if empty && !create {
        return Err(Error::new(
            ErrorKind::NotFound,
            "database.url: there is no database, and this command makes none: check --database, \
             STRONGROOM_DATABASE_URL, HOME and whether the disk is mounted; `strongroom secret create` or \
             `strongroom serve` makes a new one",
        )
        .with("path", path.display()));
    }
    if create {
        create_directory(directory)
            .map_err(|error| failed("the database's directory could not be created", directory, &error))?;
    }
    check_directory(directory)?;
    if length(path)?.is_some() {
        return Ok(());
    }
    match make(path) {
        Ok(()) => Ok(()),
        // Somebody else made it at the same time.
        Err(error) if error.kind() == Io::AlreadyExists => length(path).map(drop),
        Err(error) => Err(failed("the database could not be created", path, &error)),
    }
}

fn check_directory(directory: &Path) -> Result<()> {
    let meta = fs::metadata(directory)
        .map_err(|error| failed("the database's directory cannot be looked at", directory, &error))?;
    if !meta.is_dir() {
        return Err(refused("database.url: this is not a directory; choose another path", directory));
    }
    if meta.uid() != ours() {
        return Err(refused(
            "database.url: the directory belongs to another user, who could replace the database; choose one of \
             your own, or run as its owner",
            directory,
        ));
    }
    if meta.mode() & 0o022 != 0 {
        return Err(refused(
            "database.url: others can write to the directory, and so replace the database; run `chmod go-w` on it, \
             or choose another one",
            directory,
        ));
    }
    Ok(())
}

/// How much is in the file, if it is there; refuses what is not a file of ours alone.
fn length(path: &Path) -> Result<Option<u64>> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == Io::NotFound => return Ok(None),
        Err(error) => return Err(failed("the database cannot be looked at", path, &error)),
    };
    if meta.file_type().is_symlink() {
        return Err(refused("database.url: this is a symbolic link; name the file that it points to", path));
    }
    if !meta.is_file() {
        return Err(refused("database.url: this is not a file; choose another path", path));
    }
    if meta.uid() != ours() {
        return Err(refused("database.url: the file belongs to another user; run as its owner", path));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(refused(
            "database.url: others can read or write the database; run `chmod 600` on it",
            path,
        ));
    }
    Ok(Some(meta.len()))
}

fn ours() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn refused(text: &'static str, path: &Path) -> Error {
    Error::new(ErrorKind::ConfigInvalid, text).with("path", path.display())
}

/// What the operating system did not let us do.
pub(crate) fn failed(text: &'static str, path: &Path, error: &std::io::Error) -> Error {
    let kind = match error.kind() {
        Io::PermissionDenied | Io::ReadOnlyFilesystem => ErrorKind::ConfigInvalid,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, text).with("path", path.display()).with("system", error.kind())
}
