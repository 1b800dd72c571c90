//! What waits to be written.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt::Write as _,
};
use strongroom_core::{Context, Origin, OwnerId, SecretId};
use strongroom_engine::{AuditEntry, Engine};
use uuid::Uuid;

/// The most different entries that wait.
const MOST: usize = 50_000;
/// The most bytes of their texts.
const BYTES: usize = 16 << 20;
/// The detail of what is not told apart any more.
const OTHERS: &str = "others";

/// Up to so many secrets that one caller read within the same moment get an entry each.
const APART: usize = 16;
/// The most secrets that are named in one entry.
const TOGETHER: usize = 100;

/// What makes two reads the same: an entry has no request's id, since it may be of several. The secret comes first: it
/// tells most of them apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    secret: SecretId,
    actor: OwnerId,
    action: &'static str,
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

    /// As one of many of the same account that are not told apart.
    pub(super) fn among_its_others(&self) -> Self {
        let secret = SecretId(Uuid::nil());
        Self { secret, detail: OTHERS.to_owned(), address: None, ..self.clone() }
    }

    /// As one of many that are not told apart.
    pub(super) fn among_others(&self) -> Self {
        Self { actor: OwnerId(Uuid::nil()), ..self.among_its_others() }
    }

    fn bytes(&self) -> usize {
        self.detail.len() + self.address.as_ref().map_or(0, String::len) + size_of::<Self>()
    }

    /// What those share that can be one entry.
    fn shared(&self) -> (OwnerId, &'static str, &str, Option<&str>) {
        (self.actor, self.action, &self.detail, self.address.as_deref())
    }

    fn entry(&self, engine: &Engine, secret: SecretId, what: &str) -> AuditEntry {
        let mut origin = Origin::new("http");
        origin.address = self.address.clone();
        let detail = match (self.detail.as_str(), what) {
            (detail, "") => detail.to_owned(),
            ("", what) => what.to_owned(),
            (detail, what) => format!("{detail}, {what}"),
        };
        AuditEntry {
            change: engine.fresh_id(),
            actor: self.actor,
            action: self.action,
            secret,
            detail,
            origin,
            receipt: None,
        }
    }
}

/// The entries of what was gathered: one for each secret, or, where a caller reads very many, one that names them all,
/// so that it takes a fraction of the room and of the time.
pub(super) fn entries(gathered: &[(Key, u64)], engine: &Engine) -> Vec<AuditEntry> {
    let mut entries = Vec::new();
    for like in gathered.chunk_by(|(one, _), (other, _)| one.shared() == other.shared()) {
        if like.len() <= APART {
            entries.extend(like.iter().map(|(key, count)| match count {
                1 => key.entry(engine, key.secret, ""),
                _ => key.entry(engine, key.secret, &format!("{count} times")),
            }));
            continue;
        }
        for some in like.chunks(TOGETHER) {
            let mut list = format!("{} secrets:", some.len());
            for (key, count) in some {
                // Cannot fail: it is written into memory.
                let _ = match count {
                    1 => write!(list, " {}", key.secret),
                    _ => write!(list, " {}*{count}", key.secret),
                };
            }
            entries.extend(some.first().map(|(key, _)| key.entry(engine, SecretId(Uuid::nil()), &list)));
        }
    }
    entries
}

/// Entries and how often each happened.
#[derive(Default)]
pub(super) struct Buffer {
    counts: HashMap<Key, u64>,
    bytes: usize,
}

impl Buffer {
    /// Adds one; `false` if it is full.
    pub(super) fn add(&mut self, key: Key) -> bool {
        let bytes = key.bytes();
        let full = self.counts.len() >= MOST || self.bytes + bytes > BYTES;
        match self.counts.entry(key) {
            Entry::Occupied(mut known) => *known.get_mut() += 1,
            Entry::Vacant(_) if full => return false,
            Entry::Vacant(new) => {
                new.insert(1);
                self.bytes += bytes;
            }
        }
        true
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Takes everything out; what can be one entry stands together.
    pub(super) fn take(&mut self) -> Vec<(Key, u64)> {
        self.bytes = 0;
        let mut all: Vec<_> = std::mem::take(&mut self.counts).into_iter().collect();
        all.sort_unstable_by(|(one, _), (other, _)| {
            one.shared().cmp(&other.shared()).then_with(|| one.secret.cmp(&other.secret))
        });
        all
    }

    /// Puts back what could not be written, or takes in what must not be lost, however full it is.
    pub(super) fn put_back(&mut self, gathered: Vec<(Key, u64)>) {
        for (key, count) in gathered {
            self.bytes += key.bytes();
            *self.counts.entry(key).or_default() += count;
        }
    }
}
