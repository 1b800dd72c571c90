//! Changes that last without a database: the labels in the store are the catalog's only copy, and list the versions.
//!
//! A put carries the labels as they were before it, and lists nothing new. What is committed in memory lasts once the
//! labels were written again; only then is the change acknowledged. Nothing is removed that the labels may still list.
//! So whoever loads the labels finds everything that was acknowledged, and of what was not, all or nothing.

use crate::{
    Debris, Pending, Place,
    calls::Calls,
    deadline::Deadline,
    engine::Core,
    external::ToWrite,
    garbage::Done,
    kept::Kept,
    labels::{self, LabelRecord, Told, labels},
};
use std::sync::Arc;
use strongroom_core::{Error, ErrorKind, Labels, ObjectId, Reason, Result, SecretId, SecretMeta, VersionUid};

/// The reference that room is left for where none is known yet: as long as those of all services that we know.
const REFERENCE: usize = 50;
/// How often an object is looked for that a service may show late.
const LOOKS: u32 = 6;

impl Core {
    /// The labels that a put carries: as the secret will be; or, where they commit, as it is.
    pub(crate) async fn labels_before(
        &self,
        store: &Calls,
        object: ObjectId,
        what: &ToWrite<'_>,
    ) -> Result<Labels> {
        let secret = what.bound.secret;
        let told = match what.base.filter(|_| self.labels_commit) {
            Some(base) => self.told(object, &base.meta).await?,
            // Listing nothing: an attempt, and no secret yet.
            None => {
                Told { record: what.record.clone(), kept: self.labels_commit.then(|| (object, Vec::new())) }
            }
        };
        labels(&self.ring, self.namespace(), secret, &told, store.sealed)
    }

    /// The labels of a secret as it is.
    pub(crate) async fn labels_now(
        &self,
        store: &Calls,
        object: ObjectId,
        meta: &SecretMeta,
    ) -> Result<Labels> {
        labels(&self.ring, self.namespace(), meta.id, &self.told(object, meta).await?, store.sealed)
    }

    async fn told(&self, object: ObjectId, meta: &SecretMeta) -> Result<Told> {
        if !self.labels_commit {
            return Ok(Told { record: LabelRecord::of(meta), kept: None });
        }
        let mut kept = Vec::new();
        // Of one moment: the list of one revision beside the name of another one would be half a change.
        let now = self.catalog.history(meta.id).await?;
        let record = LabelRecord::of(now.as_ref().map_or(meta, |(meta, _)| meta));
        for head in now.map(|(_, heads)| heads).unwrap_or_default() {
            let version = self.catalog.version(meta.id, head.revision).await?.map(|row| row.version);
            let there = version.filter(|version| {
                matches!(&version.place, Place::External { object: holder, .. } if *holder == object)
            });
            kept.extend(there.as_ref().and_then(Kept::of));
        }
        Ok(Told { record, kept: Some((object, kept)) })
    }

    /// Writes the labels of a secret that was changed, where they commit, and removes what fell out of its history.
    pub(crate) async fn make_lasting(self: &Arc<Self>, secret: SecretId, deadline: &Deadline) -> Result<()> {
        if !self.labels_commit {
            return Ok(());
        }
        let of_secret =
            |all: Vec<Pending>| all.into_iter().filter(move |one| one.secret == secret && !one.locked);
        let behind =
            of_secret(self.catalog.pending(u32::MAX).await?).find(|one| one.debris == Debris::Labels);
        if let Some(behind) = behind {
            let store = self.store(&behind.store)?.clone();
            let mut looks = 0;
            // Some services do not show at once what was put a moment ago.
            while let Err(error) = self.relabel(&store, &behind, deadline).await {
                let late = error.reason() == Some(Reason::NotShownYet);
                if !late || looks == LOOKS || deadline.is_over() {
                    return Err(not_yet(&error));
                }
                deadline.pause(self.options.backoff, looks).await;
                looks += 1;
            }
            self.catalog.settle(&behind, crate::Settled::Drop).await?;
        }
        let now = self.env.now();
        for old in of_secret(self.catalog.pending(u32::MAX).await?) {
            if let Debris::Version(at) = &old.debris
                && old.due <= now
                && !old.attempted
            {
                let store = self.store(&old.store)?.clone();
                // Whatever is left is for the sweeper.
                if let Ok(Done::Part | Done::Object) = self.remove_version(&store, &old, at, deadline).await {
                    self.catalog.settle(&old, crate::Settled::Drop).await?;
                }
            }
        }
        Ok(())
    }

    /// Makes sure that the labels do not list any more what is about to be removed.
    pub(crate) async fn unlist(
        self: &Arc<Self>,
        store: &Calls,
        pending: &Pending,
        deadline: &Deadline,
    ) -> Result<()> {
        let retag = VersionUid(pending.secret.0);
        if self.labels_commit && self.catalog.pending(u32::MAX).await?.iter().any(|one| one.uid == retag) {
            self.relabel(store, pending, deadline).await?;
        }
        Ok(())
    }

    /// Refuses a name beside which the labels could not list even one version.
    pub(crate) fn check_room(&self, after: &SecretMeta) -> Result<()> {
        if self.labels_commit && self.listable(after, None) == 0 {
            let text = "name: too long to be kept in the labels of a store, as it is without a database";
            return Err(Error::new(ErrorKind::InvalidInput, text).with("bytes", after.name.as_str().len()));
        }
        Ok(())
    }

    /// How many versions the labels of such a secret can list, if the others' references are as long as this one's.
    pub(crate) fn listable(&self, after: &SecretMeta, place: Option<&Place>) -> u32 {
        if !self.labels_commit {
            return u32::MAX;
        }
        let reference = match place {
            Some(Place::External { at, .. }) => at.as_str().len(),
            _ => REFERENCE,
        };
        let room = labels::room(&LabelRecord::of(after), reference);
        room.map_or(0, |room| u32::try_from(room).unwrap_or(u32::MAX))
    }

    /// Refuses what only rows in a database could remember.
    pub(crate) fn needs_rows(&self, why: &'static str) -> Result<()> {
        if self.labels_commit {
            let text = format!("there is no database: {why}");
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        Ok(())
    }
}

/// A change that is made in memory and does not last yet.
pub(crate) fn not_yet(error: &Error) -> Error {
    let text = "the change is made here, but the store did not take what makes it last; it is tried again while the \
                program runs: read the secret before trying again";
    Error::new(ErrorKind::OutcomeUnknown, text).with("because", error)
}
