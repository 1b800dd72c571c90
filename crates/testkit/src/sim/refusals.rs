//! Holding every refusal to what truly happened: what was refused must have been wrong to ask for at some moment, or
//! something must have gone wrong meanwhile, or the time must have been over.

use super::{
    check::{Expected, Run, World},
    clients::{DEADLINE, Intent, Operation, Wanted, Which},
    troubles::Trouble,
};
use std::{collections::BTreeSet, time::Duration};
use strongroom_core::{ErrorKind, OwnerId, SecretId};

/// Whatever may keep a change from being done in time.
const ANY: [Trouble; 5] =
    [Trouble::Refused, Trouble::InDoubt, Trouble::Unreachable, Trouble::Unanswered, Trouble::Stopped];

/// A refusal must have been right at some moment too.
pub(super) fn check(
    operation: &Operation,
    kind: ErrorKind,
    text: &str,
    during: &[(u64, World)],
    run: &Run<'_>,
) -> Result<(), String> {
    let actor = operation.actor;
    let meant = |world: &World, which: &Which| -> Vec<Expected> {
        meant_by(actor, world, which).map(|(_, secret)| secret.clone()).collect()
    };
    let (from, until) = operation.time;
    let happened = |kinds: &[Trouble]| run.troubles.any(kinds, from, until);
    let right = match (kind, &operation.intent) {
        (ErrorKind::NotFound, Intent::Get { which, as_of: None } | Intent::Delete { which, .. }) => {
            during.iter().any(|(_, world)| meant(world, which).is_empty())
        }
        (ErrorKind::NotFound, Intent::Get { which, as_of: Some(revision) }) => {
            during.iter().any(|(_, world)| {
                meant(world, which).is_empty()
                    || meant(world, which).iter().any(|secret| {
                        secret.as_of(*revision).is_none_or(|version| secret.owner != actor && !version.2)
                    })
            })
        }
        (ErrorKind::NotFound, Intent::Update { which, change, .. }) => during.iter().any(|(_, world)| {
            let meant = meant(world, which);
            meant.is_empty()
                || meant.iter().any(|secret| match change.values {
                    Wanted::Restore(revision) => {
                        secret.as_of(revision).is_none_or(|version| secret.owner != actor && !version.2)
                    }
                    _ => false,
                })
        }),
        (ErrorKind::AlreadyExists, Intent::Create { name, private, .. }) => {
            during.iter().any(|(_, world)| {
                world
                    .values()
                    .any(|s| s.name == *name && s.private == *private && (!private || s.owner == actor))
            })
        }
        (ErrorKind::AlreadyExists, Intent::Update { which, change, .. }) => {
            during.iter().any(|(_, world)| {
                meant(world, which).iter().any(|secret| {
                    let name = change.name.as_ref().unwrap_or(&secret.name);
                    let private = change.private.unwrap_or(secret.private);
                    let holders = world.values().filter(|other| {
                        other.name == *name
                            && other.private == private
                            && (!private || other.owner == secret.owner)
                    });
                    holders.count() > usize::from(*name == secret.name && private == secret.private)
                })
            })
        }
        (ErrorKind::PermissionDenied, Intent::Update { which, change, .. }) => {
            during.iter().any(|(_, world)| {
                change.private.is_some() && meant(world, which).iter().any(|s| s.owner != actor)
            })
        }
        (ErrorKind::Conflict, Intent::Update { which, expected: Some(expected), .. })
        | (ErrorKind::Conflict, Intent::Delete { which, expected: Some(expected) })
            if during
                .iter()
                .any(|(_, world)| meant(world, which).iter().any(|secret| secret.revision != *expected)) =>
        {
            true
        }
        // Others kept changing it until the time was over.
        (ErrorKind::Conflict, _) => {
            waited(operation, DEADLINE) && (happened(&ANY) || run.has_rival(operation, during))
        }
        (ErrorKind::Corrupt, _) => happened(&[Trouble::Old]),
        (ErrorKind::Unavailable, _) => {
            happened(&[Trouble::Refused, Trouble::Unreachable, Trouble::Unanswered, Trouble::NotShown])
        }
        (ErrorKind::Timeout, _) => {
            waited(operation, DEADLINE)
                || happened(&[Trouble::Unanswered, Trouble::Stopped])
                || operation.changes() && waited(operation, run.lease / 2)
        }
        (ErrorKind::OutcomeUnknown, _) => operation.changes() && happened(&[Trouble::InDoubt]),
        _ => false,
    };
    if right { Ok(()) } else { Err(format!("answered {kind:?} ({text}), which was right at no moment")) }
}

/// What a caller means and may know of. By name there may be a public and a private one: which of them was meant is not
/// told by a refusal.
fn meant_by<'a>(
    actor: OwnerId,
    world: &'a World,
    which: &'a Which,
) -> impl Iterator<Item = (&'a SecretId, &'a Expected)> {
    world.iter().filter(move |(id, secret)| {
        secret.seen_by(actor)
            && match which {
                Which::Id(meant) => meant == *id,
                Which::Name(name, private) => {
                    *name == secret.name && private.is_none_or(|private| private == secret.private)
                }
            }
    })
}

/// Whether an operation took as long as that.
fn waited(operation: &Operation, time: Duration) -> bool {
    let (from, until) = operation.time;
    until - from >= time.as_micros() as u64
}

impl Run<'_> {
    /// Whether somebody else was changing, or moving, the same secret in that time.
    fn has_rival(&self, operation: &Operation, during: &[(u64, World)]) -> bool {
        let of = |operation: &Operation| -> BTreeSet<SecretId> {
            let (Intent::Update { which, .. } | Intent::Delete { which, .. }) = &operation.intent else {
                return BTreeSet::new();
            };
            let moments = during.iter().flat_map(|(_, world)| meant_by(operation.actor, world, which));
            moments.map(|(id, _)| *id).collect()
        };
        let own = of(operation);
        let overlap =
            |other: &Operation| other.time.0 <= operation.time.1 && other.time.1 >= operation.time.0;
        self.operations
            .iter()
            .any(|other| !std::ptr::eq(other, operation) && overlap(other) && !of(other).is_disjoint(&own))
            || self.moves.iter().any(|(secret, at)| own.contains(secret) && *at <= operation.time.1)
    }
}
