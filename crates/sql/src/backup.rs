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
            Pools::Sqlite(file) => sqlite::backup(file, &*self.database.env, to, force).await,
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
        ffi::OsStr,
        fs,
        io::{self, ErrorKind as Io},
        os::unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
        path::{Path, PathBuf},
        time::Duration,
    };
    use strongroom_core::{Error, ErrorKind, Result, check_replaceable};
    use strongroom_engine::Env;

    /// How long nobody has written to a copy that is not made any more: one that is, is written to all the time.
    const IDLE: Duration = Duration::from_secs(3600);

    pub(super) async fn backup(file: &File, env: &dyn Env, to: &Path, force: bool) -> Result<()> {
        check_replaceable(to)?;
        if !force && fs::symlink_metadata(to).is_ok() {
            return Err(there(to));
        }
        if is_ours(&file.path, to) {
            let text = "the backup would replace the database itself; choose another name";
            return Err(Error::new(ErrorKind::InvalidInput, text).with("path", to.display()));
        }
        let directory = files::directory_of(to);
        if !directory.is_dir() {
            let text = "the backup's directory is not there, or cannot be looked into: make it, or choose another one";
            return Err(Error::new(ErrorKind::NotFound, text).with("directory", directory.display()));
        }
        // Written beside and then given its name, so that no half copy ever has it.
        let name = to.file_name().unwrap_or_default();
        remove_left(&directory, name);
        let mut name = name.to_owned();
        name.push(format!(".{:032x}.tmp", env.random()));
        let temporary = Temporary(directory.join(name));
        write(file, &temporary.0, to).await?;
        publish(&temporary.0, to, force)
    }

    /// A name that goes also if the copying fails, or whoever waited for it goes away.
    struct Temporary(PathBuf);

    impl Drop for Temporary {
        fn drop(&mut self) {
            // It has been renamed, most likely, and the other one is there only while something is written.
            for file in [self.0.clone(), prepare::behind(&self.0, "-journal")] {
                let _ = fs::remove_file(file);
            }
        }
    }

    /// Removes what copies to this name left that were killed.
    fn remove_left(directory: &Path, name: &OsStr) {
        let is_left = |there: fs::Metadata| {
            let age = there.modified().ok().and_then(|modified| modified.elapsed().ok());
            there.is_file() && age.is_some_and(|age| age > IDLE)
        };
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            if is_temporary(&entry.file_name(), name) && entry.metadata().is_ok_and(is_left) {
                // What stays is in nobody's way.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Whether it is the name of a copy that is going to have this one, or of what SQLite keeps beside it.
    fn is_temporary(name: &OsStr, to: &OsStr) -> bool {
        let name = name.as_bytes();
        let name = name.strip_suffix(b"-journal").unwrap_or(name);
        let id = name.strip_prefix(to.as_bytes()).and_then(|rest| rest.strip_prefix(b"."));
        id.and_then(|rest| rest.strip_suffix(b".tmp")).is_some_and(|id| {
            id.len() == 32 && id.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        })
    }

    /// Whether a name leads to the database or to what SQLite keeps beside it. Who has the database open would go on with a
    /// file that has no name any more, and who opens it later would take the old log for the copy's.
    fn is_ours(database: &Path, to: &Path) -> bool {
        const OURS: [&str; 4] = ["", "-wal", "-shm", "-journal"];
        let directory = |path| fs::canonicalize(files::directory_of(path)).ok();
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
        files::make(temporary)
            .map_err(|error| files::failed("the backup could not be created", to, &error.into()))?;
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

    fn publish(temporary: &Path, to: &Path, force: bool) -> Result<()> {
        let named = if force { fs::rename(temporary, to) } else { name_new(temporary, to) };
        match named {
            Ok(()) => {
                files::sync_directory(to);
                Ok(())
            }
            Err(error) if error.kind() == Io::AlreadyExists => Err(there(to)),
            Err(error) => Err(files::failed("the backup could not be given its name", to, &error)),
        }
    }

    /// A link refuses to replace, a rename does not. Where there are no links the name is taken first: whoever kills us just
    /// then leaves an empty file.
    fn name_new(temporary: &Path, to: &Path) -> io::Result<()> {
        match fs::hard_link(temporary, to) {
            Err(error) if error.kind() != Io::AlreadyExists => {
                files::make(to)?;
                fs::rename(temporary, to).inspect_err(|_| drop(fs::remove_file(to)))
            }
            named => named,
        }
    }

    fn there(to: &Path) -> Error {
        Error::new(
            ErrorKind::AlreadyExists,
            "the backup's file is there; choose another name, or use --force",
        )
        .with("path", to.display())
    }
}
