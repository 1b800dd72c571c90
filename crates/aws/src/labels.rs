//! Staging labels of versions and tags of secrets: how they are written and read.

use aws_sdk_secretsmanager::types::Tag;
use std::collections::HashMap;
use strongroom_core::{Labels, NamespaceId, SecretId, VersionUid};
use uuid::Uuid;

/// The service's label of the version that everybody sees.
pub(crate) const CURRENT: &str = "AWSCURRENT";
/// The service's label of the version before; it moves by itself and keeps nothing of ours.
pub(crate) const PREVIOUS: &str = "AWSPREVIOUS";
/// Our label of a version that is there only because [`CURRENT`] must be somewhere.
pub(crate) const EMPTY: &str = "sr-empty";

/// Tags of a secret that the user may choose.
pub(crate) const OWN_TAGS: usize = 25;

const NAMESPACE: &str = "strongroom-namespace";
const SECRET: &str = "strongroom-secret";
/// The version that a secret was created with, as long as it has no label of ours: creating takes no labels.
const UNLABELLED: &str = "strongroom-unlabelled";
/// How many parts the record has.
const PARTS: &str = "strongroom-parts";
const PART: &str = "strongroom-part-";
/// The most characters of a tag's value.
const PART_LENGTH: usize = 256;
/// A secret has at most 50 tags.
const MOST_PARTS: usize = 50 - OWN_TAGS - 4;
const NONE: &str = "none";
/// It was removed before it got one, and must get none any more.
const REMOVED: &str = "removed";

/// Our label of a version: with it, the service keeps the version.
pub(crate) fn label(uid: VersionUid) -> String {
    format!("sr-{uid}")
}

/// A secret as the service shows it, without its values.
#[derive(Default)]
pub(crate) struct Shown {
    /// The staging labels of each version that has any.
    pub(crate) stages: HashMap<String, Vec<String>>,
    pub(crate) tags: HashMap<String, String>,
}

impl Shown {
    pub(crate) fn new(stages: Option<HashMap<String, Vec<String>>>, tags: Option<Vec<Tag>>) -> Self {
        let tags = tags.unwrap_or_default().into_iter();
        Self {
            stages: stages.unwrap_or_default(),
            tags: tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect(),
        }
    }

    /// The version that still waits for our label.
    pub(crate) fn unlabelled(&self) -> Option<VersionUid> {
        Some(VersionUid(Uuid::try_parse(self.tags.get(UNLABELLED)?).ok()?))
    }

    /// Whether the version that waited for our label was removed instead.
    pub(crate) fn is_first_removed(&self) -> bool {
        self.tags.get(UNLABELLED).is_some_and(|tag| tag == REMOVED)
    }

    /// Whether a version has this label.
    pub(crate) fn has(&self, id: &str, stage: &str) -> bool {
        self.stages.get(id).is_some_and(|stages| stages.iter().any(|one| one == stage))
    }

    /// The versions that are there, and whether each is the current one.
    pub(crate) fn versions(&self) -> Vec<(&str, bool)> {
        let kept = self.stages.iter().filter(|(_, stages)| is_kept(stages));
        let mut kept: Vec<_> =
            kept.map(|(id, stages)| (id.as_str(), stages.iter().any(|one| one == CURRENT))).collect();
        let waiting = self.tags.get(UNLABELLED).filter(|_| self.unlabelled().is_some());
        if let Some(waiting) = waiting.filter(|id| kept.iter().all(|(one, _)| one != id)) {
            kept.push((waiting, false));
        }
        kept.sort_unstable();
        kept
    }

    /// Our labels, if they are whole.
    pub(crate) fn labels(&self) -> Option<Labels> {
        let secret = SecretId(Uuid::try_parse(self.tags.get(SECRET)?).ok()?);
        let parts: usize = self.tags.get(PARTS)?.parse().ok()?;
        let mut record = String::new();
        for part in 0..parts.min(MOST_PARTS) {
            record.push_str(self.tags.get(&format!("{PART}{part}"))?);
        }
        Some(Labels::new(secret, record))
    }
}

/// Whether one of these labels keeps a version. Somebody else's do, too.
pub(crate) fn is_kept(stages: &[String]) -> bool {
    stages.iter().any(|stage| stage != PREVIOUS) && stages.iter().all(|stage| stage != EMPTY)
}

/// The tags of a new secret.
pub(crate) fn first_tags(namespace: NamespaceId, labels: &Labels, uid: VersionUid, own: &[Tag]) -> Vec<Tag> {
    let mut tags = own.to_vec();
    tags.push(tag(NAMESPACE, &namespace.to_string()));
    tags.push(tag(UNLABELLED, &uid.to_string()));
    tags.extend(record_tags(labels, 0));
    tags
}

/// The tags that bring labels up to date, in one call: what they do not need any more is emptied. Nothing if they
/// are up to date already.
pub(crate) fn changed_tags(shown: &Shown, labels: &Labels) -> Vec<Tag> {
    let had = (0..MOST_PARTS).take_while(|part| shown.tags.contains_key(&format!("{PART}{part}"))).count();
    let tags = record_tags(labels, had);
    let is_old = |tag: &Tag| tag.key.as_ref().and_then(|key| shown.tags.get(key)) != tag.value.as_ref();
    if tags.iter().any(is_old) { tags } else { Vec::new() }
}

/// The tag that says that the version that a secret was created with has its label now.
pub(crate) fn labelled_tag() -> Tag {
    tag(UNLABELLED, NONE)
}

/// The tag that says that this version was removed instead.
pub(crate) fn first_removed_tag() -> Tag {
    tag(UNLABELLED, REMOVED)
}

fn record_tags(labels: &Labels, had: usize) -> Vec<Tag> {
    // Records are far shorter. One that were not would be cut, and no MAC fit it.
    let parts: Vec<&[u8]> = labels.record.as_bytes().chunks(PART_LENGTH).take(MOST_PARTS).collect();
    let mut tags = vec![tag(SECRET, &labels.secret.to_string()), tag(PARTS, &parts.len().to_string())];
    for (n, part) in parts.iter().enumerate() {
        tags.push(tag(&format!("{PART}{n}"), &String::from_utf8_lossy(part)));
    }
    tags.extend((parts.len()..had).map(|n| tag(&format!("{PART}{n}"), "")));
    tags
}

/// A tag.
pub(crate) fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}
