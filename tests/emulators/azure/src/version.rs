//! A version: its value, and what is set on it.

use crate::body::Change;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// A version of a secret.
#[derive(Debug)]
pub(crate) struct Version {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    pub(crate) enabled: bool,
    value: String,
    content_type: Option<String>,
    tags: BTreeMap<String, String>,
    not_before: Option<i64>,
    expires: Option<i64>,
    created: Duration,
    updated: Duration,
}

impl Version {
    pub(crate) fn new(value: String, change: Change, now: Duration) -> Self {
        let mut version = Self {
            id: Uuid::new_v4().simple().to_string(),
            enabled: true,
            value,
            content_type: None,
            tags: BTreeMap::new(),
            not_before: None,
            expires: None,
            created: now,
            updated: now,
        };
        version.change(change, now);
        version
    }

    /// Tags are replaced all together.
    pub(crate) fn change(&mut self, change: Change, now: Duration) {
        if let Some(tags) = change.tags {
            self.tags = tags;
        }
        self.content_type = change.content_type.or(self.content_type.take());
        self.enabled = change.enabled.unwrap_or(self.enabled);
        self.not_before = change.not_before.or(self.not_before);
        self.expires = change.expires.or(self.expires);
        self.updated = now;
    }

    /// As a vault shows it that keeps what is deleted for so many days.
    pub(crate) fn shown(&self, id: &str, level: &str, days: u64) -> Value {
        let mut attributes = json!({
            "enabled": self.enabled,
            "created": self.created.as_secs(),
            "updated": self.updated.as_secs(),
            "recoveryLevel": level,
            "recoverableDays": days,
        });
        for (name, time) in [("nbf", self.not_before), ("exp", self.expires)] {
            if let Some(time) = time {
                attributes[name] = json!(time);
            }
        }
        let mut shown = json!({"id": id, "attributes": attributes});
        if !self.tags.is_empty() {
            shown["tags"] = json!(self.tags);
        }
        if let Some(kind) = &self.content_type {
            shown["contentType"] = json!(kind);
        }
        shown
    }

    /// The same with the value.
    pub(crate) fn with_value(&self, mut shown: Value) -> Value {
        shown["value"] = json!(self.value);
        shown
    }
}
