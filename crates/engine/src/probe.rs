//! Looking deeper than numbers: whether each store does its work, and what it holds that nothing explains.

use crate::{
    Place, StoreName, Unknown,
    calls::Calls,
    codec::{self, Bound},
    deadline::Deadline,
    engine::{Core, Engine},
    env::fresh,
    external::{Attempted, ToWrite},
    labels::LabelRecord,
};
use std::{sync::Arc, time::Duration};
use strongroom_core::{Error, ErrorKind, Result, SecretId, SecretValues, VersionUid};

/// How long the probe of one store may take.
const TIME: Duration = Duration::from_secs(30);

impl Engine {
    /// Puts, reads and deletes one object in every store, as a secret would be. What is left if the process dies
    /// meanwhile is explained by a row, and cleaned up like an update that was given up.
    pub async fn probe(&self) -> Vec<(StoreName, Result<()>)> {
        let mut answers = Vec::with_capacity(self.core.stores.len());
        for (name, store) in &self.core.stores {
            answers.push((name.clone(), self.core.probe(store).await));
        }
        answers
    }

    /// The versions in the stores that no row explains, as [`repair`](Self::repair) reports them; changes nothing.
    ///
    /// # Errors
    /// Of the catalog, or of a store that cannot be scanned.
    pub async fn unknown(&self) -> Result<Vec<Unknown>> {
        let mut unknown = Vec::new();
        for name in self.core.stores.keys() {
            unknown.extend(self.core.unknown_in(name).await?);
        }
        Ok(unknown)
    }
}

impl Core {
    async fn probe(self: &Arc<Self>, store: &Arc<Calls>) -> Result<()> {
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
        let what = ToWrite { base: None, bound: &bound, values: &values, record };
        let Attempted::Written { version, .. } = self.attempt(store, what, &deadline).await? else {
            return Err(Error::new(ErrorKind::Conflict, "the keys changed meanwhile: try again"));
        };
        let Place::External { object, at, .. } = &version.place else { return Ok(()) };
        let read = match store.get(*object, at, &deadline).await {
            Ok(payload) => codec::decode(&self.ring, &bound, version.key, &payload).await,
            Err(error) => Err(error),
        };
        let read = match read {
            Ok(read) => {
                codec::verify(&self.ring, &bound, version.digest.as_deref().unwrap_or_default(), &read).await
            }
            Err(error) => Err(error),
        };
        // What explains it meanwhile has it deleted, and goes.
        let deleted = match self.release(uid, Some(at.clone()), &deadline).await {
            Some(pending) => self.work(&pending, &deadline).await,
            None => store.delete(*object, &deadline).await,
        };
        read.and(deleted).map_err(|error| error.with("store", &store.name))
    }
}
