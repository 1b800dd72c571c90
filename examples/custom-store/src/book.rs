//! What is in the file, and what can be found and changed in it.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use strongroom_core::{
    Context, Error, ErrorKind, GetOptions, Owner, OwnerId, Result, Revision, Secret, SecretId, SecretMeta,
    SecretName, SecretRef, SecretValues, Timestamp, Version,
};
use uuid::Uuid;

/// How many versions of a secret are kept.
const HISTORY: usize = 10;

/// Every secret.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Book {
    pub(crate) secrets: Vec<Entry>,
}

/// One secret with its history, the newest version last.
#[derive(Serialize, Deserialize)]
pub(crate) struct Entry {
    id: Uuid,
    pub(crate) name: String,
    pub(crate) private: bool,
    owner: Uuid,
    created: i64,
    updated: i64,
    pub(crate) revision: u64,
    versions: Vec<Kept>,
}

/// One version.
#[derive(Serialize, Deserialize)]
struct Kept {
    revision: u64,
    created: i64,
    /// Whether others than the owner may see it: it is from a time when the secret was public.
    visible: bool,
    values: BTreeMap<String, Value>,
}

/// A value: shown to the file and to who asks for it, wiped from memory afterwards.
#[derive(Deserialize)]
#[serde(transparent)]
struct Value(SecretString);

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl Book {
    /// The place of the secret that is meant, if the caller may know of it; else the error that hides it.
    pub(crate) fn find(&self, cx: &Context, which: &SecretRef) -> Result<usize> {
        let reachable =
            self.secrets.iter().enumerate().filter_map(|(at, entry)| Some((at, entry.meta().ok()?)));
        let mut reachable = reachable.filter(|(_, meta)| cx.may_list(meta));
        let found = match which {
            SecretRef::Id(id) => reachable.find(|(_, meta)| meta.id == *id),
            SecretRef::Name { name, private } => {
                let meant =
                    reachable.filter(|(_, m)| m.name == *name && private.is_none_or(|p| p == m.private));
                meant.min_by_key(|(_, meta)| meta.private)
            }
        };
        found.map(|(at, _)| at).ok_or_else(|| {
            let error = Error::new(ErrorKind::NotFound, "no such secret");
            match which {
                SecretRef::Id(id) => error.with("id", id),
                SecretRef::Name { name, .. } => error.with("name", name.as_str().escape_debug()),
            }
        })
    }

    /// Whether the name can be taken by a secret, which may have it already.
    pub(crate) fn is_free(
        &self,
        name: &SecretName,
        private: bool,
        owner: OwnerId,
        but: Option<SecretId>,
    ) -> Result<()> {
        let taken = self.secrets.iter().any(|entry| {
            let same_space = entry.private == private && (!private || entry.owner == owner.0);
            same_space && entry.name == name.as_str() && but.is_none_or(|id| entry.id != id.0)
        });
        if taken {
            return Err(Error::name_taken(name, private));
        }
        Ok(())
    }
}

impl Entry {
    pub(crate) fn new(
        owner: OwnerId,
        name: &SecretName,
        private: bool,
        values: &SecretValues,
        now: Timestamp,
    ) -> Self {
        let mut entry = Self {
            id: Uuid::new_v4(),
            name: name.as_str().to_owned(),
            private,
            owner: owner.0,
            created: now.0,
            updated: now.0,
            revision: 1,
            versions: Vec::new(),
        };
        entry.write(values);
        entry
    }

    pub(crate) fn meta(&self) -> Result<SecretMeta> {
        let owner = Owner { id: OwnerId(self.owner), name: self.owner.to_string(), full_name: String::new() };
        let (id, name) = (SecretId(self.id), self.name.parse()?);
        let mut meta = SecretMeta::new(id, name, self.private, owner, Timestamp(self.created));
        meta.updated = Timestamp(self.updated);
        meta.revision = Revision(self.revision);
        Ok(meta)
    }

    /// Moves the revision; the clock may go back, the dates do not.
    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.revision += 1;
        self.updated = self.updated.max(now.0);
    }

    /// Hides or publishes it. What is published is what everybody reads from now on, not what was before.
    pub(crate) fn set_private(&mut self, private: bool) {
        self.private = private;
        if let Some(current) = self.versions.last_mut() {
            current.visible |= !private;
        }
    }

    /// Writes values as the newest version, that of this revision.
    pub(crate) fn write(&mut self, values: &SecretValues) {
        let values = values.iter().map(|(key, value)| (key.to_owned(), Value(value.clone()))).collect();
        let (revision, created) = (self.revision, self.updated);
        self.versions.push(Kept { revision, created, visible: !self.private, values });
        if self.versions.len() > HISTORY {
            self.versions.remove(0);
        }
    }

    /// The values of the newest version at or below a revision, and the revision that wrote it.
    pub(crate) fn values(&self, cx: &Context, as_of: Option<Revision>) -> Result<(SecretValues, Revision)> {
        if as_of.is_some_and(|as_of| as_of.0 > self.revision) {
            return Err(Error::new(ErrorKind::NotFound, "the secret has no such revision yet"));
        }
        let seen = self.seen(cx).rev();
        let kept = seen.clone().find(|kept| as_of.is_none_or(|as_of| kept.revision <= as_of.0));
        let Some(kept) = kept else {
            return Err(Error::new(
                ErrorKind::NotFound,
                "no version of the secret is kept from that revision",
            ));
        };
        let pairs = kept.values.iter().map(|(key, value)| (key.clone(), value.0.clone()));
        Ok((pairs.collect(), Revision(kept.revision)))
    }

    pub(crate) fn read(&self, cx: &Context, options: &GetOptions) -> Result<Secret> {
        let meta = self.meta()?;
        if !options.keys_only && !cx.may_read(&meta) {
            return Err(Error::new(ErrorKind::PermissionDenied, "the values of this secret may not be read"));
        }
        let (values, version) = self.values(cx, options.as_of)?;
        let hidden = || SecretValues::hidden(values.keys().map(str::to_owned));
        Ok(Secret::new(meta, if options.keys_only { hidden() } else { values.clone() }, version))
    }

    /// The versions that the caller may know of, newest first.
    pub(crate) fn history(&self, cx: &Context) -> Vec<Version> {
        let current = self.versions.last().map(|kept| kept.revision);
        let seen = self.seen(cx).rev();
        seen.map(|k| Version::new(Revision(k.revision), Timestamp(k.created), Some(k.revision) == current))
            .collect()
    }

    fn seen<'a>(&'a self, cx: &Context) -> impl DoubleEndedIterator<Item = &'a Kept> + Clone {
        let owner = cx.actor.0 == self.owner;
        self.versions.iter().filter(move |kept| owner || kept.visible)
    }
}
