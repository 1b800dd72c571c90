//! Whether the files of a SQLite database are still those that were opened.
//!
//! Whoever puts another file in their place while they are open leaves us with files that have no name any more: what we
//! would write there is lost. They are looked at by name alone. To open one of them, and to close it, would take the locks
//! that SQLite holds on it from the whole process.

use crate::prepare::behind;
use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};
use strongroom_core::{Error, ErrorKind, Result};

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
    pub(crate) fn remember(&self) {
        self.ids.get_or_init(|| ids(&self.path));
    }

    /// Looks whether they still are.
    ///
    /// # Errors
    /// `Unavailable` if they are not, which is logged the first time.
    pub(crate) fn check(&self) -> Result<()> {
        let Some(opened) = self.ids.get() else { return Ok(()) };
        let now = ids(&self.path);
        if opened.iter().zip(now).all(|(opened, now)| opened.is_none() || *opened == now) {
            return Ok(());
        }
        let text = "the database's file was replaced while it was open: end every program that uses it, then start again";
        let error = Error::new(ErrorKind::Unavailable, text).with("path", self.path.display());
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::error!(target: "strongroom::sql", %error, "nothing is written any more");
        }
        Err(error)
    }
}

fn ids(path: &Path) -> Ids {
    ENDS.map(|end| fs::metadata(behind(path, end)).ok().map(|file| (file.dev(), file.ino())))
}
