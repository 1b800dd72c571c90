//! Holding every answer to what truly happened.
//!
//! The order of commits is known, so linearizability needs no search: an operation that changed something must have
//! done so exactly once and between its begin and its end, and every other answer must have been true at some moment
//! between the two.

use super::{
    clients::{Answer, Change, Intent, Operation, Values, Wanted, Which},
    model::Event,
    refusals,
    troubles::Troubles,
};
use std::{collections::BTreeMap, time::Duration};
use strongroom_core::{ErrorKind, OwnerId, SecretId, SecretMeta};

/// A secret as it must be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expected {
    pub(crate) name: String,
    pub(crate) private: bool,
    pub(crate) owner: OwnerId,
    pub(crate) revision: u64,
    /// Kept versions, oldest first: revision, values, whether others may see them.
    pub(crate) versions: Vec<(u64, Values, bool)>,
}

impl Expected {
    fn current(&self) -> Option<&(u64, Values, bool)> {
        self.versions.last()
    }

    pub(super) fn as_of(&self, revision: u64) -> Option<&(u64, Values, bool)> {
        let past = revision <= self.revision;
        self.versions.iter().rev().find(|version| past && version.0 <= revision)
    }

    pub(super) fn seen_by(&self, actor: OwnerId) -> bool {
        !self.private || self.owner == actor
    }

    fn is(&self, meta: &SecretMeta) -> bool {
        self.name == meta.name.as_str()
            && self.private == meta.private
            && self.revision == meta.revision.0
            && self.owner == meta.owner.id
    }
}

pub(crate) type World = BTreeMap<SecretId, Expected>;

/// All states, each with the tick from which on it was true.
pub(crate) struct States(Vec<(u64, World)>);

impl States {
    /// Replays the commits.
    pub(crate) fn replay(
        events: &[Event],
        operations: &[Operation],
        history: usize,
        broken: &mut Vec<String>,
    ) -> Self {
        let mut states = vec![(0, World::new())];
        for event in events {
            let Some(operation) = operations.get(event.operation) else { continue };
            let mut world = states.last().map(|(_, world)| world.clone()).unwrap_or_default();
            if let Err(what) = apply(&mut world, event, operation, history) {
                broken.push(format!("{what}: {:?}", operation.intent));
            }
            let mut names: Vec<_> =
                world.values().map(|s| (s.name.clone(), s.private.then_some(s.owner))).collect();
            names.sort();
            if names.windows(2).any(|pair| pair[0] == pair[1]) {
                broken.push("two secrets had one name".to_owned());
            }
            states.push((event.tick, world));
        }
        Self(states)
    }

    pub(crate) fn last(&self) -> &World {
        static EMPTY: World = World::new();
        self.0.last().map_or(&EMPTY, |(_, world)| world)
    }

    fn during(&self, began: u64, ended: u64) -> &[(u64, World)] {
        let first = self.0.partition_point(|(tick, _)| *tick <= began).saturating_sub(1);
        let end = self.0.partition_point(|(tick, _)| *tick <= ended);
        &self.0[first..end.max(first + 1)]
    }
}

fn apply(world: &mut World, event: &Event, operation: &Operation, history: usize) -> Result<(), String> {
    match &operation.intent {
        Intent::Create { name, private, values } => {
            let new = Expected {
                name: name.clone(),
                private: *private,
                owner: operation.actor,
                revision: 1,
                versions: vec![(1, values.clone(), !private)],
            };
            match world.insert(event.secret, new) {
                None => Ok(()),
                Some(_) => Err("a secret was created over another".to_owned()),
            }
        }
        Intent::Update { which, change, expected } => {
            let secret = world.get_mut(&event.secret).ok_or("a deleted secret was changed")?;
            permitted(secret, event.secret, which, *expected, operation.actor)?;
            if change.private.is_some() && secret.owner != operation.actor {
                return Err("somebody else set the privacy".to_owned());
            }
            update(secret, change, operation.actor, history)
        }
        Intent::Delete { which, expected } => {
            let secret = world.remove(&event.secret).ok_or("a secret was deleted twice")?;
            if !event.deleted {
                return Err("a deletion changed a secret".to_owned());
            }
            permitted(&secret, event.secret, which, *expected, operation.actor)
        }
        Intent::Get { .. } | Intent::List => Err("a read changed something".to_owned()),
    }
}

fn permitted(
    secret: &Expected,
    id: SecretId,
    which: &Which,
    expected: Option<u64>,
    actor: OwnerId,
) -> Result<(), String> {
    if !secret.seen_by(actor) {
        return Err("a private secret was changed by somebody else".to_owned());
    }
    if expected.is_some_and(|expected| expected != secret.revision) {
        return Err("a stale expected revision was accepted".to_owned());
    }
    let meant = match which {
        Which::Id(meant) => *meant == id,
        Which::Name(name, _) => *name == secret.name,
    };
    if meant { Ok(()) } else { Err("another secret was changed than the one meant".to_owned()) }
}

fn update(secret: &mut Expected, change: &Change, actor: OwnerId, history: usize) -> Result<(), String> {
    secret.revision += 1;
    if let Some(name) = &change.name {
        secret.name.clone_from(name);
    }
    if let Some(private) = change.private {
        secret.private = private;
    }
    let mut values = secret.current().map(|version| version.1.clone()).unwrap_or_default();
    let written = match &change.values {
        Wanted::Keep => false,
        Wanted::Patch(key, Some(value)) => {
            values.insert(key.clone(), value.clone());
            true
        }
        Wanted::Patch(key, None) => {
            values.remove(key);
            true
        }
        Wanted::Replace(all) => {
            values.clone_from(all);
            true
        }
        Wanted::Restore(revision) => {
            let own = secret.owner == actor;
            let version = secret.as_of(*revision).filter(|version| own || version.2);
            values = version.ok_or("a version was restored that is not kept or not visible")?.1.clone();
            true
        }
    };
    if written {
        secret.versions.push((secret.revision, values, !secret.private));
        let surplus = secret.versions.len().saturating_sub(history);
        secret.versions.drain(..surplus);
    } else if !secret.private
        && let Some(current) = secret.versions.last_mut()
    {
        current.2 = true;
    }
    Ok(())
}

/// Whether an answer tells of a secret as the change left it. A change whose COMMIT got no answer, and which another one
/// followed before that was found out, is answered with what it was computed from: a name of before, if values were all
/// that it set.
fn told<'a>(meta: &SecretMeta, left: &'a Expected, before: impl Iterator<Item = &'a Expected>) -> bool {
    let known: Vec<_> = before.chain([left]).collect();
    meta.revision.0 == left.revision
        && meta.owner.id == left.owner
        && known.iter().any(|secret| secret.name == meta.name.as_str())
        && known.iter().any(|secret| secret.private == meta.private)
}

/// All that an answer is held against.
pub(crate) struct Run<'a> {
    pub(crate) states: &'a States,
    pub(crate) operations: &'a [Operation],
    pub(crate) troubles: Troubles,
    /// When attempts to move a version of a secret began, in microseconds.
    pub(crate) moves: Vec<(SecretId, u64)>,
    /// How long an attempt has its lock. During half of it its put is sent.
    pub(crate) lease: Duration,
}

/// Checks one operation; `own` are the commits that it made.
pub(crate) fn check(operation: &Operation, own: &[&Event], run: &Run<'_>) -> Result<(), String> {
    let changes = operation.changes();
    if own.len() > 1 {
        return Err(format!("applied {} times", own.len()));
    }
    let Some((ended, answer)) = &operation.ended else { return Ok(()) };
    let during = run.states.during(operation.began, *ended);
    let actor = operation.actor;
    if let Answer::Failed(kind, text) = answer {
        if !own.is_empty() && *kind != ErrorKind::OutcomeUnknown {
            return Err(format!("answered {kind:?} ({text}) but was applied"));
        }
        return refusals::check(operation, *kind, text, during, run);
    }
    if changes {
        let event = own.first().ok_or("acknowledged but never applied")?;
        if event.tick < operation.began || event.tick > *ended {
            return Err("applied outside of its time".to_owned());
        }
        // Whatever others made of the secret since.
        let (before, since) = during.split_at(during.partition_point(|(tick, _)| *tick < event.tick));
        let left = since.first().map(|(_, world)| world.get(&event.secret));
        let right = match (answer, left) {
            (Answer::Deleted, Some(after)) => after.is_none(),
            (Answer::Created(meta) | Answer::Updated(meta), Some(Some(after))) => {
                let before = before.iter().filter_map(|(_, world)| world.get(&event.secret));
                meta.id == event.secret && told(meta, after, before)
            }
            _ => false,
        };
        return if right { Ok(()) } else { Err(format!("the answer {answer:?} is not what was committed")) };
    }
    let ok = during.iter().any(|(_, world)| match (answer, &operation.intent) {
        (Answer::Got(meta, values, version), Intent::Get { which, as_of }) => {
            world.get(&meta.id).is_some_and(|secret| {
                let meant = match which {
                    Which::Id(id) => *id == meta.id,
                    Which::Name(name, private) => {
                        *name == secret.name && private.is_none_or(|p| p == secret.private)
                    }
                };
                let at = as_of.map_or_else(|| secret.current(), |revision| secret.as_of(revision));
                let own = secret.owner == actor;
                // A read of an older version looks at the row and then at the version: two moments.
                let row = secret.is(meta) || as_of.is_some();
                meant
                    && row
                    && secret.seen_by(actor)
                    && at.is_some_and(|at| at.0 == *version && at.1 == *values && (own || at.2))
            })
        }
        (Answer::Listed(items), Intent::List) => {
            let visible: Vec<_> = world.iter().filter(|(_, secret)| secret.seen_by(actor)).collect();
            visible.len() == items.len()
                && items.iter().all(|meta| world.get(&meta.id).is_some_and(|secret| secret.is(meta)))
        }
        _ => false,
    });
    if ok { Ok(()) } else { Err(format!("the answer {answer:?} was true at no moment")) }
}
