//! What `status` tells.

use crate::{KeyRow, Replica, StoreName, Summary, crypto::RootId, engine::Engine, errors};
use strongroom_core::{BackendInfo, Error, NamespaceId, Result};

/// What `status` tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Numbers of the catalog.
    pub summary: Summary,
    /// The data keys, oldest first.
    pub keys: Vec<KeyRow>,
    /// The root keys that open them, with the number of keys that each opens.
    pub roots: Vec<(RootId, u64)>,
    /// The processes that said that they run.
    pub running: Vec<Replica>,
    /// The deployment's namespace.
    pub namespace: NamespaceId,
    /// The stores, by name.
    pub stores: Vec<StoreStatus>,
}

/// What [`Status`] tells of a store.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreStatus {
    /// Its configured name.
    pub name: StoreName,
    /// What its back-end says of itself.
    pub info: BackendInfo,
    /// Whether values are sealed before they are put there.
    pub sealed: bool,
    /// Whether new values go there.
    pub target: bool,
}

impl Status {
    /// Stores that are not configured and hold versions, which nobody can read; in words, with their number.
    pub fn out_of_reach(&self) -> impl Iterator<Item = (&StoreName, Error)> {
        let held = self.summary.versions.iter().filter_map(|(store, count)| Some((store.as_ref()?, *count)));
        held.filter(|(name, count)| *count > 0 && self.stores.iter().all(|store| store.name != **name))
            .map(|(name, count)| (name, errors::unreadable(name, count)))
    }
}

impl Engine {
    /// Numbers, keys and stores.
    ///
    /// # Errors
    /// Of the catalog.
    pub async fn status(&self) -> Result<Status> {
        let core = &self.core;
        let keys = core.catalog.keys().await?;
        let roots = keys.opened_by();
        let stores = core.stores.iter().map(|(name, calls)| StoreStatus {
            name: name.clone(),
            info: calls.info().clone(),
            sealed: calls.sealed,
            target: core.target.as_ref() == Some(name),
        });
        Ok(Status {
            summary: core.catalog.summary().await?,
            keys: keys.keys,
            roots: roots.into_iter().collect(),
            running: core.catalog.replicas().await?,
            namespace: core.namespace(),
            stores: stores.collect(),
        })
    }
}
