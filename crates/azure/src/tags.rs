//! Tags of versions: how they are written and read.

use std::collections::HashMap;
use strongroom_core::{Labels, SecretId, VersionUid};
use uuid::Uuid;

/// Tags of a secret that the user may choose.
pub(crate) const OWN_TAGS: usize = 5;
/// The most characters of a tag's name or value.
pub(crate) const LENGTH: usize = 256;

/// The attempt that wrote a version.
const UID: &str = "strongroom-uid";
const SECRET: &str = "strongroom-secret";
const PART: &str = "strongroom-part-";
/// A version has at most 15 tags.
const MOST_PARTS: usize = 15 - OWN_TAGS - 2;

pub(crate) type Tags = HashMap<String, String>;

/// The tags of a new version.
pub(crate) fn new(labels: &Labels, uid: VersionUid, own: &Tags) -> Tags {
    let mut tags = own.clone();
    tags.insert(UID.to_owned(), uid.to_string());
    label(&mut tags, labels);
    tags
}

/// The tags that a version should have instead of these, whoever else gave it some; `None` if it has them.
pub(crate) fn changed(tags: &Tags, labels: &Labels) -> Option<Tags> {
    let mut changed = tags.clone();
    changed.retain(|name, _| !name.starts_with(PART));
    label(&mut changed, labels);
    (changed != *tags).then_some(changed)
}

fn label(tags: &mut Tags, labels: &Labels) {
    tags.insert(SECRET.to_owned(), labels.secret.to_string());
    // Records are shorter. One that were not would be cut, and no MAC fit it.
    for (n, part) in labels.record.as_bytes().chunks(LENGTH).take(MOST_PARTS).enumerate() {
        tags.insert(format!("{PART}{n}"), String::from_utf8_lossy(part).into_owned());
    }
}

/// The attempt that wrote a version with these tags.
pub(crate) fn uid(tags: &Tags) -> Option<VersionUid> {
    Some(VersionUid(Uuid::try_parse(tags.get(UID)?).ok()?))
}

/// Our labels in these tags.
pub(crate) fn labels(tags: &Tags) -> Option<Labels> {
    let secret = SecretId(Uuid::try_parse(tags.get(SECRET)?).ok()?);
    let parts = (0..MOST_PARTS).map_while(|n| tags.get(&format!("{PART}{n}")));
    Some(Labels::new(secret, parts.map(String::as_str).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_back_and_other_tags_stay() {
        let secret = SecretId(Uuid::from_u128(1));
        let own: Tags = [("team".to_owned(), "data".to_owned())].into();
        let long = Labels::new(secret, "Az09-_".repeat(317));
        let tags = new(&long, VersionUid(Uuid::from_u128(2)), &own);
        assert!(tags.len() <= 15 && tags.values().all(|value| value.len() <= LENGTH), "{tags:?}");
        assert_eq!(labels(&tags), Some(long.clone()));
        assert_eq!(changed(&tags, &long), None);

        let short = Labels::new(secret, "");
        let changed = changed(&tags, &short).unwrap();
        assert_eq!(labels(&changed), Some(short));
        assert_eq!(uid(&changed), Some(VersionUid(Uuid::from_u128(2))));
        assert_eq!(changed.get("team").map(String::as_str), Some("data"));
    }
}
