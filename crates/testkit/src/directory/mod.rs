//! A back-end in a directory, which any number of processes may use at the same time.

mod config;
mod file;
mod object;

pub use config::{Config, PLUGIN};

use file::Stored;
use object::Objects;
use std::path::{Path, PathBuf};
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Found, Labels, Limits, NamespaceId, NewVersion, ObjectId,
    Payload, Prices, Removal, Result, Retry, ScanPage, VersionRef, async_trait,
};

/// What it can hold and do.
const LIMITS: Limits = Limits::new(256 * 1024, Removal::Destroys);

/// As if it were a service that charges 0.05 dollars for 10,000 calls.
const PRICES: Prices = Prices::each(5_000);

/// How many objects a page of a scan has.
const PAGE: usize = 50;

/// Versions as files: `PATH/NAMESPACE/OBJECT/UID`, each written aside and then linked into its place, so that it is
/// there whole or not at all.
///
/// - It survives that a process is killed, not that the machine loses power: nothing is synced.
/// - While there is a file `PATH/down`, every call is [`Unavailable`](ErrorKind::Unavailable): an outage that a
///   test begins and ends.
#[derive(Debug)]
pub struct DirectoryBackend {
    info: BackendInfo,
    switch: PathBuf,
    objects: Objects,
}

impl DirectoryBackend {
    /// A namespace under `path`, which is made when the first version is put.
    #[must_use]
    pub fn new(path: &Path, namespace: NamespaceId) -> Self {
        Self {
            info: BackendInfo::new("directory", format!("directory:{}", path.display()), LIMITS)
                .prices(PRICES),
            switch: path.join("down"),
            objects: Objects::new(path.join(namespace.to_string())),
        }
    }

    fn up(&self) -> Result<&Objects> {
        if self.switch.exists() {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "the directory is switched off: remove its file `down`",
            )
            .retryable(Retry::Backoff));
        }
        Ok(&self.objects)
    }

    /// The version, if it is there.
    fn read(&self, object: ObjectId, at: &VersionRef) -> Result<Option<Stored>> {
        let Some(uid) = file::uid(at.as_str()) else { return Ok(None) };
        self.up()?.version(object, uid)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for DirectoryBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        self.up()?.put(version)?;
        Ok(VersionRef::new(version.uid.to_string()))
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        self.read(object, at)?.map(|stored| stored.payload).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "there is no such version")
                .with("object", object)
                .with("version", at)
        })
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        let mut answers = Vec::with_capacity(wanted.len());
        for (object, at) in wanted {
            answers.push(self.get(*object, at).await);
        }
        answers
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        self.up()?.relabel(object, labels)
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        let objects = self.up()?;
        file::uid(at.as_str()).map_or(Ok(()), |uid| objects.remove(object, uid))
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        self.up()?.delete(object)
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        let objects = self.up()?;
        let mut ids: Vec<ObjectId> = match only {
            Some(id) => vec![id],
            None => objects.ids()?,
        };
        // The marker names the last object shown, so that what is deleted meanwhile shifts nothing.
        ids.retain(|id| from.is_none_or(|from| id.to_string().as_str() > from));
        let next = ids.get(PAGE - 1).filter(|_| ids.len() > PAGE).map(ToString::to_string);
        ids.truncate(PAGE);
        let (mut found, mut damaged) = (Vec::new(), Vec::new());
        for id in ids {
            match describe(objects, id) {
                // All others are to be seen nevertheless.
                Err(error) if only.is_none() && error.kind() == ErrorKind::Corrupt => damaged.push(id),
                described => found.extend(described?),
            }
        }
        Ok(ScanPage::new(found, next).damaged(damaged))
    }

    async fn check(&self) -> Result<()> {
        self.up().map(|_| ())
    }
}

/// What a scan shows of one object; nothing if it is not there.
fn describe(objects: &Objects, id: ObjectId) -> Result<Vec<Found>> {
    let Some((labels, versions)) = objects.describe(id)? else { return Ok(Vec::new()) };
    let newest = versions.iter().filter(|v| v.newest).max_by_key(|v| (v.sequence, v.uid)).map(|v| v.uid);
    let labelled = |found: Found| labels.iter().fold(found, |found, labels| found.labels(labels.clone()));
    if versions.is_empty() {
        return Ok(vec![labelled(Found::new(id, None))]);
    }
    let found = versions.iter().map(|version| {
        let found = Found::new(id, Some(VersionRef::new(version.uid.to_string())));
        labelled(found.uid(version.uid).newest(newest == Some(version.uid)))
    });
    Ok(found.collect())
}
