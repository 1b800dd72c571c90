//! Sweeping.

use super::{attempt::fence, state::State};
use crate::{Pending, Place, Settled, StoreName, Uses};
use std::time::Duration;
use strongroom_core::{ObjectId, SecretId, Timestamp};

impl State {
    pub(super) fn fence_overdue(&mut self, all: bool, now: Timestamp) -> u64 {
        let mut fenced = 0;
        for pending in self.pending.values_mut().filter(|p| p.locked && (all || p.due <= now)) {
            fence(pending, now);
            fenced += 1;
        }
        fenced
    }

    pub(super) fn claim(&mut self, limit: u32, claim: Duration, early: bool, now: Timestamp) -> Vec<Pending> {
        let ready = |pending: &&mut Pending| !pending.locked && (early || pending.due <= now);
        let mut due: Vec<&mut Pending> = self.pending.values_mut().filter(ready).collect();
        due.sort_by_key(|pending| pending.due);
        let claimed = due.into_iter().take(limit as usize).map(|pending| {
            pending.claimed = Some(now);
            pending.due = now.plus(claim);
            pending.clone()
        });
        claimed.collect()
    }

    pub(super) fn settle(&mut self, pending: &Pending, settled: Settled, now: Timestamp) -> bool {
        let Some(row) = self.pending.get_mut(&pending.uid) else { return false };
        if row.locked || row.claimed != pending.claimed || row.due != pending.due {
            return false;
        }
        match settled {
            Settled::Drop => {
                self.pending.remove(&pending.uid);
            }
            Settled::AfterBirth(time) => row.due = row.born.plus(time),
            Settled::After(time) => row.due = now.plus(time),
        }
        true
    }

    pub(super) fn uses(&self, secret: SecretId, store: &StoreName, object: ObjectId) -> Uses {
        Uses {
            live: self.secrets.contains_key(&secret),
            attempt_open: self.pending.values().any(|p| p.locked && p.secret == secret),
            ..self.explained(Some(store), object)
        }
    }

    /// In this store, or in any.
    pub(super) fn explained(&self, store: Option<&StoreName>, object: ObjectId) -> Uses {
        let mut uses = Uses { object, live: false, attempt_open: false, named: Vec::new(), pending: false };
        for ((secret, _), version) in &self.versions {
            if let Place::External { store: s, object: o, at } = &version.place
                && store.is_none_or(|store| s == store)
                && *o == object
            {
                uses.live |= self.secrets.contains_key(secret);
                uses.named.push(at.clone());
            }
        }
        uses.pending =
            self.pending.values().any(|p| store.is_none_or(|store| p.store == *store) && p.object == object);
        uses
    }

    pub(super) fn all_pending(&self) -> Vec<Pending> {
        let mut all: Vec<Pending> = self.pending.values().cloned().collect();
        all.sort_by_key(|pending| (pending.born, pending.uid));
        all
    }
}
