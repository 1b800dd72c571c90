//! Making a SQLite database ready: its file, its tables, and a copy before an upgrade.

use crate::{
    connection::{Connection, Link, Sent},
    drivers::sqlite,
    error::{Class, Failure},
    files,
    open::Options,
    release::Release,
    schema::{self, Found},
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use strongroom_core::Result;

/// How long other processes that do the same are waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes file and tables if they are not there, and upgrades older tables.
pub(crate) async fn prepare(path: &Path, options: &Options) -> Result<()> {
    let release = options.release();
    files::prepare(path, options.create)?;
    let start = options.env.monotonic();
    loop {
        match tables(path, release).await {
            Ok(()) => return Ok(()),
            // Switching a new file to its log mode needs it alone, and SQLite does not wait for that.
            Err(failure) if failure.class == Class::Again => {
                if options.env.monotonic().saturating_sub(start) > PATIENCE {
                    return Err(failure.error);
                }
                let jitter = u64::try_from(options.env.random() % 20).unwrap_or(0);
                options.env.sleep(Duration::from_millis(5 + jitter)).await;
            }
            Err(failure) => return Err(failure.error),
        }
    }
}

async fn tables(path: &Path, release: Release) -> Result<(), Failure> {
    let new = std::fs::metadata(path).is_ok_and(|file| file.len() == 0);
    let pool = if new { sqlite::maker(path) } else { sqlite::upgrader(path) };
    let mut connection = Connection::new(Link::Sqlite(pool.acquire().await?), Sent::default());
    let outcome = match schema::look(&mut connection, release).await {
        Ok(Found::Ready) => Ok(()),
        Ok(Found::Empty) => schema::apply(&mut connection, release).await,
        Ok(Found::Older) => {
            match copy(&mut connection, path, &format!("before-{}", release.schema())).await {
                Ok(()) => schema::apply(&mut connection, release).await,
                Err(failure) => Err(failure),
            }
        }
        Err(failure) => Err(failure),
    };
    drop(connection);
    pool.close().await;
    outcome
}

/// Removes what no program needs any more, after a copy was made.
pub(crate) async fn narrow(path: &Path, release: Release) -> Result<(), Failure> {
    let pool = sqlite::upgrader(path);
    let mut connection = Connection::new(Link::Sqlite(pool.acquire().await?), Sent::default());
    let outcome = match copy(&mut connection, path, &format!("before-finish-{}", release.schema())).await {
        Ok(()) => schema::narrow(&mut connection, release).await,
        Err(failure) => Err(failure),
    };
    drop(connection);
    pool.close().await;
    outcome
}

/// A whole copy beside the database; one that an interrupted upgrade left is kept.
async fn copy(connection: &mut Connection, path: &Path, why: &str) -> Result<(), Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{why}"));
    let to = PathBuf::from(name);
    match files::make(&to) {
        Ok(()) => vacuum_into(connection, &to).await,
        Err(error) if error == rustix::io::Errno::EXIST => Ok(()),
        Err(error) => Err(files::failed(
            "the copy that is made before an upgrade could not be created",
            &to,
            &error.into(),
        )
        .into()),
    }
}

/// Writes a copy of the database into an empty file that is there.
pub(crate) async fn vacuum_into(connection: &mut Connection, to: &Path) -> Result<(), Failure> {
    let path = to.to_string_lossy().into_owned();
    connection.fetch("VACUUM INTO ?", vec![path.into()]).await.map(drop)
}
