//! `Backend` in terms of files.
//!
//! An object is a directory, a version a file in it: `00000003-UID.age`. The number orders them, for a person and for
//! us: the highest is the newest. Versions that were put as a part of the past, `00000002-UID.past.age`, never are.
//!
//! Files of a local directory are there at once, so calls do not wait for anything; a back-end over a network awaits its
//! service.

use crate::client::Client;
use std::fmt;
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Found, Labels, Limits, NewVersion, ObjectId, Payload, Removal,
    Result, Retry, ScanPage, SecretId, VersionRef, VersionUid, async_trait,
};
use uuid::Uuid;

/// A file for each version and no limit of its own: as much as any other back-end takes.
pub(crate) const LIMITS: Limits = Limits::new(256 * 1024, Removal::Destroys);

/// Objects in one page of a scan.
const PAGE: usize = 50;

/// The file with the labels of an object.
const LABELS: &str = "labels";

const WRITE: &str = "write the version";
const LOOK: &str = "look at the object";

/// One namespace of a directory.
pub struct AgeBackend {
    info: BackendInfo,
    client: Client,
}

impl fmt::Debug for AgeBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgeBackend").field("info", &self.info).finish_non_exhaustive()
    }
}

/// A version by the name of its file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    number: u32,
    uid: Uuid,
    past: bool,
}

impl Named {
    /// `None` for names that we never give.
    fn parse(file: &str) -> Option<Self> {
        let stem = file.strip_suffix(".age")?;
        let (stem, past) = stem.strip_suffix(".past").map_or((stem, false), |stem| (stem, true));
        let (number, uid) = stem.split_once('-')?;
        let named = Self { number: number.parse().ok()?, uid: uid.parse().ok()?, past };
        (named.file() == file).then_some(named)
    }

    fn file(self) -> String {
        format!("{:08}-{}{}.age", self.number, self.uid, if self.past { ".past" } else { "" })
    }
}

impl AgeBackend {
    pub(crate) fn new(endpoint: String, client: Client) -> Self {
        Self { info: BackendInfo::new("age", endpoint, LIMITS), client }
    }

    /// The versions of an object, in their order; `None` if it is not there.
    fn versions(&self, directory: &str) -> Result<Option<Vec<Named>>> {
        let files = self.client.files(directory).map_err(|failure| failure.into_error(LOOK))?;
        Ok(files.map(|files| files.iter().filter_map(|file| Named::parse(file)).collect()))
    }

    fn labels(&self, directory: &str) -> Result<Option<Labels>> {
        let text = self.client.read(directory, LABELS).map_err(|failure| failure.into_error(LOOK))?;
        let Some(text) = text else { return Ok(None) };
        let parse = || {
            let (secret, record) = text.split_once('\n')?;
            Some(Labels::new(SecretId(secret.strip_prefix("secret ")?.parse().ok()?), rejoin(record)?))
        };
        parse().map(Some).ok_or_else(|| Error::new(ErrorKind::Corrupt, "the labels of an object are damaged"))
    }

    /// What a scan shows of one object.
    fn describe(&self, object: ObjectId) -> Result<Vec<Found>> {
        let directory = object.to_string();
        let versions = self.versions(&directory).map_err(|error| match error.kind() {
            // The directory itself was read: a file is where an object's should be.
            ErrorKind::ConfigInvalid => Error::new(ErrorKind::Corrupt, "a file is in the place of an object"),
            _ => error,
        })?;
        let Some(versions) = versions else { return Ok(Vec::new()) };
        let labels = self.labels(&directory)?;
        let labelled = |found: Found| labels.iter().fold(found, |found, labels| found.labels(labels.clone()));
        if versions.is_empty() {
            return Ok(vec![labelled(Found::new(object, None))]);
        }
        let newest = versions.iter().filter(|version| !version.past).max();
        let found = versions.iter().map(|version| {
            let found = Found::new(object, Some(VersionRef::new(version.file())));
            labelled(found.uid(VersionUid(version.uid)).newest(Some(version) == newest))
        });
        Ok(found.collect())
    }

    /// `None` if there is no such object any more.
    fn write_labels(&self, directory: &str, labels: &Labels) -> Result<Option<()>> {
        let text = format!("secret {}\n{}", labels.secret, split(&labels.record));
        match self.client.write(directory, LABELS, &text) {
            Err(failure) if failure.is_missing() => Ok(None),
            written => written.map(Some).map_err(|failure| failure.into_error("write the labels")),
        }
    }
}

#[async_trait]
impl Backend for AgeBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        let directory = version.object.to_string();
        self.client.make(&directory).map_err(|failure| failure.into_error(WRITE))?;
        let there = self.versions(&directory)?.unwrap_or_default();
        if let Some(repeated) = there.iter().find(|there| there.uid == version.uid.0) {
            return Ok(VersionRef::new(repeated.file()));
        }
        self.write_labels(&directory, version.labels)?;
        let number = there.iter().map(|there| there.number).max().unwrap_or(0) + 1;
        let file = Named { number, uid: version.uid.0, past: !version.newest }.file();
        let written = self.client.encrypt(&directory, &file, version.payload.expose());
        match written {
            // Somebody deleted the object meanwhile; tried again, the put makes it anew.
            Err(failure) if failure.is_missing() => {
                let text = "the directory: could not write the version: its object was deleted meanwhile";
                Err(Error::new(ErrorKind::Unavailable, text).retryable(Retry::Backoff))
            }
            written => written.map(|()| VersionRef::new(file)).map_err(|failure| failure.into_error(WRITE)),
        }
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        let missing =
            || Error::new(ErrorKind::NotFound, "the directory has no such version").with("version", at);
        let named = Named::parse(at.as_str()).ok_or_else(missing)?;
        let bytes = self.client.decrypt(&object.to_string(), &named.file());
        let bytes = bytes.map_err(|failure| failure.into_error("read the version").with("version", at))?;
        bytes.map(Payload::new).ok_or_else(missing)
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        self.write_labels(&object.to_string(), labels).map(|_| ())
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        let Some(named) = Named::parse(at.as_str()) else { return Ok(()) };
        let removed = self.client.remove(&object.to_string(), &named.file());
        removed.map_err(|failure| failure.into_error("remove the version"))
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        let removed = self.client.remove_all(&object.to_string());
        removed.map_err(|failure| failure.into_error("delete the object"))
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        let mut objects = match only {
            Some(object) => vec![object.to_string()],
            None => self.client.directories().map_err(|failure| failure.into_error("list the objects"))?,
        };
        // A page begins behind the last object of the one before, whether or not that is still there.
        objects.retain(|name| from.is_none_or(|from| name.as_str() > from));
        let next = objects.get(PAGE - 1).filter(|_| objects.len() > PAGE).cloned();
        let (mut found, mut damaged) = (Vec::new(), Vec::new());
        for name in objects.iter().take(PAGE) {
            // What is not called as we call objects is not ours.
            let Some(id) = name.parse::<Uuid>().ok().filter(|id| id.to_string() == *name) else { continue };
            match self.describe(ObjectId(id)) {
                // All others are to be seen nevertheless.
                Err(error) if only.is_none() && error.kind() == ErrorKind::Corrupt => {
                    damaged.push(ObjectId(id))
                }
                described => found.extend(described?),
            }
        }
        Ok(ScanPage::new(found, next).damaged(damaged))
    }

    async fn check(&self) -> Result<()> {
        self.client.check().map_err(|failure| failure.into_error("read it"))
    }
}

/// A record in lines of a length that can be read in a diff.
fn split(record: &str) -> String {
    record.as_bytes().chunks(76).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
}

/// `None` if the last line is cut off.
fn rejoin(lines: &str) -> Option<String> {
    (lines.is_empty() || lines.ends_with('\n')).then(|| lines.lines().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_what_it_is() {
        let uid = Uuid::from_u128(7);
        for past in [false, true] {
            let named = Named { number: 3, uid, past };
            assert!(Named::parse(&named.file()).is_some_and(|parsed| parsed == named));
        }
        for other in ["labels", "3-x.age", "3.age", "", "00000003-00000000-0000-0000-0000-000000000007"] {
            assert!(Named::parse(other).is_none(), "{other}");
        }
        let short = format!("3-{uid}.age");
        assert!(Named::parse(&short).is_none(), "a file has one name");
    }
}
