//! Removing what attempts, deletions and a full history left in back-ends.
//!
//! Nothing is ever removed because it looks unknown, only what a pending row explains. Safety rests on the order "scan
//! first, then one read of the catalog": whatever the scan found was written before that read, so that a version row
//! that names it is there by then, unless an attempt is still open.

use crate::{
    Debris, Pending, Place, Row, Settled, Uses,
    calls::Calls,
    codec::{self, Bound},
    compare::is_damage,
    deadline::Deadline,
    engine::Core,
    errors,
};
use futures::{FutureExt, future::BoxFuture};
use std::sync::Arc;
use strongroom_core::{ErrorKind, Found, Result, VersionRef};

/// What became of the work on a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// It has to wait: for an attempt that is open, or others who are at the secret.
    Waits,
    /// What it speaks of is done.
    Part,
    /// The whole object is gone.
    Object,
}

impl Core {
    /// Works on one claimed row and ends the claim.
    pub(crate) async fn work(self: &Arc<Self>, pending: &Pending, deadline: &Deadline) -> Result<()> {
        self.work_in(pending, false, deadline).await.map(drop)
    }

    /// The same; `gone`: the whole object was deleted just now.
    pub(crate) async fn work_in(
        self: &Arc<Self>,
        pending: &Pending,
        gone: bool,
        deadline: &Deadline,
    ) -> Result<Done> {
        let out_of_reach = || errors::out_of_reach(&pending.store);
        let store = self.stores.get(&pending.store).ok_or_else(out_of_reach)?.clone();
        let mut done = match &pending.debris {
            Debris::Labels => self.relabel(&store, pending, deadline).await?,
            Debris::Object => self.delete_object(&store, pending, deadline).await?,
            // Of an attempt something may have come since.
            Debris::Version(_) if gone && !pending.attempted => Done::Object,
            Debris::Version(at) => self.remove_version(&store, pending, at, deadline).await?,
            Debris::Unknown => self.remove_unknown(&store, pending, deadline).await?,
        };
        // What people see at the service must be what is committed before the row that tells of the attempt may go.
        if done != Done::Waits && pending.attempted && !self.set_right(&store, pending, deadline).await? {
            done = Done::Waits;
        }
        let settled = if done == Done::Waits {
            Settled::After(self.options.lease / 4)
        } else if self.may_still_land(pending, done) {
            Settled::AfterBirth(self.options.late)
        } else {
            Settled::Drop
        };
        self.certain(deadline, |_| self.catalog.settle(pending, settled)).await?;
        Ok(done)
    }

    /// A request that was sent may take effect late: rows about anything that could still come are worked on once more
    /// by a pass that begins when nothing can come any more.
    fn may_still_land(&self, pending: &Pending, done: Done) -> bool {
        // A service that showed nothing of an object of an attempt, when it was deleted, may have done so too early.
        let unshown = pending.attempted && done == Done::Object;
        let quarantined = unshown || matches!(pending.debris, Debris::Unknown | Debris::Object);
        let over = pending.born.plus(self.options.late);
        quarantined && pending.claimed.is_none_or(|began| began < over)
    }

    async fn uses(&self, pending: &Pending, deadline: &Deadline) -> Result<Uses> {
        self.patiently(deadline, || self.catalog.uses(pending.secret, &pending.store, pending.object)).await
    }

    /// Brings labels up to date: until they say what the row says after they were written, since another one may have
    /// written them meanwhile. Labels are for people and for a rebuild of last resort: a crash right here leaves them one
    /// change behind until the next.
    pub(crate) async fn relabel(
        self: &Arc<Self>,
        store: &Calls,
        pending: &Pending,
        deadline: &Deadline,
    ) -> Result<Done> {
        // Nothing older must come over it where the labels are all that lasts.
        let _turn = match self.labels_commit {
            true => Some(self.label_lines.enter(pending.secret, deadline).await?),
            false => None,
        };
        let mut row = self.row_of(pending, deadline).await?;
        while let Some(told) = row {
            let Place::External { store: holder, object, .. } = &told.version.place else { break };
            if *holder != store.name {
                break;
            }
            let labels = self.labels_now(store, *object, &told.meta).await?;
            match store.relabel(*object, &labels, deadline).await {
                // Gone, or so new that the service does not show it: only the former is the end of it.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    if self.env.now().since(told.version.placed) < self.options.young {
                        return Err(store.named(errors::not_shown(), "relabel"));
                    }
                }
                done => done?,
            }
            row = self.row_of(pending, deadline).await?.filter(|now| now.stamp != told.stamp);
        }
        Ok(Done::Part)
    }

    async fn row_of(&self, pending: &Pending, deadline: &Deadline) -> Result<Option<Row>> {
        self.row_now(pending.secret, deadline).await
    }

    async fn delete_object(
        self: &Arc<Self>,
        store: &Calls,
        pending: &Pending,
        deadline: &Deadline,
    ) -> Result<Done> {
        let uses = self.uses(pending, deadline).await?;
        // An object is never used again, so nothing names it; were it otherwise, it would have to stay.
        if !uses.named.is_empty() {
            return Ok(Done::Part);
        }
        store.delete(pending.object, deadline).await?;
        Ok(Done::Object)
    }

    /// Removes one version, or the whole object if it was the last thing that the catalog knew of it: some services
    /// leave an empty shell behind.
    pub(crate) async fn remove_version(
        self: &Arc<Self>,
        store: &Calls,
        pending: &Pending,
        at: &VersionRef,
        deadline: &Deadline,
    ) -> Result<Done> {
        let uses = self.uses(pending, deadline).await?;
        if uses.named.is_empty() {
            if uses.attempt_open {
                return Ok(Done::Waits);
            }
            store.delete(pending.object, deadline).await?;
            return Ok(Done::Object);
        }
        if !uses.named.contains(at) {
            self.unlist(store, pending, deadline).await?;
            store.remove(pending.object, at, deadline).await?;
        }
        Ok(Done::Part)
    }

    /// Removes what an attempt may have written.
    async fn remove_unknown(
        self: &Arc<Self>,
        store: &Calls,
        pending: &Pending,
        deadline: &Deadline,
    ) -> Result<Done> {
        let found = store.scan(pending.object, deadline).await?;
        let uses = self.uses(pending, deadline).await?;
        if uses.attempt_open {
            return Ok(Done::Waits);
        }
        if uses.named.is_empty() {
            // Versions that were committed once, and are deleted with the object, are none that an answer was lost of.
            let mut twins = 0;
            for one in found.iter().filter(|one| one.at.is_some()) {
                twins += u64::from(matches!(self.explains(store, pending, one, deadline).await, Ok(true)));
            }
            store.delete(pending.object, deadline).await?;
            store.removed_twins(twins);
            return Ok(Done::Object);
        }
        self.unlist(store, pending, deadline).await?;
        for one in found {
            let Some(at) = &one.at else { continue };
            if !uses.named.contains(at) && self.explains(store, pending, &one, deadline).await? {
                store.remove(pending.object, at, deadline).await?;
                store.removed_twins(1);
            }
        }
        Ok(Done::Part)
    }

    /// Whether the attempt of this row wrote that version: by uid where the service can tell, else by content.
    async fn explains(
        &self,
        store: &Calls,
        pending: &Pending,
        found: &Found,
        deadline: &Deadline,
    ) -> Result<bool> {
        if let Some(uid) = found.uid {
            return Ok(uid == pending.uid);
        }
        let (Some(at), Some(pinned)) = (&found.at, &pending.digest) else { return Ok(false) };
        let bound = Bound { namespace: self.namespace(), secret: pending.secret, version: pending.version };
        let matched = async {
            let payload = store.get(found.object, at, deadline).await?;
            let values = codec::decode(&self.ring, &bound, pending.key, &payload).await?;
            codec::verify(&self.ring, &bound, pinned, &values).await
        };
        match matched.await {
            Ok(()) => Ok(true),
            // Other bytes than it would have written, or gone by now. Whatever else is wrong says nothing about them.
            Err(error) if error.kind() == ErrorKind::NotFound || is_damage(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the object tell of what is committed again, after an attempt that was not: its labels, and its own newest
    /// version, for which the committed value is put once more. `false` if it did not come to it, because others were at
    /// the secret.
    ///
    /// Boxed, because it is large and every write may come to it.
    fn set_right<'a>(
        self: &'a Arc<Self>,
        store: &'a Arc<Calls>,
        pending: &'a Pending,
        deadline: &'a Deadline,
    ) -> BoxFuture<'a, Result<bool>> {
        async move {
            let Some(row) = self.row_of(pending, deadline).await?.map(Arc::new) else { return Ok(true) };
            let Place::External { store: holder, object, at } = &row.version.place else { return Ok(true) };
            if *holder != store.name || *object != pending.object {
                return Ok(true);
            }
            self.relabel(store, pending, deadline).await?;
            if store.sealed || row.version.key.is_some() {
                return Ok(true);
            }
            let newest = store.scan(*object, deadline).await?.into_iter().find(|found| found.newest);
            if newest.is_some_and(|found| found.at.as_ref() == Some(at)) {
                return Ok(true);
            }
            if self.is_left_to_a_younger(pending, deadline).await? {
                return Ok(true);
            }
            self.move_version(&row, Some(store), deadline).await
        }
        .boxed()
    }

    /// Whether the row of a later attempt stands for this one too. A put that fails leaves such a row: were each of them
    /// to put again, an outage would double them with every sweep. The youngest is worked on last of all, when nothing
    /// of the older ones can come any more.
    async fn is_left_to_a_younger(&self, pending: &Pending, deadline: &Deadline) -> Result<bool> {
        let all = self.patiently(deadline, || self.catalog.pending(u32::MAX)).await?;
        Ok(all.iter().any(|other| {
            (&other.store, other.object) == (&pending.store, pending.object)
                && other.attempted
                && !other.locked
                && other.debris == Debris::Unknown
                && (other.born, other.uid) > (pending.born, pending.uid)
        }))
    }
}
