//! Whether the files of a SQLite database are still those that were opened.
//!
//! Whoever puts another file in their place while they are open leaves us with files that have no name any more: what we
//! would write there is lost. They are looked at by name alone. To open one of them, and to close it, would take the locks
//! that SQLite holds on it from the whole process.

use crate::prepare::behind;
use std::{
    fs,
    io::{self, ErrorKind as Io},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};
use strongroom_core::{Error, ErrorKind, Result, Retry};

/// The database, its log, and the log's index. The latter two stay as long as anybody has the database open.
const ENDS: [&str; 3] = ["", "-wal", "-shm"];

/// Device and inode of each; `None` of one that is not there.
type Ids = [Option<(u64, u64)>; ENDS.len()];

/// The files of an open database.
pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    ids: OnceLock<Ids>,
    /// It was logged that they are others.
    told: AtomicBool,
}

impl Opened {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), ids: OnceLock::new(), told: AtomicBool::new(false) }
    }

    /// Remembers the files that are there now, of which a connection has all open.
    ///
    /// # Errors
    /// As [`check`](Self::check) if they cannot be looked at.
    pub(crate) fn remember(&self) -> Result<()> {
        let ids = self.now()?;
        self.ids.get_or_init(|| ids);
        Ok(())
    }

    /// Looks whether they still are.
    ///
    /// # Errors
    /// `Unavailable` if they are not, which is logged once, as long as they are not put back; or if they cannot be looked at.
    pub(crate) fn check(&self) -> Result<()> {
        let Some(opened) = self.ids.get() else { return Ok(()) };
        let now = self.now()?;
        if opened.iter().zip(now).all(|(opened, now)| opened.is_none() || *opened == now) {
            if self.told.load(Ordering::Relaxed) && self.told.swap(false, Ordering::Relaxed) {
                tracing::info!(target: "strongroom::sql", "the database's file was put back: it is written again");
            }
            return Ok(());
        }
        let text = "the database's file was replaced while it was open: end every program that uses it, then start again";
        let error = Error::new(ErrorKind::Unavailable, text).with("path", self.path.display());
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::error!(target: "strongroom::sql", %error, "nothing is written any more");
        }
        Err(error)
    }

    fn now(&self) -> Result<Ids> {
        let mut ids = Ids::default();
        for (id, end) in ids.iter_mut().zip(ENDS) {
            *id = id_of(&behind(&self.path, end)).map_err(|error| {
                let text = format!("the database's file cannot be looked at: {}", error.kind());
                Error::new(ErrorKind::Unavailable, text)
                    .with("path", self.path.display())
                    .retryable(Retry::Backoff)
            })?;
        }
        Ok(ids)
    }
}

fn id_of(path: &Path) -> io::Result<Option<(u64, u64)>> {
    match fs::metadata(path) {
        Ok(file) => Ok(Some((file.dev(), file.ino()))),
        Err(error) if matches!(error.kind(), Io::NotFound | Io::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}
