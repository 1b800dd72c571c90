//! A vault: its secrets, by names in which case does not matter.

use crate::{
    body::{Change, new_version},
    pages,
    quotas::Usage,
    refusal::{Refusal, Result},
    routes::Call,
    secret::{Life, Secret},
    version::Version,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use strongroom_emulator_serving::Request;

const RETENTION_DAYS: u64 = 90;
const RETENTION: Duration = Duration::from_secs(RETENTION_DAYS * 86_400);
const NAME_CHARACTERS: usize = 127;

/// A vault.
#[derive(Debug)]
pub(crate) struct Vault {
    secrets: BTreeMap<String, Secret>,
    /// How long deleting, recovering and purging take.
    leisure: Duration,
    /// Nobody may purge.
    protected: bool,
    pub(crate) usage: Usage,
}

impl Vault {
    pub(crate) fn new(leisure: Duration, protected: bool, usage: Usage) -> Self {
        Self { secrets: BTreeMap::new(), leisure, protected, usage }
    }

    /// Does what the caller may do. No value: an answer without a body.
    pub(crate) fn perform(
        &mut self,
        call: Call<'_>,
        base: &str,
        request: &Request,
        now: Duration,
    ) -> Result<Option<Value>> {
        if let Some(name) = call.name() {
            check_name(name)?;
            self.settle(name, now);
        } else {
            let names: Vec<_> = self.secrets.keys().cloned().collect();
            names.iter().for_each(|name| self.settle(name, now));
        }
        match call {
            Call::Set { name } => self.set(name, base, &request.body, now).map(Some),
            Call::Update { name, version } => {
                let change = Change::read(&request.body)?;
                self.live_mut(name)?.version_mut(version)?.change(change, now);
                self.version(name, version, base).map(|(_, shown)| Some(shown))
            }
            Call::Get { name, version } => {
                let (version, shown) = self.version(name, version, base)?;
                if !version.enabled {
                    return Err(Refusal::disabled());
                }
                Ok(Some(version.with_value(shown)))
            }
            Call::List | Call::ListVersions { .. } | Call::ListDeleted => {
                let items = self.items(call, base);
                pages::cut(items, base, request.path(), &request.query()).map(Some)
            }
            Call::Delete { name } => {
                let leisure = self.leisure;
                let secret = self.live_mut(name)?;
                (secret.deleted, secret.life) = (now, Life::Deleting(now + leisure));
                self.settle(name, now);
                Ok(Some(self.shown_deleted(self.find(name)?, base)))
            }
            Call::GetDeleted { name } => match self.found_deleted(name)? {
                secret if secret.life == Life::Deleted => Ok(Some(self.shown_deleted(secret, base))),
                _ => Err(Refusal::not_deleted(name)),
            },
            Call::Purge { .. } if self.protected => Err(Refusal::protected()),
            Call::Purge { name } => {
                self.found_deleted(name)?.check_deleted()?;
                self.end(name, Life::Purging(now + self.leisure), now);
                Ok(None)
            }
            Call::Recover { name } => {
                self.found_deleted(name)?.check_deleted()?;
                let shown = self.shown(self.find(name)?, self.find(name)?.newest(), base);
                self.end(name, Life::Recovering(now + self.leisure), now);
                Ok(Some(shown))
            }
        }
    }

    fn settle(&mut self, name: &str, now: Duration) {
        let name = name.to_ascii_lowercase();
        if let Some(secret) = self.secrets.get_mut(&name) {
            secret.settle(now, RETENTION);
            if secret.life == Life::Gone {
                self.secrets.remove(&name);
            }
        }
    }

    fn end(&mut self, name: &str, life: Life, now: Duration) {
        if let Some(secret) = self.secrets.get_mut(&name.to_ascii_lowercase()) {
            secret.life = life;
        }
        self.settle(name, now);
    }

    fn set(&mut self, name: &str, base: &str, body: &[u8], now: Duration) -> Result<Value> {
        let (value, change) = new_version(body)?;
        let secret = self.secrets.entry(name.to_ascii_lowercase()).or_insert_with(|| Secret::new(name));
        secret.check_writable()?;
        secret.versions.push(Version::new(value, change, now));
        let (version, shown) = self.version(name, "", base)?;
        Ok(version.with_value(shown))
    }

    fn find(&self, name: &str) -> Result<&Secret> {
        self.secrets.get(&name.to_ascii_lowercase()).ok_or_else(|| Refusal::missing(name))
    }

    fn found_deleted(&self, name: &str) -> Result<&Secret> {
        self.find(name).map_err(|_| Refusal::not_deleted(name))
    }

    fn live(&self, name: &str) -> Result<&Secret> {
        match self.find(name)? {
            secret if secret.life == Life::Live => Ok(secret),
            _ => Err(Refusal::missing(name)),
        }
    }

    fn live_mut(&mut self, name: &str) -> Result<&mut Secret> {
        match self.secrets.get_mut(&name.to_ascii_lowercase()) {
            Some(secret) if secret.life == Life::Live => Ok(secret),
            _ => Err(Refusal::missing(name)),
        }
    }

    fn version(&self, name: &str, id: &str, base: &str) -> Result<(&Version, Value)> {
        let secret = self.live(name)?;
        let version = secret.version(id)?;
        Ok((version, self.shown(secret, version, base)))
    }

    /// What is in a list, by what it is sorted by. Of a secret that is not there, that is nothing.
    fn items(&self, call: Call<'_>, base: &str) -> Vec<(String, Value)> {
        if let Call::ListVersions { name } = call {
            let Ok(secret) = self.live(name) else { return Vec::new() };
            let one = |version: &Version| (version.id.clone(), self.shown(secret, version, base));
            return secret.versions.iter().map(one).collect();
        }
        let (life, is_live) = match call {
            Call::List => (Life::Live, true),
            _ => (Life::Deleted, false),
        };
        let there = self.secrets.iter().filter(|(_, secret)| secret.life == life);
        let one = |(key, secret): (&String, &Secret)| {
            let shown = match is_live {
                true => secret.newest().shown(&self.id(secret, None, base), self.level(), RETENTION_DAYS),
                false => self.shown_deleted(secret, base),
            };
            (key.clone(), shown)
        };
        there.map(one).collect()
    }

    fn shown(&self, secret: &Secret, version: &Version, base: &str) -> Value {
        version.shown(&self.id(secret, Some(version), base), self.level(), RETENTION_DAYS)
    }

    fn shown_deleted(&self, secret: &Secret, base: &str) -> Value {
        let mut shown = self.shown(secret, secret.newest(), base);
        shown["recoveryId"] = json!(format!("{base}/deletedsecrets/{}", secret.name));
        shown["deletedDate"] = json!(secret.deleted.as_secs());
        shown["scheduledPurgeDate"] = json!((secret.deleted + RETENTION).as_secs());
        shown
    }

    fn id(&self, secret: &Secret, version: Option<&Version>, base: &str) -> String {
        let name = &secret.name;
        version.map_or_else(
            || format!("{base}/secrets/{name}"),
            |version| format!("{base}/secrets/{name}/{}", version.id),
        )
    }

    fn level(&self) -> &'static str {
        if self.protected { "Recoverable" } else { "Recoverable+Purgeable" }
    }
}

fn check_name(name: &str) -> Result<()> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if name.len() <= NAME_CHARACTERS && name.bytes().all(is_plain) {
        Ok(())
    } else {
        Err(Refusal::bad(format!("The request URI contains an invalid name: {name}")))
    }
}
