//! All secrets of the project, in memory.

use crate::{
    body::Message,
    filters::{self, Condition},
    pages,
    refusal::{Refusal, Result},
    secret::{Secret, check_etag},
    settings::Settings,
    version::{Payload, State},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

const ID_CHARACTERS: usize = 255;

type Query = BTreeMap<String, String>;

/// The secrets by their names, which have the project's number in them.
#[derive(Debug, Default)]
pub(crate) struct Store {
    secrets: BTreeMap<String, Secret>,
    /// Of changes so far.
    count: u64,
    last: Duration,
}

impl Store {
    /// The time of what is done next: no two changes are made at one time.
    pub(crate) fn tick(&mut self, now: Duration) -> Duration {
        self.last = now.max(self.last + Duration::from_micros(1));
        self.last
    }

    fn etag(&mut self) -> String {
        self.count += 1;
        // With its quotes, as the service has it.
        format!("\"{:x}\"", 0x16_0000_0000_0000 + self.count)
    }

    /// A secret, with what was put off until now done.
    fn secret(&mut self, name: &str) -> Result<&mut Secret> {
        let secret = self.secrets.get_mut(name).ok_or_else(|| Refusal::missing("Secret", name))?;
        secret.versions.iter_mut().for_each(|version| version.settle(self.last));
        Ok(secret)
    }

    pub(crate) fn create(
        &mut self,
        parent: &str,
        location: Option<&str>,
        id: &str,
        body: &Message,
        now: Duration,
    ) -> Result<Value> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if id.is_empty() || id.len() > ID_CHARACTERS || !id.bytes().all(is_plain) {
            let text =
                format!("The provided Secret ID [{id}] does not match the expected format [[a-zA-Z_0-9-]+]");
            return Err(Refusal::invalid(text));
        }
        let settings = Settings::read(body, location)?;
        settings.check_new(location)?;
        let name = format!("{parent}/secrets/{id}");
        if self.secrets.contains_key(&name) {
            return Err(Refusal::exists(&name));
        }
        let etag = self.etag();
        let secret = Secret::new(name.clone(), self.count, settings, etag, now);
        let shown = secret.shown();
        self.secrets.insert(name, secret);
        Ok(shown)
    }

    pub(crate) fn get(&mut self, name: &str) -> Result<Value> {
        Ok(self.secret(name)?.shown())
    }

    pub(crate) fn list(&self, parent: &str, query: &Query) -> Result<Value> {
        let begin = format!("{parent}/secrets/");
        let mut found: Vec<_> = self.secrets.values().filter(|one| one.name.starts_with(&begin)).collect();
        for condition in filters::parse(query.get("filter").map_or("", String::as_str))? {
            match condition {
                Condition::Name(text) => {
                    found.retain(|one| one.name[begin.len()..].to_lowercase().contains(&text));
                }
                Condition::Label(key, value) => {
                    found.retain(|one| one.settings.labels.get(&key) == Some(&value));
                }
                Condition::State(_) => return Err(Refusal::invalid("A secret has no state.")),
            }
        }
        let total = found.len();
        let (page, next) = pages::cut(found, |one| one.number, query)?;
        Ok(listed("secrets", page.into_iter().map(Secret::shown).collect(), next, total))
    }

    pub(crate) fn update(
        &mut self,
        name: &str,
        location: Option<&str>,
        query: &Query,
        body: &Message,
    ) -> Result<Value> {
        let given = Settings::read(body, location)?;
        let etag = self.etag();
        let secret = self.secret(name)?;
        check_etag(body.text("etag")?, &secret.etag)?;
        secret.settings.change(query.get("updateMask").map_or("", String::as_str), given)?;
        secret.etag = etag;
        Ok(secret.shown())
    }

    pub(crate) fn delete(&mut self, name: &str, query: &Query) -> Result<Value> {
        check_etag(query.get("etag").map(String::as_str), &self.secret(name)?.etag)?;
        self.secrets.remove(name);
        Ok(json!({}))
    }

    pub(crate) fn add(&mut self, name: &str, body: &Message, numbers: bool, now: Duration) -> Result<Value> {
        let payload = Payload::read(body)?;
        let etag = self.etag();
        Ok(self.secret(name)?.add(payload, etag, now).shown(numbers))
    }

    pub(crate) fn versions(&mut self, name: &str, query: &Query, numbers: bool) -> Result<Value> {
        let mut found: Vec<_> = self.secret(name)?.versions.iter().collect();
        for condition in filters::parse(query.get("filter").map_or("", String::as_str))? {
            let Condition::State(state) = condition else {
                return Err(Refusal::unimplemented("filter of versions but by state"));
            };
            found.retain(|one| one.state.name() == state);
        }
        let total = found.len();
        let (page, next) = pages::cut(found, |one| one.number, query)?;
        Ok(listed("versions", page.into_iter().map(|one| one.shown(numbers)).collect(), next, total))
    }

    pub(crate) fn version(&mut self, name: &str, which: &str, numbers: bool) -> Result<Value> {
        Ok(self.secret(name)?.version(which)?.shown(numbers))
    }

    pub(crate) fn access(&mut self, name: &str, which: &str) -> Result<Value> {
        self.secret(name)?.version(which)?.access()
    }

    pub(crate) fn change(
        &mut self,
        name: &str,
        which: &str,
        wanted: State,
        body: &Message,
        numbers: bool,
        now: Duration,
    ) -> Result<Value> {
        body.only(&["name", "etag"])?;
        let etag = self.etag();
        let secret = self.secret(name)?;
        let delay = secret.settings.delay;
        let version = secret.version(which)?;
        check_etag(body.text("etag")?, &version.etag)?;
        version.change(wanted, delay, etag, now)?;
        Ok(version.shown(numbers))
    }
}

/// A list as JSON. What is empty is not in it.
fn listed(name: &str, items: Vec<Value>, next: Option<String>, total: usize) -> Value {
    let mut list = json!({});
    if !items.is_empty() {
        list[name] = json!(items);
        list["totalSize"] = json!(total);
    }
    if let Some(next) = next {
        list["nextPageToken"] = json!(next);
    }
    list
}
