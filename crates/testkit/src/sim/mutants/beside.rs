//! Attempts on one secret beside each other, each with a lock of its own.

use super::memory::lock;
use std::{collections::BTreeMap, sync::Mutex, time::Duration};
use strongroom_core::{Result, SecretId};
use strongroom_engine::{Attempt, Begun, Catalog, Lookup, Pending, Uses};

/// Which secret a lock is really about, where it is called after its attempt.
#[derive(Default)]
pub(super) struct Beside(Mutex<BTreeMap<SecretId, SecretId>>);

impl Beside {
    /// Begins an attempt although another one is open: all else that is required of it still is.
    pub(super) async fn begin(&self, inner: &dyn Catalog, attempt: &Attempt) -> Result<Begun> {
        let begun = inner.begin(attempt).await?;
        if begun != Begun::Busy {
            return Ok(begun);
        }
        if let Some(base) = attempt.base {
            let row = inner.current(&[Lookup::Id(attempt.secret)]).await?.pop().flatten();
            let Some(row) = row else { return Ok(Begun::Gone) };
            let uses = inner.uses(attempt.secret, &attempt.store, attempt.object).await?;
            if row.version.uid != base || !attempt.fresh && uses.named.is_empty() {
                return Ok(Begun::Stale);
            }
        }
        let own = SecretId(attempt.uid.0);
        lock(&self.0).insert(own, attempt.secret);
        inner.begin(&Attempt { secret: own, base: None, fresh: true, ..attempt.clone() }).await
    }

    /// A row as everybody else sees it.
    pub(super) fn seen(&self, mut row: Pending) -> Pending {
        row.secret = lock(&self.0).get(&row.secret).copied().unwrap_or(row.secret);
        row
    }

    /// Whether an attempt on the secret is open.
    pub(super) async fn uses(&self, inner: &dyn Catalog, secret: SecretId, mut uses: Uses) -> Result<Uses> {
        uses.attempt_open |= self.open(inner, secret).await?.next().is_some();
        Ok(uses)
    }

    /// Fences those of a secret that was deleted.
    pub(super) async fn fence(&self, inner: &dyn Catalog, secret: SecretId) -> Result<()> {
        for row in self.open(inner, secret).await? {
            inner.abandon(row.uid, None, Duration::ZERO).await?;
        }
        Ok(())
    }

    async fn open(&self, inner: &dyn Catalog, secret: SecretId) -> Result<impl Iterator<Item = Pending>> {
        let all = inner.pending(u32::MAX).await?.into_iter();
        let about = lock(&self.0).clone();
        Ok(all.filter(move |row| row.locked && about.get(&row.secret) == Some(&secret)))
    }
}
