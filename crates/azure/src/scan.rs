//! Looking through what is there.

use crate::{backend::AzureBackend, client::Shown, error::Why, tags};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use strongroom_core::{Found, ObjectId, Result, ScanPage, Timestamp, VersionRef};
use uuid::Uuid;

/// How many secrets of a page are looked at together.
const TOGETHER: usize = 8;

impl AzureBackend {
    /// The versions of one object that are there.
    pub(crate) async fn scan_one(&self, object: ObjectId) -> Result<Vec<Found>> {
        let name = self.name(object);
        let versions = match self.client.versions(&name).await {
            Ok(versions) => versions,
            Err(failure) if failure.why == Why::Missing => return Ok(Vec::new()),
            Err(failure) => return Err(failure.into()),
        };
        if versions.is_empty() {
            return Ok(Vec::new());
        }
        let newest = self.newest(&name, &versions).await?;
        Ok(describe(object, &versions, newest.as_deref()))
    }

    /// A page of the namespace. The service filters nothing: what is not ours is passed over.
    pub(crate) async fn scan_all(&self, from: Option<&str>) -> Result<ScanPage> {
        let (names, next) = self.client.list(from).await?;
        let objects: Vec<_> =
            names.iter().filter_map(|name| behind(&self.prefix, name)).filter_map(object).collect();
        let found: Vec<Vec<Found>> = stream::iter(objects)
            .map(|object| self.scan_one(object))
            .buffered(TOGETHER)
            .try_collect()
            .await?;
        Ok(ScanPage::new(found.into_iter().flatten().collect(), next))
    }

    /// The version that the service sees as the newest, enabled or not. Its clock tells seconds: for what was put in
    /// the same one, it has to be asked.
    async fn newest(&self, name: &str, versions: &[Shown]) -> Result<Option<String>> {
        let last = latest(versions.iter());
        if let [one] = last.as_slice() {
            return Ok(Some(one.version.clone()));
        }
        match self.client.get(name, None).await {
            Ok(value) => Ok(Some(value.version)),
            Err(failure) if matches!(failure.why, Why::Missing | Why::Disabled) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// The versions that carry the labels of their object: the last of those that are there.
pub(crate) fn labelled(versions: &[Shown]) -> Vec<&Shown> {
    latest(versions.iter().filter(|version| version.enabled))
}

/// Those that were made in the last second in which one was.
fn latest<'a>(versions: impl Iterator<Item = &'a Shown> + Clone) -> Vec<&'a Shown> {
    let last = versions.clone().map(|version| version.created).max();
    versions.filter(|version| Some(version.created) == last).collect()
}

/// What stands behind the prefix. The service shows a name as whoever made it wrote it, and does not tell upper from lower
/// case.
fn behind<'a>(prefix: &str, name: &'a str) -> Option<&'a str> {
    let (front, rest) = name.split_at_checked(prefix.len())?;
    front.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The object of a name as we write it.
fn object(name: &str) -> Option<ObjectId> {
    let object = ObjectId(Uuid::try_parse(name).ok()?);
    (object.to_string() == name).then_some(object)
}

fn describe(object: ObjectId, versions: &[Shown], newest: Option<&str>) -> Vec<Found> {
    let mut carrying = labelled(versions);
    // Of those of one second, a change of labels gives them to the newest, unless that is disabled.
    carrying.sort_by_key(|version| newest != Some(version.version.as_str()));
    let labels = carrying.into_iter().find_map(|version| tags::labels(&version.tags));
    let labelled = |found: Found| match &labels {
        Some(labels) => found.labels(labels.clone()),
        None => found,
    };
    let there = versions.iter().filter(|version| version.enabled);
    let found: Vec<Found> = there
        .map(|version| {
            let found = labelled(Found::new(object, Some(VersionRef::new(version.version.clone()))))
                .newest(newest == Some(&version.version))
                .stored(Timestamp(version.created.saturating_mul(1_000_000)));
            match tags::uid(&version.tags) {
                Some(uid) => found.uid(uid),
                None => found,
            }
        })
        .collect();
    if found.is_empty() { vec![Found::new(object, None)] } else { found }
}
