//! What truly happened, written down where it happens.

use super::catalog::at_once;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use strongroom_core::{ObjectId, SecretId, VersionRef};
use strongroom_engine::{Catalog, Commit, Delete, StoreName};

/// The order of commits, and what must never happen and did.
#[derive(Clone)]
pub(crate) struct Truth {
    beneath: Arc<dyn Catalog>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    tick: u64,
    events: Vec<Event>,
    broken: Vec<String>,
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
    pub(crate) fn new(beneath: Arc<dyn Catalog>) -> Self {
        Self { beneath, state: Arc::default() }
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

    pub(crate) fn committed(&self, change: &Commit) {
        self.event(change.secret, change.entry.origin.request.as_deref(), false);
    }

    pub(crate) fn deleted(&self, delete: &Delete) {
        self.event(delete.secret, delete.entry.origin.request.as_deref(), true);
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
    pub(crate) fn must_not_be_named(&self, store: &StoreName, object: ObjectId, at: Option<&VersionRef>) {
        let Ok(uses) = at_once(self.beneath.explained(store, &[object])) else { return };
        let named = uses.into_iter().flat_map(|uses| uses.named);
        if named.into_iter().any(|named| at.is_none_or(|at| *at == named)) {
            self.break_promise("a committed version was removed from the back-end");
        }
    }
}
