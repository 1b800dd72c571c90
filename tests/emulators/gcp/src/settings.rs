//! What a caller may set on a secret, checked.

use crate::{
    body::{Message, camel},
    refusal::{Refusal, Result},
    replication::{self, Replication, encrypted},
    times,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use unicode_general_category::{GeneralCategory, get_general_category};

const LABELS: usize = 64;
const LABEL_CHARACTERS: usize = 63;
const LABEL_BYTES: usize = 128;
/// Their keys and values together are less than this.
const ANNOTATION_BYTES: usize = 16 * 1024;
const ANNOTATION_KEY_CHARACTERS: usize = 63;
const SHORTEST_DELAY: Duration = Duration::from_secs(86_400);

/// Those that a mask may name.
const CHANGEABLE: [&str; 4] = ["labels", "annotations", "versionDestroyTtl", "customerManagedEncryption"];
/// Those that are read by nobody when they are sent.
const OUTPUT: [&str; 3] = ["name", "createTime", "policyMember"];
/// Those that the service has and this emulator has not.
const ELSEWHERE: [&str; 7] =
    ["topics", "expireTime", "ttl", "rotation", "versionAliases", "tags", "secretType"];

type Texts = BTreeMap<String, String>;

/// What is set on a secret.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Of a secret that is not of one region.
    pub(crate) replication: Option<Replication>,
    pub(crate) labels: Texts,
    annotations: Texts,
    /// How long a version is only disabled before it is destroyed.
    pub(crate) delay: Option<Duration>,
    /// Of a secret of one region.
    pub(crate) key: Option<String>,
}

impl Settings {
    /// Of a secret in this location, or of one without.
    pub(crate) fn read(message: &Message, location: Option<&str>) -> Result<Self> {
        if let Some(name) = ELSEWHERE.into_iter().find(|name| message.has(name)) {
            return Err(Refusal::unimplemented(&format!("field {name}")));
        }
        message.only(&[&CHANGEABLE[..], &OUTPUT, &["replication", "etag"]].concat())?;
        let labels = message.map("labels")?;
        check_labels(&labels)?;
        let annotations = message.map("annotations")?;
        check_annotations(&annotations)?;
        let delay = message.text("versionDestroyTtl")?.map(times::duration).transpose()?;
        if delay.is_some_and(|delay| delay < SHORTEST_DELAY) {
            return Err(Refusal::invalid("The TTL of destroyed versions must be at least 24 hours."));
        }
        let key = match location {
            Some(location) => replication::key(message, location)?,
            None if message.has("customerManagedEncryption") => {
                return Err(Refusal::invalid("The KMS key of a secret of no region is in its replication."));
            }
            None => None,
        };
        let replication = message.message("replication")?.filter(|given| !given.is_empty());
        let replication = replication.as_ref().map(Replication::read).transpose()?;
        Ok(Self { replication, labels, annotations, delay, key })
    }

    /// Refuses a new secret whose replication is not as its location wants it.
    pub(crate) fn check_new(&self, location: Option<&str>) -> Result<()> {
        match (location, &self.replication) {
            (Some(_), Some(_)) => {
                Err(Refusal::invalid("Replication must not be set on a secret of a region."))
            }
            (None, None) => Err(Refusal::invalid("The replication must be set.")),
            _ => Ok(()),
        }
    }

    /// Takes over what the mask names, all of it or nothing.
    pub(crate) fn change(&mut self, mask: &str, given: Self) -> Result<()> {
        let fields: Vec<_> = mask.split(',').map(|field| camel(field.trim())).collect();
        if let Some(field) = fields.iter().find(|field| ELSEWHERE.contains(&field.as_str())) {
            return Err(Refusal::unimplemented(&format!("field {field}")));
        }
        if let Some(field) = fields.iter().find(|field| !CHANGEABLE.contains(&field.as_str())) {
            return Err(Refusal::invalid(format!(
                "The update mask has a field that cannot be set: [{field}]."
            )));
        }
        for field in fields {
            match field.as_str() {
                "labels" => self.labels.clone_from(&given.labels),
                "annotations" => self.annotations.clone_from(&given.annotations),
                "versionDestroyTtl" => self.delay = given.delay,
                _ => self.key.clone_from(&given.key),
            }
        }
        Ok(())
    }

    pub(crate) fn shown(&self) -> Value {
        let mut shown = encrypted(json!({}), self.key.as_deref());
        if let Some(replication) = &self.replication {
            shown["replication"] = replication.shown();
        }
        for (name, texts) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            if !texts.is_empty() {
                shown[name] = json!(texts);
            }
        }
        if let Some(delay) = self.delay {
            shown["versionDestroyTtl"] = json!(times::seconds(delay));
        }
        shown
    }
}

fn check_labels(labels: &Texts) -> Result<()> {
    if labels.len() > LABELS {
        return Err(Refusal::invalid(format!("A secret may have at most {LABELS} labels.")));
    }
    let fits = |text: &str| {
        text.chars().count() <= LABEL_CHARACTERS
            && text.len() <= LABEL_BYTES
            // What Rust calls numeric is `\p{N}`.
            && text.chars().all(|c| is_small(c) || c.is_numeric() || c == '_' || c == '-')
    };
    match labels.iter().find(|(key, value)| !key.starts_with(is_small) || !fits(key) || !fits(value)) {
        Some((key, _)) => Err(Refusal::invalid(format!("The label [{key}] does not match the format."))),
        None => Ok(()),
    }
}

/// A letter that is not a capital: `\p{Ll}` or `\p{Lo}`.
fn is_small(c: char) -> bool {
    matches!(get_general_category(c), GeneralCategory::LowercaseLetter | GeneralCategory::OtherLetter)
}

fn check_annotations(annotations: &Texts) -> Result<()> {
    let fits = |key: &str| {
        let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        key.len() <= ANNOTATION_KEY_CHARACTERS
            && is_edge(key.chars().next())
            && is_edge(key.chars().next_back())
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    if let Some(key) = annotations.keys().find(|key| !fits(key)) {
        return Err(Refusal::invalid(format!(
            "The key of the annotation [{key}] does not match the format."
        )));
    }
    let size: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    if size >= ANNOTATION_BYTES {
        return Err(Refusal::invalid("The annotations must be smaller than 16 KiB."));
    }
    Ok(())
}
