//! Looking deeper than numbers: whether each store does its work, and what it holds that nothing explains.

use crate::{
    NewVersionRow, Place, Settled, StoreName, Unknown,
    calls::Calls,
    codec::{self, Bound},
    deadline::Deadline,
    engine::{Core, Engine},
    env::fresh,
    external::{Attempted, ToWrite},
    labels::{LabelRecord, Told, labels},
};
use std::{sync::Arc, time::Duration};
use strongroom_core::{
    Error, ErrorKind, Found, NewVersion, ObjectId, Result, SecretId, SecretValues, VersionRef, VersionUid,
};

/// How long the probe of one store may take.
const TIME: Duration = Duration::from_secs(30);
/// How often it is looked for labels that a service may show late.
const LOOKS: u32 = 6;

impl Engine {
    /// Puts, reads, renames, replaces and deletes one object in every store, as a secret would be; what it replaces is removed.
    /// What is left if the process dies meanwhile is explained by a row, and cleaned up like an update that was given up.
    pub async fn probe(&self) -> Vec<(StoreName, Result<()>)> {
        let mut answers = Vec::with_capacity(self.core.stores.len());
        for (name, store) in &self.core.stores {
            answers.push((name.clone(), self.core.probe(store).await));
        }
        answers
    }

    /// The versions in each store that no row explains, as [`repair`](Self::repair) reports them; changes nothing. An error is
    /// the catalog's, or that of a store that cannot be scanned: the others are looked at nevertheless.
    pub async fn unknown(&self) -> Vec<(StoreName, Result<Vec<Unknown>>)> {
        let mut found = Vec::with_capacity(self.core.stores.len());
        for name in self.core.stores.keys() {
            found.push((name.clone(), self.core.unknown_in(name).await));
        }
        found
    }
}

impl Core {
    pub(crate) async fn probe(self: &Arc<Self>, store: &Arc<Calls>) -> Result<()> {
        let deadline = Deadline::after(TIME, &self.env);
        let (secret, uid) = (SecretId(fresh(&*self.env)), VersionUid(fresh(&*self.env)));
        let bound = Bound { namespace: self.namespace(), secret, version: uid };
        let mut values = SecretValues::new();
        values.set("probe", "strongroom");
        let now = self.env.now().0;
        let record = LabelRecord {
            name: "strongroom probe".to_owned(),
            private: true,
            owner: self.identity.owner.id.0,
            created: now,
            updated: now,
            revision: 1,
        };
        let what = || ToWrite { base: None, bound: &bound, values: &values, record: record.clone() };
        let Attempted::Written { version, .. } = self.attempt(store, what(), &deadline).await? else {
            return Err(Error::new(ErrorKind::Conflict, "the keys changed meanwhile: try again"));
        };
        let Place::External { object, at, .. } = &version.place else { return Ok(()) };
        let read = async {
            self.read_back(store, &bound, &version, &deadline).await?;
            self.rename(store, *object, secret, record.clone(), &deadline).await?;
            self.replace(store, *object, at, what(), &deadline).await
        };
        let read = read.await;
        // What explains it meanwhile has it deleted, and goes.
        let deleted = match self.release(uid, Some(at.clone()), &deadline).await {
            // It was put and read: nothing of it comes late.
            Some(pending) if read.is_ok() => match store.delete(*object, &deadline).await {
                Ok(()) => {
                    self.certain(&deadline, |_| self.catalog.settle(&pending, Settled::Drop)).await.map(drop)
                }
                error => error,
            },
            _ => store.delete(*object, &deadline).await,
        };
        read.and(deleted).map_err(|error| error.with("store", &store.name))
    }

    async fn read_back(
        &self,
        store: &Calls,
        bound: &Bound,
        version: &NewVersionRow,
        deadline: &Deadline,
    ) -> Result<()> {
        let Place::External { object, at, .. } = &version.place else { return Ok(()) };
        let payload = store.get(*object, at, deadline).await?;
        let read = codec::decode(&self.ring, bound, version.key, &payload).await?;
        codec::verify(&self.ring, bound, version.digest.as_deref().unwrap_or_default(), &read).await
    }

    /// Puts a second version and removes the first one, as a change of values does in time: who may not do that would leave
    /// old values where they are.
    async fn replace(
        &self,
        store: &Calls,
        object: ObjectId,
        first: &VersionRef,
        what: ToWrite<'_>,
        deadline: &Deadline,
    ) -> Result<()> {
        let bound = Bound { version: VersionUid(fresh(&*self.env)), ..*what.bound };
        let (_, payload) = codec::encode(&self.ring, &bound, store.sealed, what.values)?;
        let labels = self.labels_before(store, object, &what).await?;
        let second = NewVersion::new(object, bound.version, &payload, &labels).after(first);
        store.put(&second, deadline).await.at?;
        store.remove(object, first, deadline).await
    }

    /// Writes other labels, as a new name does. A store whose scans show none is refused where they are the only copy of the
    /// catalog.
    async fn rename(
        &self,
        store: &Calls,
        object: ObjectId,
        secret: SecretId,
        record: LabelRecord,
        deadline: &Deadline,
    ) -> Result<()> {
        let record = LabelRecord { name: format!("{}, renamed", record.name), ..record };
        let told = Told { record, kept: self.labels_commit.then(|| (object, Vec::new())) };
        let told = labels(&self.ring, self.namespace(), secret, &told, store.sealed)?;
        for look in 0.. {
            match store.relabel(object, &told, deadline).await {
                // It was put just now.
                Err(error) if error.kind() == ErrorKind::NotFound && look < LOOKS => {
                    deadline.pause(self.options.backoff, look).await;
                }
                done => {
                    done?;
                    break;
                }
            }
        }
        if !self.labels_commit {
            return Ok(());
        }
        let tells = |found: &Found| {
            found.object == object && found.labels.as_ref().is_some_and(|labels| !labels.record.is_empty())
        };
        for look in 0..LOOKS {
            // Either may tell them: one may be late, the other may need a call more for them.
            if store.scan(object, deadline).await?.iter().any(tells)
                || store.scan_all(deadline).await?.found.iter().any(tells)
            {
                return Ok(());
            }
            deadline.pause(self.options.backoff, look).await;
        }
        let text = "the scans of this store show no labels, and without a database nothing else tells which secrets it \
                    holds: choose another type of store, or name a database (database.url)";
        Err(store.named(Error::new(ErrorKind::Unsupported, text), "scan"))
    }
}
