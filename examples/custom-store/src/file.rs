//! One file, which one call at a time reads or changes.

use crate::book::Book;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind as Io, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};
use strongroom_core::{Error, ErrorKind, Result, Retry};
use zeroize::Zeroizing;

/// The file, and the one beside it that is locked. The lock is on a file of its own, since the other one is replaced.
#[derive(Debug)]
pub(crate) struct BookFile {
    path: PathBuf,
    lock: PathBuf,
}

impl BookFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        let lock = path.with_extension("lock");
        Self { path, lock }
    }

    /// What is in it now.
    pub(crate) fn read(&self) -> Result<Book> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == Io::NotFound => return Ok(Book::default()),
            Err(error) => return Err(failed(&error)),
        };
        // What the library says would quote the file.
        serde_json::from_slice(&bytes)
            .map_err(|_| Error::new(ErrorKind::Corrupt, "the notebook is not as it was written"))
    }

    /// Changes it while nobody else does; what fails changes nothing.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Book) -> Result<T>) -> Result<T> {
        let lock = options().append(true).create(true).open(&self.lock);
        // Given back when it is closed, also if the process is killed.
        let lock = lock.and_then(|lock| lock.lock().map(|()| lock)).map_err(|error| failed(&error))?;
        let mut book = self.read()?;
        let answer = change(&mut book)?;
        let text = serde_json::to_vec_pretty(&book).map(Zeroizing::new);
        let text = text.map_err(|_| Error::new(ErrorKind::Unexpected, "the notebook cannot be written"))?;
        replace(&self.path, &text).map_err(|error| failed(&error))?;
        drop(lock);
        Ok(answer)
    }
}

/// Written aside, then moved into its place, so that readers need no lock.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = options().write(true).create(true).truncate(true).open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(aside, path)?;
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

/// For files that only their owner reads.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

fn failed(error: &io::Error) -> Error {
    match error.kind() {
        Io::NotFound => Error::new(ErrorKind::ConfigInvalid, "path: there is no such directory; make it"),
        Io::PermissionDenied => {
            Error::new(ErrorKind::StoreRefused, "the notebook: permission denied; check its owner and mode")
        }
        kind => Error::new(ErrorKind::Unavailable, format!("the notebook: {kind}")).retryable(Retry::Backoff),
    }
}
