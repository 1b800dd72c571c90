//! Copies of the database.

use crate::{SqlCatalog, database::Pools};
use std::path::Path;
use strongroom_core::Result;

impl SqlCatalog {
    /// Writes a copy of a SQLite database, while it is used, into a file that only we can read. What is pending
    /// stays out of it: a row that was open then may have committed afterwards, and must not be cleaned up by
    /// whoever restores the copy. A file that is there is replaced only with `force`. What an earlier one to this name left
    /// that was killed, and is not written to any more for an hour, is removed.
    ///
    /// # Errors
    /// - `Unsupported` on other databases, naming the tool to use.
    /// - `AlreadyExists` if the file is there.
    /// - `InvalidInput` if it is the database itself, or no regular file.
    /// - `NotFound` if its directory is not there.
    /// - `ConfigInvalid` or `Unavailable` if it cannot be written.
    pub async fn backup(&self, to: &Path, force: bool) -> Result<()> {
        match &self.database.pools {
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(file) => sqlite::backup(file, to, force).await,
            #[cfg(feature = "postgres")]
            Pools::Postgres(_) => Err(other("pg_dump", to, force)),
            #[cfg(feature = "mysql")]
            Pools::MySql(_) => Err(other("mariadb-dump --single-transaction", to, force)),
        }
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn other(tool: &'static str, _: &Path, _: bool) -> strongroom_core::Error {
    strongroom_core::Error::new(
        strongroom_core::ErrorKind::Unsupported,
        "this database is backed up with its own tool; after restoring run `strongroom repair --restored` before \
         anything else",
    )
    .with("tool", tool)
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use crate::{
        connection::{Connection, Link, Sent},
        drivers,
        error::{Class, Failure},
        file::File,
        files, prepare,
    };
    use std::{
        fs,
        io::ErrorKind as Io,
        os::unix::fs::MetadataExt as _,
        path::{Path, PathBuf},
    };
    use strongroom_core::{Error, ErrorKind, Result};
    use strongroom_files::{Draft, check_replaceable, directory_of};

    pub(super) async fn backup(file: &File, to: &Path, force: bool) -> Result<()> {
        check_replaceable(to).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, format!("the backup's file {error}"))
                .with("path", to.display())
        })?;
        if !force && fs::symlink_metadata(to).is_ok() {
            return Err(there(to));
        }
        if is_ours(&file.path, to) {
            let text = "the backup would replace the database itself; choose another name";
            return Err(Error::new(ErrorKind::InvalidInput, text).with("path", to.display()));
        }
        let directory = directory_of(to);
        if !directory.is_dir() {
            let text = "the backup's directory is not there, or cannot be looked into: make it, or choose another one";
            return Err(Error::new(ErrorKind::NotFound, text).with("directory", directory.display()));
        }
        let draft = Draft::beside(to)
            .map_err(|error| files::failed("the backup could not be created", to, &error))?;
        let _journal = Journal(prepare::behind(draft.path(), "-journal"));
        write(file, draft.path(), to).await?;
        draft.publish(to, force).map_err(|failed| match failed.error.kind() {
            Io::AlreadyExists => there(to),
            _ => files::failed("the backup could not be given its name", to, &failed.error),
        })
    }

    /// What SQLite keeps beside a file while it writes it, which goes also if whoever waits for the copy goes away.
    struct Journal(PathBuf);

    impl Drop for Journal {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    /// Whether a name leads to the database or to what SQLite keeps beside it. Who has the database open would go on with a
    /// file that has no name any more, and who opens it later would take the old log for the copy's.
    fn is_ours(database: &Path, to: &Path) -> bool {
        const OURS: [&str; 4] = ["", "-wal", "-shm", "-journal"];
        let directory = |path| fs::canonicalize(directory_of(path)).ok();
        if directory(to) == directory(database)
            && OURS.iter().any(|end| prepare::behind(database, end).file_name() == to.file_name())
        {
            return true;
        }
        let Ok(theirs) = fs::metadata(to) else { return false };
        OURS.iter().any(|end| {
            fs::metadata(prepare::behind(database, end))
                .is_ok_and(|own| (own.dev(), own.ino()) == (theirs.dev(), theirs.ino()))
        })
    }

    async fn write(file: &File, temporary: &Path, to: &Path) -> Result<()> {
        let copied = async {
            let mut reader = Connection::new(Link::Sqlite(file.readers.acquire().await?), Sent::default());
            // A reader may not write, and a copy counts as writing.
            reader.raw("PRAGMA query_only = OFF").await?;
            let done = prepare::vacuum_into(&mut reader, temporary).await;
            reader.raw("PRAGMA query_only = ON").await?;
            done?;
            let pool = drivers::sqlite::copy(temporary);
            let mut copy = Connection::new(Link::Sqlite(pool.acquire().await?), Sent::default());
            let emptied = copy.execute("DELETE FROM pending", Vec::new()).await;
            drop(copy);
            pool.close().await;
            emptied
        };
        copied.await.map_err(|failure: Failure| match failure.class {
            // The database itself is only read.
            Class::Full => Error::new(
                ErrorKind::Unavailable,
                "the disk that the backup goes to is full: make room, or choose another one",
            )
            .with("path", to.display()),
            _ => failure.error.with("backup", to.display()),
        })?;
        let synced = fs::File::open(temporary).and_then(|file| file.sync_all());
        synced.map_err(|error| files::failed("the backup could not be written to the disk", to, &error))
    }

    fn there(to: &Path) -> Error {
        Error::new(
            ErrorKind::AlreadyExists,
            "the backup's file is there; choose another name, or use --force",
        )
        .with("path", to.display())
    }
}
