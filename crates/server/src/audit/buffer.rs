//! What waits to be written.

use std::collections::BTreeMap;
use strongroom_core::{Context, Origin, OwnerId, SecretId};
use strongroom_engine::{AuditEntry, Engine};

/// The most different entries that wait.
const MOST: usize = 50_000;
/// The most bytes of their texts.
const BYTES: usize = 16 << 20;

/// What makes two reads the same entry: the request's id is that of the first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    actor: OwnerId,
    action: &'static str,
    secret: SecretId,
    detail: String,
    address: Option<String>,
}

impl Key {
    pub(super) fn new(cx: &Context, action: &'static str, secret: SecretId, detail: &str) -> Self {
        let address = cx.origin.address.clone();
        Self { actor: cx.actor, action, secret, detail: detail.to_owned(), address }
    }

    fn bytes(&self) -> usize {
        self.detail.len() + self.address.as_ref().map_or(0, String::len) + size_of::<Self>()
    }

    /// The entry of so many of them.
    pub(super) fn entry(&self, engine: &Engine, count: u64) -> AuditEntry {
        let mut origin = Origin::new("http");
        origin.address = self.address.clone();
        let detail = match (count, self.detail.as_str()) {
            (1, detail) => detail.to_owned(),
            (_, "") => format!("{count} times"),
            (_, detail) => format!("{detail}, {count} times"),
        };
        AuditEntry {
            change: engine.fresh_id(),
            actor: self.actor,
            action: self.action,
            secret: self.secret,
            detail,
            origin,
            receipt: None,
        }
    }
}

/// Entries and how often each happened.
#[derive(Default)]
pub(super) struct Buffer {
    counts: BTreeMap<Key, u64>,
    bytes: usize,
}

impl Buffer {
    /// Adds one; `false` if it is full.
    pub(super) fn add(&mut self, key: Key) -> bool {
        if let Some(count) = self.counts.get_mut(&key) {
            *count += 1;
            return true;
        }
        let bytes = key.bytes();
        if self.counts.len() >= MOST || self.bytes + bytes > BYTES {
            return false;
        }
        self.bytes += bytes;
        self.counts.insert(key, 1);
        true
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Takes everything out.
    pub(super) fn take(&mut self) -> Vec<(Key, u64)> {
        self.bytes = 0;
        std::mem::take(&mut self.counts).into_iter().collect()
    }

    /// Puts back what could not be written.
    pub(super) fn put_back(&mut self, gathered: Vec<(Key, u64)>) {
        for (key, count) in gathered {
            self.bytes += key.bytes();
            *self.counts.entry(key).or_default() += count;
        }
    }
}
