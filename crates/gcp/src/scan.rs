//! Looking through what is there.

use crate::{
    backend::{GcpBackend, is_there, reference},
    client::last,
    error::Why,
    labels,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use google_cloud_secretmanager_v1::model::SecretVersion;
use strongroom_core::{Found, Labels, ObjectId, Result, ScanPage, Timestamp};
use uuid::Uuid;

/// Secrets in one page: for each its versions are listed, and 600 of such calls a minute are allowed.
const PAGE: i32 = 25;

/// How many of them are looked at together.
const TOGETHER: usize = 5;

impl GcpBackend {
    /// The versions of one object.
    pub(crate) async fn scan_one(&self, object: ObjectId, labels: Option<Labels>) -> Result<Vec<Found>> {
        let name = self.name(object);
        let (mut versions, mut from) = (Vec::new(), None::<String>);
        loop {
            let (page, next) = match self.client.versions(&name, from.as_deref()).await {
                Ok(page) => page,
                Err(failure) if failure.why == Why::Missing => return Ok(Vec::new()),
                Err(failure) => return Err(failure.into()),
            };
            versions.extend(page);
            match next {
                Some(next) if from.as_ref() != Some(&next) => from = Some(next),
                _ => return Ok(describe(object, &versions, labels.as_ref())),
            }
        }
    }

    /// A page of the namespace.
    pub(crate) async fn scan_all(&self, from: Option<&str>) -> Result<ScanPage> {
        let text = self.prefix.trim_end_matches('-');
        let (secrets, next) = self.client.list(text, PAGE, from).await?;
        // The filter of the service finds the text anywhere in a name; what else is there is somebody else's.
        let ours = secrets.into_iter().filter_map(|secret| {
            let object = object(last(&secret.name).strip_prefix(&self.prefix)?)?;
            Some((object, labels::shown(&secret)))
        });
        let found: Vec<Vec<Found>> = stream::iter(ours.collect::<Vec<_>>())
            .map(|(object, labels)| self.scan_one(object, labels))
            .buffered(TOGETHER)
            .try_collect()
            .await?;
        Ok(ScanPage::new(found.into_iter().flatten().collect(), next))
    }
}

/// The object of a name as we write it.
fn object(name: &str) -> Option<ObjectId> {
    let object = ObjectId(Uuid::try_parse(name).ok()?);
    (object.to_string() == name).then_some(object)
}

/// The versions that are there, or the secret alone.
fn describe(object: ObjectId, versions: &[SecretVersion], labels: Option<&Labels>) -> Vec<Found> {
    let labelled = |found: Found| match labels {
        Some(labels) => found.labels(labels.clone()),
        None => found,
    };
    let number = |version: &SecretVersion| last(&version.name).parse::<u64>().ok();
    // What people see as the latest is the highest number, also if that one is destroyed.
    let newest = versions.iter().filter_map(number).max();
    let mut found: Vec<(u64, Found)> = Vec::new();
    for version in versions.iter().filter(|version| is_there(version)) {
        let (Some(number), Some(at)) = (number(version), reference(version)) else { continue };
        let mut one = Found::new(object, Some(at)).newest(Some(number) == newest);
        if let Some(created) = version.create_time {
            one = one.stored(Timestamp(created.seconds() * 1_000_000 + i64::from(created.nanos() / 1000)));
        }
        found.push((number, labelled(one)));
    }
    if found.is_empty() {
        return vec![labelled(Found::new(object, None))];
    }
    found.sort_unstable_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, found)| found).collect()
}
