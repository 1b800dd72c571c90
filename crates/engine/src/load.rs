//! Filling a catalog in memory from what a store holds.
//!
//! Labels with a valid MAC are believed: they say what a secret is called, whose it is, and which versions of the object
//! are its own. Everything else is left where it is, and told of.

use crate::{
    Engine, MemoryCatalog, NameKey, Place, VersionRow,
    calls::Calls,
    crypto::{KeyId, KeyKind},
    deadline::Deadline,
    kept::Kept,
    labels::{self, LabelRecord},
};
use futures::{StreamExt as _, stream};
use std::{cmp::Reverse, collections::BTreeMap, fmt, sync::Arc, time::Duration};
use strongroom_core::{
    ErrorKind, Found, Labels, ObjectId, Owner, Result, SecretId, SecretMeta, SecretName, Timestamp,
    VersionRef,
};

/// How long a scan may take.
const TIME: Duration = Duration::from_secs(3600);
/// How many objects are looked at together.
const TOGETHER: usize = 8;

/// What a store holds, by object.
type Objects = BTreeMap<ObjectId, Vec<Found>>;

/// What was loaded, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded {
    /// Secrets.
    pub secrets: u64,
    /// Their versions.
    pub versions: u64,
    /// What is not as it should be. Nothing of it was changed or removed.
    pub left: Vec<Left>,
}

/// Something in the store that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// The object.
    pub object: ObjectId,
    /// The version; `None` for the whole object.
    pub at: Option<VersionRef>,
    /// The secret that its labels name, if this deployment wrote them.
    pub secret: Option<SecretId>,
    /// What is wrong.
    pub why: Finding,
}

/// Why something was left alone, or loaded otherwise than it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// The object has no labels: somebody else put it.
    Unlabelled,
    /// The object is damaged, says the back-end. If it is a secret, that is there again once the object is repaired in the
    /// service.
    Damaged,
    /// This deployment did not write the labels, or they were changed, or belong to another object.
    NotOurs,
    /// A create that was never acknowledged. `repair` removes it, if it is told to.
    Uncommitted,
    /// A version that the labels do not list: one that was never acknowledged, or that fell out of the history.
    Unlisted,
    /// The current version is not there: reading the secret says that it is lost, older versions can be restored.
    Missing,
    /// Another object holds the same secret, changed later.
    Twice,
    /// Another secret has its name, changed later: it is loaded under this one.
    Renamed(SecretName),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlabelled => f.write_str("no labels"),
            Self::Damaged => f.write_str("what is damaged, so that a secret may be missing"),
            Self::NotOurs => f.write_str("labels that this deployment did not write"),
            Self::Uncommitted => f.write_str("a create that was not acknowledged"),
            Self::Unlisted => f.write_str("a version that is not one of the secret"),
            Self::Missing => f.write_str("a secret whose current version is gone"),
            Self::Twice => f.write_str("an older copy of a secret"),
            Self::Renamed(name) => {
                write!(f, "a secret whose name another one has, now called {}", name.as_str().escape_debug())
            }
        }
    }
}

/// An object whose labels are believed.
struct Believed {
    object: ObjectId,
    secret: SecretId,
    name: SecretName,
    record: LabelRecord,
    kept: Vec<Kept>,
    there: Vec<VersionRef>,
}

impl Engine {
    pub(crate) async fn load(&self, catalog: &MemoryCatalog) -> Result<Loaded> {
        let core = &self.core;
        let deadline = Deadline::after(TIME, &core.env);
        let mut loaded = Loaded::default();
        for calls in core.stores.values() {
            let objects = self.objects(calls, &deadline, &mut loaded.left).await?;
            if !objects.values().any(|found| labels_of(found).is_some()) {
                // A store that shows none would look as empty at the next start as it does now.
                core.probe(calls).await?;
            }
            let mut believed = Vec::new();
            for (object, found) in objects {
                match self.believe(object, found).await {
                    Ok(one) => believed.push(one),
                    Err(left) => loaded.left.push(left),
                }
            }
            // Whoever was changed last has the name.
            believed.sort_by_key(|one| Reverse((one.record.updated, one.record.revision, one.object)));
            let digest = core.ring.active(KeyKind::Digest)?.row.id;
            let seal = core.ring.active(KeyKind::Seal)?.row.id;
            for one in believed {
                let object = one.object;
                let row = |kept: &Kept| VersionRow {
                    uid: kept.uid,
                    revision: kept.revision,
                    created: kept.created,
                    placed: kept.created,
                    place: Place::External { store: calls.name.clone(), object, at: kept.at.clone() },
                    key: kept.sealed.then_some(seal),
                    digest: Some(whole_digest(digest, kept)),
                    size: kept.size,
                    visible_to_others: kept.visible_to_others,
                };
                one.load(catalog, row, &mut loaded);
            }
        }
        Ok(loaded)
    }

    /// What a store shows; what is damaged is told.
    async fn objects(
        &self,
        calls: &Arc<Calls>,
        deadline: &Deadline,
        left: &mut Vec<Left>,
    ) -> Result<Objects> {
        let scanned = calls.scan_all_patiently(deadline).await?;
        let mut damaged = scanned.damaged;
        let mut objects = Objects::new();
        for found in scanned.found {
            objects.entry(found.object).or_default().push(found);
        }
        // A scan of all may be late, and old labels have a MAC as good as any: an object is believed as it is shown alone.
        let ids: Vec<ObjectId> = objects.keys().copied().collect();
        let looks: Vec<_> = ids.iter().map(|object| calls.scan(*object, deadline)).collect();
        let mut looks = stream::iter(looks).buffered(TOGETHER).zip(stream::iter(ids.iter().copied()));
        // One that tells labels in a scan of all alone has nothing else to say of the others either.
        let (mut told, mut untold) = (false, 0);
        while untold < TOGETHER
            && let Some((answer, object)) = looks.next().await
        {
            match answer {
                // Deleted a moment ago.
                Ok(alone) if alone.is_empty() => drop(objects.remove(&object)),
                Ok(alone) if told || labels_of(&alone).is_some() => {
                    told = true;
                    objects.insert(object, alone);
                }
                Ok(_) => {
                    let shown = objects.get(&object).and_then(|found| labels_of(found));
                    untold += usize::from(shown.is_some());
                }
                Err(error) if error.kind() == ErrorKind::Corrupt => damaged.push(object),
                Err(error) => return Err(error),
            }
        }
        drop(looks);
        for object in damaged {
            objects.remove(&object);
            tracing::warn!(target: "strongroom::engine", store = %calls.name, %object, "damaged: not loaded");
            left.push(Left { object, at: None, secret: None, why: Finding::Damaged });
        }
        Ok(objects)
    }

    /// What the labels of an object tell, if they are to be believed.
    async fn believe(&self, object: ObjectId, found: Vec<Found>) -> Result<Believed, Left> {
        let core = &self.core;
        let left = |secret, why| Left { object, at: None, secret, why };
        let there = found.iter().filter_map(|found| found.at.clone()).collect();
        let Some(shown) = labels_of(&found) else { return Err(left(None, Finding::Unlabelled)) };
        let told = labels::read(&core.ring, core.namespace(), shown).await;
        let told = told.map_err(|_| left(None, Finding::NotOurs))?;
        let secret = shown.secret;
        let name = told.record.name().map_err(|_| left(None, Finding::NotOurs))?;
        let kept = match told.kept {
            Some((holder, kept)) if holder == object => kept,
            _ => return Err(left(None, Finding::NotOurs)),
        };
        if kept.is_empty() {
            return Err(left(Some(secret), Finding::Uncommitted));
        }
        Ok(Believed { object, secret, name, record: told.record, kept, there })
    }
}

impl Believed {
    fn load(mut self, catalog: &MemoryCatalog, row: impl Fn(&Kept) -> VersionRow, loaded: &mut Loaded) {
        let (object, secret) = (self.object, Some(self.secret));
        let mut leave = |at, why| loaded.left.push(Left { object, at, secret, why });
        if catalog.knows(self.secret) {
            return leave(None, Finding::Twice);
        }
        for at in &self.there {
            if self.kept.iter().all(|kept| kept.at != *at) {
                leave(Some(at.clone()), Finding::Unlisted);
            }
        }
        let current = self.kept[0].at.clone();
        if !self.there.contains(&current) {
            leave(Some(current.clone()), Finding::Missing);
        }
        let key = NameKey::new(&self.name, self.record.private, self.record.owner());
        if catalog.has_name(&key) {
            let is_free = |name: &SecretName| {
                !catalog.has_name(&NameKey::new(name, self.record.private, self.record.owner()))
            };
            let Some(other) = other_names(&self.name, self.secret).find(is_free) else {
                return leave(None, Finding::NotOurs);
            };
            leave(None, Finding::Renamed(other.clone()));
            self.name = other;
        }
        let owner = Owner { id: self.record.owner(), name: String::new(), full_name: String::new() };
        let created = Timestamp(self.record.created);
        let mut meta = SecretMeta::new(self.secret, self.name, self.record.private, owner, created);
        meta.updated = Timestamp(self.record.updated);
        // No lower than that of its values, which is the least that a reader of them knows.
        meta.revision = strongroom_core::Revision(self.record.revision).max(self.kept[0].revision);
        let kept = self.kept.iter().filter(|kept| kept.at == current || self.there.contains(&kept.at));
        let versions: Vec<VersionRow> = kept.map(row).collect();
        loaded.secrets += 1;
        loaded.versions += versions.len() as u64;
        catalog.load(meta, versions);
    }
}

/// The labels of an object, if there are some and they tell something.
fn labels_of(found: &[Found]) -> Option<&Labels> {
    found.iter().find_map(|found| found.labels.as_ref()).filter(|labels| !labels.record.is_empty())
}

fn whole_digest(key: KeyId, kept: &Kept) -> Vec<u8> {
    [key.0.as_bytes().as_slice(), &kept.digest].concat()
}

/// Names in place of one that is taken: its beginning, and the beginning of the secret's id, or all of that.
fn other_names(name: &SecretName, secret: SecretId) -> impl Iterator<Item = SecretName> {
    let id = secret.0.simple().to_string();
    [8, id.len()].into_iter().filter_map(move |digits| {
        let kept: String = name.as_str().chars().take(SecretName::MAX_CHARS - 1 - digits).collect();
        SecretName::new(format!("{kept}-{}", &id[..digits])).ok()
    })
}
