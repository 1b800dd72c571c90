//! What truly happened, written down where it happens.

use super::{
    catalog::at_once,
    scheduler::at_micros,
    troubles::{Trouble, Troubles},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use strongroom_core::{ObjectId, SecretId, VersionRef};
use strongroom_engine::{
    Attempt, Catalog, Commit, Debris, Delete, Lookup, Pending, Pin, Place, Rehome, Settled, Subject,
    crypto::KeyId,
};

/// The order of commits, and what must never happen and did.
#[derive(Clone)]
pub(crate) struct Truth {
    beneath: Arc<dyn Catalog>,
    state: Arc<Mutex<State>>,
    /// How late anything may land after its attempt was given up.
    late: Duration,
}

#[derive(Default)]
struct State {
    tick: u64,
    events: Vec<Event>,
    broken: Vec<String>,
    troubles: Troubles,
    /// When an attempt to move a version of a secret took its lock, in microseconds.
    moves: Vec<(SecretId, u64)>,
    /// Until when the old place of a version that moved stays readable, in microseconds.
    grace: BTreeMap<(ObjectId, VersionRef), u64>,
    /// When an object was last looked at or deleted, in microseconds.
    looked: BTreeMap<ObjectId, u64>,
}

/// One committed change of a secret.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// When, in the order of everything that clients see.
    pub(crate) tick: u64,
    pub(crate) secret: SecretId,
    /// The client's operation that made it.
    pub(crate) operation: usize,
    pub(crate) deleted: bool,
}

impl Truth {
    pub(crate) fn new(beneath: Arc<dyn Catalog>, late: Duration) -> Self {
        Self { beneath, state: Arc::default(), late }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn beneath(&self) -> Arc<dyn Catalog> {
        self.beneath.clone()
    }

    /// The next moment.
    pub(crate) fn tick(&self) -> u64 {
        let mut state = self.lock();
        state.tick += 1;
        state.tick
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    pub(crate) fn broken(&self) -> Vec<String> {
        self.lock().broken.clone()
    }

    pub(crate) fn break_promise(&self, what: impl Into<String>) {
        self.lock().broken.push(what.into());
    }

    /// Something goes wrong, for a while. Times are in microseconds.
    pub(crate) fn trouble(&self, trouble: Trouble, from: u64, until: u64) {
        self.lock().troubles.note(trouble, from, until);
    }

    pub(crate) fn troubles(&self) -> Troubles {
        self.lock().troubles.clone()
    }

    /// An attempt has its lock since just now.
    pub(crate) fn began(&self, attempt: &Attempt, now: u64) {
        if attempt.uid != attempt.version {
            self.lock().moves.push((attempt.secret, now));
        }
    }

    /// When attempts to move a version of a secret began.
    pub(crate) fn moves(&self) -> Vec<(SecretId, u64)> {
        self.lock().moves.clone()
    }

    /// The change of an attempt that has its lock was refused, since the row is not what it was computed from.
    pub(crate) fn outrun(&self, change: &Commit) {
        let (Some(_), Subject::Existing { guard, .. }) = (change.attempt, &change.subject) else { return };
        let Pin::Version(base) = guard.pin else { return };
        let row = at_once(self.beneath.current(&[Lookup::Id(change.secret)]));
        let row = row.ok().and_then(|mut rows| rows.pop().flatten());
        if row.is_some_and(|row| row.version.uid != base) {
            self.break_promise("two attempts on one secret were open: one of them was paid for nothing");
        }
    }

    pub(crate) fn committed(&self, change: &Commit) {
        self.event(change.secret, change.entry.origin.request.as_deref(), false);
    }

    pub(crate) fn deleted(&self, delete: &Delete) {
        self.event(delete.secret, delete.entry.origin.request.as_deref(), true);
        let Ok(pending) = at_once(self.beneath.pending(u32::MAX)) else { return };
        if pending.iter().any(|row| row.locked && row.secret == delete.secret) {
            self.break_promise("an attempt on a secret that was deleted still has its lock");
        }
    }

    /// A key was destroyed just now.
    pub(crate) fn destroyed(&self, key: KeyId) {
        let Ok(pending) = at_once(self.beneath.pending(u32::MAX)) else { return };
        let Ok(summary) = at_once(self.beneath.summary()) else { return };
        let sealed = summary.sealed_with.iter().any(|(used, versions)| *used == key && *versions > 0);
        if sealed || pending.iter().any(|row| row.key == Some(key)) {
            self.break_promise("a key was destroyed while something is sealed with it");
        }
    }

    /// A version moved just now.
    pub(crate) fn moved(&self, rehome: &Rehome, grace: Duration, now: u64) {
        if let Place::External { object, at, .. } = &rehome.from {
            let until = now + grace.as_micros() as u64;
            self.lock().grace.entry((*object, at.clone())).or_insert(until);
        }
    }

    /// A row about garbage is worked on from now on.
    pub(crate) fn claimed(&self, row: &Pending, now: u64) {
        let Debris::Version(at) = &row.debris else { return };
        let until = self.lock().grace.get(&(row.object, at.clone())).copied();
        if until.is_some_and(|until| now < until) {
            self.break_promise("the old place of a version that moved is removed within the grace");
        }
    }

    /// An object is looked at, or deleted.
    pub(crate) fn looked(&self, object: ObjectId, now: u64) {
        self.lock().looked.insert(object, now);
    }

    /// A claim ended: `claimed` is the row as it was when it was claimed, `now` as it was when the claim ended.
    pub(crate) fn settled(&self, claimed: &Pending, now: &Pending, settled: Settled) {
        if (claimed.born, claimed.due, claimed.claimed) != (now.born, now.due, now.claimed) {
            self.break_promise("a claim ended although its row was touched meanwhile");
        }
        let may_come = matches!(now.debris, Debris::Unknown | Debris::Object);
        let over = at_micros(now.born.plus(self.late));
        let looked = self.lock().looked.get(&now.object).copied();
        if settled == Settled::Drop && may_come && looked.is_none_or(|looked| looked < over) {
            self.break_promise(
                "nobody looked for what a row explained when nothing of it could come any more",
            );
        }
    }

    fn event(&self, secret: SecretId, request: Option<&str>, deleted: bool) {
        let tick = self.tick();
        let mut state = self.lock();
        match request.and_then(|request| request.parse().ok()) {
            Some(operation) => state.events.push(Event { tick, secret, operation, deleted }),
            None => state.broken.push("a change without its request".to_owned()),
        }
    }

    /// Called at the very moment at which something is removed from a back-end.
    pub(crate) fn must_not_be_named(&self, object: ObjectId, at: Option<&VersionRef>) {
        let Ok(uses) = at_once(self.beneath.explained(&[object])) else { return };
        let named = uses.into_iter().flat_map(|uses| uses.named);
        if named.into_iter().any(|named| at.is_none_or(|at| *at == named)) {
            self.break_promise("a committed version was removed from the back-end");
        }
    }
}
