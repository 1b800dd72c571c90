//! A secret with its versions.

use crate::{
    refusal::{Refusal, Result},
    replication::used,
    settings::Settings,
    times,
    version::{Payload, Version},
};
use serde_json::{Value, json};
use std::time::Duration;

/// What finds the newest version, whatever its state.
const LATEST: &str = "latest";

/// A secret.
#[derive(Debug)]
pub(crate) struct Secret {
    /// With the project's number.
    pub(crate) name: String,
    /// How new it is among all.
    pub(crate) number: u64,
    pub(crate) settings: Settings,
    pub(crate) etag: String,
    pub(crate) versions: Vec<Version>,
    created: Duration,
}

impl Secret {
    pub(crate) fn new(name: String, number: u64, settings: Settings, etag: String, now: Duration) -> Self {
        Self { name, number, settings, etag, versions: Vec::new(), created: now }
    }

    pub(crate) fn add(&mut self, payload: Payload, etag: String, now: Duration) -> &Version {
        let number = self.versions.last().map_or(1, |last| last.number + 1);
        let kept = match &self.settings.replication {
            Some(replication) => json!({"replicationStatus": replication.status()}),
            None => used(json!({}), self.settings.key.as_deref()),
        };
        self.versions.push(Version::new(&self.name, number, payload, kept, etag, now));
        &self.versions[self.versions.len() - 1]
    }

    /// The version of that number, or the newest one.
    pub(crate) fn version(&mut self, which: &str) -> Result<&mut Version> {
        let found = match which.parse::<u64>() {
            Ok(number) => self.versions.iter().position(|version| version.number == number),
            Err(_) if which == LATEST => self.versions.len().checked_sub(1),
            Err(_) => None,
        };
        match found {
            Some(n) => Ok(&mut self.versions[n]),
            None => Err(Refusal::missing("Secret Version", &format!("{}/versions/{which}", self.name))),
        }
    }

    pub(crate) fn shown(&self) -> Value {
        let mut shown = self.settings.shown();
        shown["name"] = json!(self.name);
        shown["createTime"] = json!(times::timestamp(self.created));
        shown["etag"] = json!(self.etag);
        shown
    }
}

/// Refuses an etag that is not the present one. Who gives none does not care.
pub(crate) fn check_etag(given: Option<&str>, present: &str) -> Result<()> {
    match given.filter(|given| !given.is_empty()) {
        Some(given) if given != present => {
            let text =
                format!("The etag provided in the request, [{given}], is not the resource's [{present}].");
            Err(Refusal::precondition(text))
        }
        _ => Ok(()),
    }
}
