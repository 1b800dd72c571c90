//! Attempts to write to a back-end, and moves.

use super::state::State;
use crate::{Attempt, Begun, Debris, Env, Pending, Place, Rehome, Rehomed, crypto::KeyId};
use std::time::Duration;
use strongroom_core::{Timestamp, VersionRef, VersionUid};

impl State {
    pub(super) fn begin(&mut self, attempt: &Attempt, now: Timestamp) -> Begun {
        if let Some(own) = self.pending.get(&attempt.uid) {
            return if own.locked { Begun::Open } else { Begun::Fenced };
        }
        let holder = self.pending.values_mut().find(|p| p.locked && p.secret == attempt.secret);
        if let Some(holder) = holder {
            if holder.due > now {
                return Begun::Busy;
            }
            fence(holder, now);
        }
        if let Some(base) = attempt.base {
            let Some(secret) = self.secrets.get(&attempt.secret) else { return Begun::Gone };
            if self.versions.get(&(attempt.secret, secret.current)).is_none_or(|v| v.uid != base) {
                return Begun::Stale;
            }
            let named = self.versions_of(attempt.secret).any(|version| {
                matches!(&version.place, Place::External { store, object, .. }
                    if *store == attempt.store && *object == attempt.object)
            });
            if !attempt.fresh && !named {
                return Begun::Stale;
            }
        }
        let known = |id: KeyId| self.keys.keys.iter().any(|key| key.id == id);
        if !attempt.key.into_iter().chain(crate::digest_key(&attempt.digest)).all(known) {
            return Begun::KeyRetired;
        }
        let pending = Pending::of_attempt(attempt, now);
        self.pending.insert(attempt.uid, pending);
        Begun::Open
    }

    pub(super) fn abandon(
        &mut self,
        uid: VersionUid,
        at: Option<&VersionRef>,
        claim: Duration,
        now: Timestamp,
    ) -> Option<Pending> {
        let pending = self.pending.get_mut(&uid)?;
        fence(pending, now);
        if let Some(at) = at {
            pending.debris = Debris::Version(at.clone());
        }
        pending.claimed = Some(now);
        pending.due = now.plus(claim);
        Some(pending.clone())
    }

    pub(super) fn rehome(&mut self, rehome: &Rehome, now: Timestamp, env: &dyn Env) -> Rehomed {
        let found = self.versions_of(rehome.secret).find(|version| version.uid == rehome.to.uid).cloned();
        let Some(version) = found else { return Rehomed::Moved };
        if version.place == rehome.to.place {
            return Rehomed::Done;
        }
        if rehome.attempt.is_some_and(|uid| self.pending.get(&uid).is_none_or(|p| !p.locked)) {
            return Rehomed::Fenced;
        }
        if version.place != rehome.from {
            return Rehomed::Moved;
        }
        if self.retired(&rehome.to) {
            return Rehomed::KeyRetired;
        }
        self.discard(rehome.secret, &version, env, now, rehome.grace);
        if let Some(uid) = rehome.attempt {
            self.end_attempt(uid, rehome.twin, now);
        }
        if let Some(version) = self.versions.get_mut(&(rehome.secret, version.revision)) {
            version.placed = now;
            version.place = rehome.to.place.clone();
            version.key = rehome.to.key;
            version.digest = rehome.to.digest.clone();
            version.size = rehome.to.size;
        }
        let called =
            self.secrets.get(&rehome.secret).map(|secret| (secret.meta.name.clone(), secret.meta.private));
        if rehome.labelled.is_some() && rehome.labelled != called {
            self.retag(rehome.secret, version.revision, now);
        }
        Rehomed::Done
    }
}

/// Takes the lock away: from now on nothing that this attempt does can commit, and its quarantine begins.
pub(super) fn fence(pending: &mut Pending, now: Timestamp) {
    pending.locked = false;
    pending.due = now;
    pending.born = now;
    pending.claimed = None;
}
