//! Looking through what is there.

use crate::{backend::AwsBackend, labels::Shown};
use strongroom_core::{Found, ObjectId, Result, ScanPage, VersionRef, VersionUid};
use uuid::Uuid;

impl AwsBackend {
    /// One object: the secret itself is asked, since lists lag behind.
    pub(crate) async fn scan_one(&self, object: ObjectId) -> Result<ScanPage> {
        let shown = self.look(&self.name(object)).await?;
        Ok(ScanPage::new(shown.map(|shown| describe(object, &shown)).unwrap_or_default(), None))
    }

    /// A page of the namespace.
    pub(crate) async fn scan_all(&self, from: Option<&str>) -> Result<ScanPage> {
        let (listed, next) = self.client.list(&self.prefix, from).await?;
        let mut found = Vec::new();
        for one in listed {
            // The filter of the service is about beginnings; what else is there is somebody else's.
            if let Some(object) = one.name.strip_prefix(&self.prefix).and_then(object) {
                found.extend(describe(object, &one.shown));
            }
        }
        Ok(ScanPage::new(found, next))
    }
}

/// The object of a name as we write it.
fn object(name: &str) -> Option<ObjectId> {
    let object = ObjectId(Uuid::try_parse(name).ok()?);
    (object.to_string() == name).then_some(object)
}

fn describe(object: ObjectId, shown: &Shown) -> Vec<Found> {
    let labels = shown.labels();
    let labelled = |found: Found| match &labels {
        Some(labels) => found.labels(labels.clone()),
        None => found,
    };
    let versions = shown.versions();
    if versions.is_empty() {
        return vec![labelled(Found::new(object, None))];
    }
    let found = versions.into_iter().map(|(id, current)| {
        let found = labelled(Found::new(object, Some(VersionRef::new(id)))).newest(current);
        // The service's ids are the tokens of whoever wrote them: another one's is no attempt of ours.
        match Uuid::try_parse(id) {
            Ok(uid) => found.uid(VersionUid(uid)),
            Err(_) => found,
        }
    });
    found.collect()
}
