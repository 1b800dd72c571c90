//! Labels and annotations of a secret: how they are written and read.
//!
//! Labels are short and lower case, and can be filtered by; annotations take any text. What the engine tells of a
//! secret is an annotation, the ids are labels.

use google_cloud_secretmanager_v1::model::Secret;
use std::collections::HashMap;
use strongroom_core::{Labels, NamespaceId, SecretId};
use unicode_general_category::{GeneralCategory, get_general_category};
use uuid::Uuid;

/// Labels of a secret that the user may choose.
pub(crate) const OWN_LABELS: usize = 50;

const NAMESPACE: &str = "strongroom-namespace";
const SECRET: &str = "strongroom-secret";
const RECORD: &str = "strongroom-record";

/// The labels of a new secret.
pub(crate) fn first_labels(
    namespace: NamespaceId,
    labels: &Labels,
    own: &[(String, String)],
) -> HashMap<String, String> {
    let mut all: HashMap<_, _> = own.iter().cloned().collect();
    all.insert(NAMESPACE.to_owned(), namespace.to_string());
    all.insert(SECRET.to_owned(), labels.secret.to_string());
    all
}

/// The annotations of a new secret.
pub(crate) fn first_annotations(labels: &Labels) -> HashMap<String, String> {
    HashMap::from([(RECORD.to_owned(), labels.record.clone())])
}

/// The secret with these labels besides what others gave it; `None` if it has them already.
pub(crate) fn changed(mut secret: Secret, labels: &Labels) -> Option<Secret> {
    if shown(&secret).as_ref() == Some(labels) {
        return None;
    }
    secret.labels.insert(SECRET.to_owned(), labels.secret.to_string());
    secret.annotations.insert(RECORD.to_owned(), labels.record.clone());
    Some(secret)
}

/// Our labels, if they are whole.
pub(crate) fn shown(secret: &Secret) -> Option<Labels> {
    let id = SecretId(Uuid::try_parse(secret.labels.get(SECRET)?).ok()?);
    Some(Labels::new(id, secret.annotations.get(RECORD)?))
}

/// Whether the service takes this as the key of a label.
pub(crate) fn is_key(text: &str) -> bool {
    text.starts_with(is_small) && is_value(text)
}

/// Whether the service takes this as the value of a label.
pub(crate) fn is_value(text: &str) -> bool {
    let fits = |c: char| is_small(c) || c.is_numeric() || c == '_' || c == '-';
    text.chars().count() <= 63 && text.len() <= 128 && text.chars().all(fits)
}

/// A small letter, or one of a script without capitals: `\p{Ll}` or `\p{Lo}`.
fn is_small(c: char) -> bool {
    matches!(get_general_category(c), GeneralCategory::LowercaseLetter | GeneralCategory::OtherLetter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_what_the_service_takes() {
        for right in ["team", "é-_9", "語", "ªⅷ"] {
            assert!(is_key(right) && is_value(right), "{right}");
        }
        // Values alone may begin with anything that may be in them, and be empty.
        for right in ["", "9", "-", "_x", "Ⅷ½٣"] {
            assert!(!is_key(right) && is_value(right), "{right}");
        }
        let long = "x".repeat(64);
        // Titlecase, modifiers, marks and signs count as letters elsewhere.
        for wrong in ["A", "xA", "ǅ", "ʰ", "का", "ⓐ", "a b", "a.b", &long, &"語".repeat(43)] {
            assert!(!is_key(wrong) && !is_value(wrong), "{wrong}");
        }
    }

    /// Whatever the secret is, and however it is called: its id is a label, and its name stays out of them.
    #[test]
    fn our_own_labels_are_what_the_service_takes() {
        let labels = Labels::new(SecretId(Uuid::from_u128(u128::MAX)), "Ünï / code");
        for (key, value) in first_labels(NamespaceId(Uuid::nil()), &labels, &[]) {
            assert!(is_key(&key) && is_value(&value), "{key} {value}");
        }
    }
}
