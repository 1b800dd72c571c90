//! Attempts to write values to a back-end.

use crate::{
    Attempt, Begun, Debris, NewVersionRow, Pending, Place, Row,
    calls::{Calls, Put},
    codec::{self, Bound},
    deadline::Deadline,
    engine::Core,
    env::fresh,
    labels::LabelRecord,
};
use std::sync::Arc;
use strongroom_core::{
    ErrorKind, NewVersion, ObjectId, Result, Retry, SecretId, SecretValues, VersionRef, VersionUid,
};

/// What is to be written.
pub(crate) struct ToWrite<'a> {
    /// The row that it is based on.
    pub(crate) base: Option<&'a Row>,
    /// The secret and version that the values belong to.
    pub(crate) bound: &'a Bound,
    pub(crate) values: &'a SecretValues,
    pub(crate) record: LabelRecord,
}

/// What became of an attempt.
pub(crate) enum Attempted {
    /// It is written and still has the lock: commit it.
    Written { version: NewVersionRow, twin: bool, relabel: bool },
    /// It did not get the lock in time, or the base moved: compute it again.
    Again,
}

impl Core {
    /// Takes the lock and writes values as a new version of the base's object, or of a fresh object if the base is not
    /// in this store. The version's uid names the attempt.
    pub(crate) async fn attempt(
        self: &Arc<Self>,
        store: &Arc<Calls>,
        what: ToWrite<'_>,
        deadline: &Deadline,
    ) -> Result<Attempted> {
        let (bound, uid) = (what.bound, what.bound.version);
        let (key, payload) = codec::encode(&self.ring, bound, store.sealed, what.values)?;
        store.check_size(&payload)?;
        let (object, after) = self.destination(store, what.base.map(|row| &row.version.place));
        let attempt = Attempt {
            uid,
            version: uid,
            secret: bound.secret,
            base: what.base.map(|row| row.version.uid),
            store: store.name.clone(),
            object,
            fresh: after.is_none(),
            key,
            digest: codec::digest(&self.ring, bound, what.values)?,
            lease: self.options.lease,
        };
        let Some(window) = self.open_attempt(&attempt, deadline).await? else {
            // A move changes where a version is and not the stamp by which a cached row is believed.
            self.forget(bound.secret);
            return Ok(Attempted::Again);
        };
        let labels = match self.labels_before(store, object, &what).await {
            Ok(labels) => labels,
            Err(error) => {
                self.release(uid, None, deadline).await;
                return Err(error);
            }
        };
        let mut new = NewVersion::new(object, uid, &payload, &labels);
        if let Some(after) = &after {
            new = new.after(after);
        }
        let put = self.put(store, bound.secret, &new, &window).await;
        let twin = put.sends > 1;
        let at = match put.at {
            Ok(at) => at,
            Err(error) => {
                self.abandon(uid, None, deadline).await;
                return Err(error);
            }
        };
        let place = Place::External { store: store.name.clone(), object, at };
        let size = u32::try_from(payload.expose().len()).unwrap_or(u32::MAX);
        let version = NewVersionRow { uid, place, key, digest: Some(attempt.digest), size };
        let relabel = self.labels_commit || attempt.fresh && store.info().limits.relabel_after_create;
        Ok(Attempted::Written { version, twin, relabel })
    }

    /// Puts a version; if its object is full, once more after what fell out of the history was removed.
    pub(crate) async fn put(
        self: &Arc<Self>,
        store: &Arc<Calls>,
        secret: SecretId,
        new: &NewVersion<'_>,
        window: &Deadline,
    ) -> Put {
        let first = store.put(new, window).await;
        match &first.at {
            Err(error) if error.retry() == Retry::AfterRemoval => {}
            _ => return first,
        }
        if let Err(error) = self.make_room(store, secret, new.object, window).await {
            return Put { at: Err(error), sends: first.sends };
        }
        let second = store.put(new, window).await;
        // What was refused left nothing.
        Put { at: second.at, sends: first.sends - 1 + second.sends }
    }

    /// Removes what is known to have fallen out of a secret's history, due or not. Its rows stay: the sweeper finds it
    /// gone.
    async fn make_room(
        self: &Arc<Self>,
        store: &Arc<Calls>,
        secret: SecretId,
        object: ObjectId,
        deadline: &Deadline,
    ) -> Result<()> {
        let all = self.patiently(deadline, || self.catalog.pending(u32::MAX)).await?;
        for pending in all.iter().filter(|one| one.secret == secret && one.object == object) {
            if let Debris::Version(at) = &pending.debris
                && pending.store == store.name
            {
                self.remove_version(store, pending, at, deadline).await?;
            }
        }
        Ok(())
    }

    /// The object that is written to, and its newest version that the catalog knows of: the object of a place in this
    /// store, or a fresh one.
    pub(crate) fn destination(
        &self,
        store: &Calls,
        beside: Option<&Place>,
    ) -> (ObjectId, Option<VersionRef>) {
        match beside {
            Some(Place::External { store: holder, object, at }) if *holder == store.name => {
                (*object, Some(at.clone()))
            }
            _ => (ObjectId(fresh(&*self.env)), None),
        }
    }

    /// Takes the secret's lock. Answers until when the attempt may send: not later than half the lease, measured from
    /// before the lock was taken, so that nothing is sent once somebody else may have taken over.
    pub(crate) async fn open_attempt(
        self: &Arc<Self>,
        attempt: &Attempt,
        deadline: &Deadline,
    ) -> Result<Option<Deadline>> {
        let mut polls = 0;
        loop {
            let half = Deadline::after(self.options.lease / 2, &self.env);
            let begun = self.certain(deadline, |_| self.catalog.begin(attempt)).await;
            match begun {
                Ok(Begun::Open) => {
                    let shorter = half.left().min(deadline.left());
                    return Ok(Some(Deadline::after(shorter, &self.env)));
                }
                Ok(Begun::Busy) if !deadline.is_over() => {
                    deadline.pause(self.options.backoff / 4, polls).await;
                    polls += 1;
                }
                Ok(Begun::Busy) => return Err(crate::errors::locked(self.options.lease)),
                Ok(Begun::Stale | Begun::Gone | Begun::Fenced) => return Ok(None),
                Ok(Begun::KeyRetired) => {
                    self.ring.reload().await?;
                    return Ok(None);
                }
                Err(error) => {
                    // The row may be there with the lock: give it back rather than let others wait for the lease.
                    self.release(attempt.uid, None, deadline).await;
                    // Nothing but the lock was in doubt.
                    let unknown = error.kind() == ErrorKind::OutcomeUnknown;
                    return Err(if unknown { crate::errors::not_begun() } else { error });
                }
            }
        }
    }

    /// Gives the lock back and cleans up once, as well as it can while the caller's time lasts: the row stays until the
    /// sweeper is content.
    pub(crate) async fn abandon(
        self: &Arc<Self>,
        uid: VersionUid,
        at: Option<VersionRef>,
        deadline: &Deadline,
    ) {
        if let Some(pending) = self.release(uid, at, deadline).await
            && !deadline.is_over()
            && let Err(error) = self.work(&pending, deadline).await
        {
            tracing::debug!(target: "strongroom::engine", %error, "left to the sweeper");
        }
    }

    /// Gives the lock back and leaves the rest to the sweeper, if the caller does not see to it.
    pub(crate) async fn release(
        &self,
        uid: VersionUid,
        at: Option<VersionRef>,
        deadline: &Deadline,
    ) -> Option<Pending> {
        let claim = self.options.lease;
        self.certain(deadline, |_| self.catalog.abandon(uid, at.as_ref(), claim)).await.ok().flatten()
    }
}
