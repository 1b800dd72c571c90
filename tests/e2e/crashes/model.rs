//! What a secret may be, as far as a test can know.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A secret that is there: its revision and its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) revision: u64,
    pub(super) values: BTreeMap<String, String>,
}

/// A name, and what may be behind it: one thing after an acknowledged change, two after one that was killed.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) may_be: Vec<Option<Content>>,
}

impl Known {
    pub(super) fn nothing(name: String) -> Self {
        Self { name, may_be: vec![None] }
    }

    /// Takes what was read, which must be one of the things that may be.
    pub(super) fn saw(&mut self, read: Option<Content>) {
        assert!(self.may_be.contains(&read), "{} is {read:?}, but may be {:?}", self.name, self.may_be);
        self.may_be = vec![read];
    }
}

impl Content {
    /// As `get` prints it.
    pub(super) fn read(secret: &Value) -> Self {
        let values = secret["values"].as_object().unwrap().iter();
        Self {
            revision: secret["revision"].as_u64().unwrap(),
            values: values.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect(),
        }
    }

    /// As `-v` takes it.
    pub(super) fn map(values: &BTreeMap<String, String>) -> String {
        json!(values).to_string()
    }
}
