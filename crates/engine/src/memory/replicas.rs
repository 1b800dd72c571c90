//! Processes that run.

use super::state::State;
use crate::Replica;
use std::time::Duration;
use strongroom_core::{Result, Timestamp};

impl State {
    pub(super) fn announce(&mut self, replica: &Replica, lasts: Duration, now: Timestamp) -> Result<()> {
        let opens = |key| self.keys.wraps.iter().any(|wrap| wrap.key == key && wrap.root == replica.root);
        if let Some(closed) = self.keys.keys.iter().find(|key| !opens(key.id)) {
            let needed = self.keys.wraps.iter().find(|wrap| wrap.key == closed.id).map(|wrap| wrap.root);
            return Err(Replica::locked_out(replica.root, needed));
        }
        self.replicas.retain(|_, (_, until)| runs(*until, now));
        self.replicas.insert(replica.id, (replica.clone(), now.plus(lasts)));
        Ok(())
    }

    pub(super) fn running(&self, now: Timestamp) -> Vec<Replica> {
        let live = self.replicas.values().filter(|(_, until)| runs(*until, now));
        let mut running: Vec<Replica> = live.map(|(replica, _)| replica.clone()).collect();
        running.sort_by(|a, b| a.name.cmp(&b.name));
        running
    }
}

/// Whether one does that is noted until then.
fn runs(until: Timestamp, now: Timestamp) -> bool {
    until > now && until <= now.plus(Replica::LONGEST)
}
