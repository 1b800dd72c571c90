//! What waits to be written.

use std::collections::BTreeMap;
use strongroom_core::{Context, Origin, OwnerId, SecretId};
use strongroom_engine::{AuditEntry, Engine};
use uuid::Uuid;

/// The most different entries that wait.
const MOST: usize = 50_000;
/// The most bytes of their texts.
const BYTES: usize = 16 << 20;
/// The detail of what is not told apart any more.
const OTHERS: &str = "others";

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

    /// Whether it is about somebody who did not prove who they are.
    pub(super) fn is_strangers(&self) -> bool {
        self.actor.0.is_nil()
    }

    /// As one of many that are not told apart.
    pub(super) fn among_others(&self) -> Self {
        let actor = OwnerId(Uuid::nil());
        Self {
            actor,
            secret: SecretId(Uuid::nil()),
            detail: OTHERS.to_owned(),
            address: None,
            ..self.clone()
        }
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
        self.add_times(key, 1)
    }

    /// Adds so many of one; `false` if it is full.
    pub(super) fn add_times(&mut self, key: Key, times: u64) -> bool {
        if let Some(count) = self.counts.get_mut(&key) {
            *count += times;
            return true;
        }
        let bytes = key.bytes();
        if self.counts.len() >= MOST || self.bytes + bytes > BYTES {
            return false;
        }
        self.bytes += bytes;
        self.counts.insert(key, times);
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
