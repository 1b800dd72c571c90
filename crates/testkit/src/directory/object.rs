//! Objects as directories.

use super::file::{Stored, failed, head, parse, uid, write_new};
use std::{
    fs::{self, DirBuilder},
    io::{self, ErrorKind as Io},
    path::{Path, PathBuf},
};
use strongroom_core::{Error, ErrorKind, Labels, NewVersion, ObjectId, Result, SecretId, VersionUid};
use uuid::Uuid;

/// How often a put and a deletion of one object, at the same time, make way for each other.
const TRIES: usize = 64;

/// The file with the labels.
const LABELS: &str = "labels";

/// The objects of one namespace.
#[derive(Debug)]
pub(super) struct Objects(PathBuf);

impl Objects {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The ids of all objects, sorted.
    pub(super) fn ids(&self) -> Result<Vec<ObjectId>> {
        let mut ids: Vec<ObjectId> = names(&self.0)
            .map_err(failed("the directory cannot be read"))?
            .unwrap_or_default()
            .iter()
            .filter_map(|name| Some(ObjectId(uid(name)?.0)))
            .collect();
        ids.sort_unstable_by_key(ToString::to_string);
        Ok(ids)
    }

    /// Writes a version, unless it is there already.
    pub(super) fn put(&self, version: &NewVersion<'_>) -> Result<()> {
        let directory = self.directory(version.object);
        let mut outcome = Ok(());
        for _ in 0..TRIES {
            outcome = write(&directory, version);
            // The object was deleted under our hands: an object is made again by a put that comes late.
            // (What is there for `mkdir` and gone when `create` looks what it is, is "already exists".)
            if !matches!(&outcome, Err(error) if matches!(error.kind(), Io::NotFound | Io::AlreadyExists)) {
                break;
            }
        }
        outcome.map_err(failed("the version cannot be written"))
    }

    /// Reads one version.
    pub(super) fn version(&self, object: ObjectId, uid: VersionUid) -> Result<Option<Stored>> {
        read(&self.directory(object), uid)
    }

    /// The labels and the versions of an object; `None` if it is not there.
    pub(super) fn describe(&self, object: ObjectId) -> Result<Option<(Option<Labels>, Vec<Stored>)>> {
        let directory = self.directory(object);
        let Some(names) = names(&directory).map_err(failed("an object cannot be read"))? else {
            return Ok(None);
        };
        let mut versions = Vec::new();
        for uid in names.iter().filter_map(|name| uid(name)) {
            // What is removed while we read is not there.
            versions.extend(read(&directory, uid)?);
        }
        Ok(Some((labels(&directory)?, versions)))
    }

    /// Replaces the labels of an object that is there.
    pub(super) fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        absent_is_fine(relabel(&self.directory(object), labels))
            .map_err(failed("the labels cannot be written"))
    }

    /// Removes one version.
    pub(super) fn remove(&self, object: ObjectId, uid: VersionUid) -> Result<()> {
        let path = self.directory(object).join(uid.to_string());
        absent_is_fine(fs::remove_file(path)).map_err(failed("the version cannot be removed"))
    }

    /// Removes an object: out of sight at once, then bit by bit.
    pub(super) fn delete(&self, object: ObjectId) -> Result<()> {
        let aside = self.0.join(format!(".deleted-{}", Uuid::new_v4()));
        let mut removed = fs::rename(self.directory(object), &aside);
        if removed.is_err() {
            return absent_is_fine(removed).map_err(failed("the object cannot be deleted"));
        }
        for _ in 0..TRIES {
            removed = fs::remove_dir_all(&aside);
            // A put that had found its way in before may still write: what it writes is deleted, too.
            if !matches!(&removed, Err(error) if error.kind() == Io::DirectoryNotEmpty) {
                break;
            }
        }
        absent_is_fine(removed).map_err(failed("the object cannot be deleted"))
    }

    fn directory(&self, object: ObjectId) -> PathBuf {
        self.0.join(object.to_string())
    }
}

fn write(directory: &Path, version: &NewVersion<'_>) -> io::Result<()> {
    make(directory)?;
    let place = directory.join(version.uid.to_string());
    if place.exists() {
        return Ok(());
    }
    relabel(directory, version.labels)?;
    let before = names(directory)?.unwrap_or_default();
    let before =
        before.iter().filter_map(|name| uid(name)).filter_map(|uid| read(directory, uid).ok().flatten());
    let sequence = before.map(|stored| stored.sequence).max().unwrap_or(0) + 1;
    let aside = directory.join(format!(".new-{}", Uuid::new_v4()));
    write_new(&aside, &[head(version, sequence).as_bytes(), version.payload.expose()])?;
    let linked = match fs::hard_link(&aside, &place) {
        // A repeat of this very put came first.
        Err(error) if error.kind() == Io::AlreadyExists => Ok(()),
        other => other,
    };
    absent_is_fine(fs::remove_file(&aside))?;
    linked
}

fn relabel(directory: &Path, labels: &Labels) -> io::Result<()> {
    let aside = directory.join(format!(".labels-{}", Uuid::new_v4()));
    write_new(&aside, &[format!("{}\n{}", labels.secret, labels.record).as_bytes()])?;
    fs::rename(&aside, directory.join(LABELS))
}

fn labels(directory: &Path) -> Result<Option<Labels>> {
    let text = match fs::read_to_string(directory.join(LABELS)) {
        Err(error) if error.kind() == Io::NotFound => return Ok(None),
        other => other.map_err(failed("the labels cannot be read"))?,
    };
    let parsed = text.split_once('\n').and_then(|(secret, record)| {
        let secret: Uuid = secret.parse().ok()?;
        Some(Labels::new(SecretId(secret), record))
    });
    parsed.map(Some).ok_or_else(|| Error::new(ErrorKind::Corrupt, "the labels of an object are damaged"))
}

fn read(directory: &Path, uid: VersionUid) -> Result<Option<Stored>> {
    match fs::read(directory.join(uid.to_string())) {
        Err(error) if error.kind() == Io::NotFound => Ok(None),
        Err(error) => Err(failed("the version cannot be read")(error)),
        Ok(bytes) => parse(uid, bytes).map(Some),
    }
}

/// The names in a directory; `None` if it is not there.
fn names(directory: &Path) -> io::Result<Option<Vec<String>>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == Io::NotFound => return Ok(None),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in entries {
        // Whatever is not text is not ours.
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(Some(names))
}

fn make(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

fn absent_is_fine(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == Io::NotFound => Ok(()),
        other => other,
    }
}
