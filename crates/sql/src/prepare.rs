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
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};
use strongroom_core::{Error, Result};
use strongroom_files::{Draft, Unpublished};

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
            Err(failure) => return Err(failure.at(path).error),
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
    let why = format!("before-finish-{}", release.schema());
    let outcome = match copy(&mut connection, path, &why).await {
        Ok(()) => schema::narrow(&mut connection, release).await,
        Err(failure) => Err(failure),
    };
    drop(connection);
    pool.close().await;
    outcome
}

/// A whole copy beside the database, written before it gets its name, so that no part of one has it.
async fn copy(connection: &mut Connection, path: &Path, why: &str) -> Result<(), Failure> {
    let wanted = behind(path, &format!(".{why}"));
    let draft = Draft::beside(&wanted).map_err(|error| not_made(&wanted, &error))?;
    vacuum_into(connection, draft.path()).await?;
    publish(draft, &wanted).map_err(|error| not_made(&wanted, &error).into())
}

/// Gives a copy its name: with a number behind it if there is another file of that name, such as the copy of an earlier
/// upgrade. One that an interrupted upgrade made of the same database stands for this one.
fn publish(mut draft: Draft, wanted: &Path) -> std::io::Result<()> {
    fs::File::open(draft.path())?.sync_all()?;
    let mut to = wanted.to_owned();
    let mut number = 2;
    loop {
        draft = match draft.publish(&to, false) {
            Err(Unpublished { error, draft: Some(draft) }) if error.kind() == ErrorKind::AlreadyExists => {
                draft
            }
            published => return Ok(published?),
        };
        if is_same(draft.path(), &to).unwrap_or(false) {
            return Ok(());
        }
        to = behind(wanted, &format!("-{number}"));
        number += 1;
    }
}

fn is_same(one: &Path, other: &Path) -> std::io::Result<bool> {
    let meta = fs::symlink_metadata(other)?;
    if !meta.is_file() || meta.len() != fs::metadata(one)?.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (BufReader::new(fs::File::open(one)?), BufReader::new(fs::File::open(other)?));
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let both = left.len().min(right.len());
        if left[..both] != right[..both] {
            return Ok(false);
        }
        if both == 0 {
            return Ok(left.len() == right.len());
        }
        one.consume(both);
        other.consume(both);
    }
}

pub(crate) fn behind(path: &Path, more: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(more);
    name.into()
}

fn not_made(path: &Path, error: &std::io::Error) -> Error {
    files::failed("the copy that is made before an upgrade could not be created", path, error)
}

/// Writes a copy of the database into an empty file that is there.
pub(crate) async fn vacuum_into(connection: &mut Connection, to: &Path) -> Result<(), Failure> {
    // SQLite would make another file beside.
    let path = to.to_str().ok_or_else(|| {
        Error::new(
            strongroom_core::ErrorKind::InvalidInput,
            "SQLite takes no path that is not UTF-8: choose another one",
        )
        .with("path", to.display())
    })?;
    connection.fetch("VACUUM INTO ?", vec![path.into()]).await.map(drop)
}
