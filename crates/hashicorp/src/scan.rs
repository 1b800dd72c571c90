//! What is there.

use crate::backend::{HashicorpBackend, RECORD, SECRET, created_at, is_there, name};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::HashMap;
use strongroom_core::{Found, Labels, ObjectId, Result, ScanPage, SecretId, Timestamp};
use uuid::Uuid;
use vaultrs::api::kv2::responses::ReadSecretMetadataResponse;

/// Keys in one page.
const PAGE: usize = 50;

/// How many of them are looked at together.
const TOGETHER: usize = 8;

impl HashicorpBackend {
    /// The versions of one object; nothing if it is not there.
    pub(crate) async fn scan_object(&self, object: ObjectId) -> Result<Vec<Found>> {
        match self.kv.describe(&self.key(object)).await {
            Ok(key) => found(object, &key),
            Err(trouble) if trouble.is_missing() => Ok(Vec::new()),
            Err(trouble) => Err(trouble.into_error("describe the object")),
        }
    }

    /// A page of everything: a page begins behind the last key of the one before, so that nothing is skipped if that
    /// one goes.
    pub(crate) async fn scan_all(&self, from: Option<&str>) -> Result<ScanPage> {
        let after = from.unwrap_or_default();
        let mut keys = match self.kv.list(&self.folder, after, PAGE).await {
            Ok(keys) => keys,
            Err(trouble) if trouble.is_missing() => Vec::new(),
            Err(trouble) => return Err(trouble.into_error("list the objects")),
        };
        keys.retain(|key| key.as_str() > after);
        keys.sort_unstable();
        let next = keys.get(PAGE - 1).cloned();
        keys.truncate(PAGE);
        let objects: Vec<_> = keys.iter().filter_map(|key| object(key)).collect();
        let found: Vec<Vec<Found>> = stream::iter(objects)
            .map(|object| self.scan_object(object))
            .buffered(TOGETHER)
            .try_collect()
            .await?;
        Ok(ScanPage::new(found.into_iter().flatten().collect(), next))
    }
}

/// The object of a key as we write it: what has another name is not ours.
fn object(key: &str) -> Option<ObjectId> {
    let object = ObjectId(Uuid::try_parse(key).ok()?);
    (object.to_string() == key).then_some(object)
}

/// The versions of a key that can be read, or the key alone.
fn found(object: ObjectId, key: &ReadSecretMetadataResponse) -> Result<Vec<Found>> {
    let labels = key.custom_metadata.as_ref().and_then(labels);
    let labelled = |found: Found| match &labels {
        Some(labels) => found.labels(labels.clone()),
        None => found,
    };
    let mut versions = Vec::new();
    for (number, version) in &key.versions {
        let Some(number) = number.parse::<u64>().ok().filter(|_| is_there(version)) else { continue };
        let created = created_at(&version.created_time)?;
        let stored = i64::try_from(created.unix_timestamp_nanos() / 1000).map(Timestamp);
        let mut found = Found::new(object, Some(name(number, &version.created_time)?))
            .newest(number == key.current_version);
        if let Ok(stored) = stored {
            found = found.stored(stored);
        }
        versions.push((number, labelled(found)));
    }
    versions.sort_unstable_by_key(|(number, _)| *number);
    if versions.is_empty() {
        return Ok(vec![labelled(Found::new(object, None))]);
    }
    Ok(versions.into_iter().map(|(_, found)| found).collect())
}

/// The labels that we gave a key.
fn labels(labels: &HashMap<String, String>) -> Option<Labels> {
    let secret = Uuid::try_parse(labels.get(SECRET)?).ok()?;
    let mut parts: Vec<_> = labels.iter().filter(|(name, _)| name.starts_with(RECORD)).collect();
    parts.sort_unstable();
    let record: String = parts.into_iter().map(|(_, part)| part.as_str()).collect();
    Some(Labels::new(SecretId(secret), record))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_another_way_is_not_ours() {
        let ours = "0a1b2c3d-0000-4000-8000-0123456789ab";
        assert_eq!(object(ours).map(|object| object.to_string()).as_deref(), Some(ours));
        for other in ["db", "a/", &ours.to_uppercase(), &ours.replace('-', ""), &format!("{{{ours}}}")] {
            assert_eq!(object(other), None, "{other}");
        }
    }
}
