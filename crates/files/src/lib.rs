//! Files that their owner alone may read and write, and that are whole when they get their name: keys, exports, copies of
//! a database.
//!
//! Whoever is killed half way leaves a [`Draft`] under another name, which the next one for the same place removes.

mod draft;
mod left;

pub use draft::{Draft, Unpublished};

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// What the owner alone may do with a file.
const MODE: u32 = 0o600;

/// Makes an empty file. Its name is durable.
///
/// # Errors
/// `AlreadyExists` if there is anything, a link that leads nowhere included; what the system says otherwise.
pub fn create(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
    let ready = own(&file).and_then(|()| sync_directory(path));
    if ready.is_err() {
        // An empty file would be in the way of the next attempt.
        let _ = fs::remove_file(path);
    }
    ready
}

/// Makes a directory that its owner alone may look into, and those that it lies in. One that is there stays as it is.
///
/// # Errors
/// What the system says.
pub fn create_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// The directory that holds a file.
#[must_use]
pub fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => Path::new("/"),
    }
}

/// Makes a new name in a directory durable, unless the file system cannot, or the directory may not be read.
///
/// # Errors
/// What the system says, such as that the disk fails.
fn sync_directory(path: &Path) -> io::Result<()> {
    match File::open(directory_of(path)).and_then(|directory| directory.sync_all()) {
        Err(error) if is_not_for_us(&error) => Ok(()),
        done => done,
    }
}

/// Whether the file system, or the rights, do not have what was asked for.
fn is_not_for_us(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied)
}

/// Looks whether a file may take this name, from another one or anew: a directory cannot, a device must not be replaced; nor a
/// link of the system's, such as `/dev/stdout`, wherever that leads now.
///
/// # Errors
/// `InvalidInput` if not, with a text that goes on behind the path.
pub fn check_replaceable(path: &Path) -> io::Result<()> {
    let systems_own = |target: PathBuf| target.starts_with("/proc") || target.starts_with("/dev/fd");
    let special = match fs::symlink_metadata(path) {
        Ok(there) if there.is_symlink() => {
            fs::read_link(path).is_ok_and(systems_own)
                || fs::metadata(path).is_ok_and(|there| !there.is_file())
        }
        Ok(there) => !there.is_file(),
        Err(_) => false,
    };
    if special {
        return Err(io::Error::new(ErrorKind::InvalidInput, "is no regular file; choose another one"));
    }
    Ok(())
}

/// The umask can only take away; a file that its owner cannot write would fail later and stranger. Some file systems have no
/// modes to set.
fn own(file: &File) -> io::Result<()> {
    if file.metadata()?.permissions().mode() & MODE == MODE {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(MODE))
}
