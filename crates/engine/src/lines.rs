//! One writer at a time for each secret, within this process: racing writers wait in line instead of paying for puts
//! that lose.

use crate::deadline::Deadline;
use futures::lock::{Mutex as AsyncMutex, OwnedMutexGuard};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use strongroom_core::{Result, SecretId};

type Line = Arc<AsyncMutex<()>>;

#[derive(Default)]
pub(crate) struct Lines(Arc<Mutex<BTreeMap<SecretId, Line>>>);

/// A place at the head of the line; leaving it lets the next one in.
pub(crate) struct Turn {
    lines: Arc<Mutex<BTreeMap<SecretId, Line>>>,
    secret: SecretId,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Lines {
    pub(crate) async fn enter(&self, secret: SecretId, deadline: &Deadline) -> Result<Turn> {
        let line = self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(secret).or_default().clone();
        let mut turn = Turn { lines: self.0.clone(), secret, guard: None };
        turn.guard = Some(deadline.bound(line.lock_owned()).await?);
        Ok(turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.guard = None;
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        // Only the map holds it: nobody waits.
        if lines.get(&self.secret).is_some_and(|line| Arc::strong_count(line) == 1) {
            lines.remove(&self.secret);
        }
    }
}
