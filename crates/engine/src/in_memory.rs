//! A deployment without a database.

use crate::{
    Catalog, Engine, EngineOptions, Env, KeyRow, Loaded, MemoryCatalog, NewIdentity, Parts, RootKeys, Store,
    WrapRow, crypto::Derived,
};
use std::{fmt, sync::Arc};
use strongroom_core::{Owner, Result, Timestamp};

/// What a deployment without a database is made of. Its catalog is in memory and is loaded from what the store holds
/// whenever it is opened; what makes a change last are the labels in the store.
///
/// - One process at a time: two that write would not see each other's changes.
/// - Every change costs one call more, for the labels; it is acknowledged once they are written.
/// - The history is as long as labels can list: ten versions of a secret whose name has up to some 40 bytes.
/// - The audit trail is forgotten with the process, and all but its last ten thousand entries before. Keys cannot be rotated: they follow from the root key.
/// - The store's scan must tell labels: one that does not is refused.
pub struct InMemory {
    derived: Derived,
    roots: Arc<dyn RootKeys>,
    env: Arc<dyn Env>,
    store: Store,
    owner: String,
    options: EngineOptions,
}

impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemory").field("store", &self.store).finish_non_exhaustive()
    }
}

impl InMemory {
    /// `derived` is [of](Derived::of) the root key that `roots` gives, and the store was opened for its
    /// [namespace](Derived::namespace).
    pub fn new(derived: Derived, roots: Arc<dyn RootKeys>, env: Arc<dyn Env>, store: Store) -> Self {
        Self { derived, roots, env, store, owner: "admin".to_owned(), options: EngineOptions::default() }
    }

    /// What the local account is called. Default `admin`.
    #[must_use]
    pub fn owner(mut self, name: impl Into<String>) -> Self {
        self.owner = name.into();
        self
    }

    /// With these times, sizes and bounds.
    #[must_use]
    pub fn options(mut self, options: EngineOptions) -> Self {
        self.options = options;
        self
    }

    /// Scans the store and fills the catalog. Before it is dropped, [`Engine::sweep`] removes what is left to be
    /// removed, or [`Engine::maintain`] does all along.
    ///
    /// In a store that holds no labels yet, one object is put, looked at and deleted, to see that its scan tells them.
    ///
    /// # Errors
    /// `Unsupported` if the scan of the store tells no labels, without which nothing of it would be found again. As
    /// [`Engine::open`]; of the store, if it cannot be scanned. What is no secret of this deployment is no error, and
    /// neither is what is damaged: [`Loaded`] tells what was left alone.
    pub async fn open(self) -> Result<(Engine, Loaded)> {
        let Self { derived, roots, env, store, owner, options } = self;
        let catalog = Arc::new(MemoryCatalog::of_labels(env.clone()));
        let owner = Owner { id: derived.owner(), name: owner, full_name: String::new() };
        let identity = claim(&catalog, &derived, &*roots, owner).await?;
        drop(derived);
        let target = Some(store.name.clone());
        let parts =
            Parts { catalog: catalog.clone(), identity, roots, env, stores: vec![store], target, options };
        let engine = Engine::assemble(parts, true).await?;
        let loaded = engine.load(&catalog).await?;
        Ok((engine, loaded))
    }
}

/// Gives the catalog the identity and the keys that follow from the root key.
async fn claim(
    catalog: &MemoryCatalog,
    derived: &Derived,
    roots: &dyn RootKeys,
    owner: Owner,
) -> Result<crate::Identity> {
    let namespace = derived.namespace();
    let mut new = NewIdentity { namespace, owner, root: roots.id(), keys: Vec::new(), wraps: Vec::new() };
    for (kind, id, key) in derived.keys() {
        let bytes = roots.wrap(namespace, *kind, *id, key).await?;
        new.keys.push(KeyRow { id: *id, kind: *kind, active: true, created: Timestamp(0) });
        new.wraps.push(WrapRow { key: *id, root: roots.id(), bytes });
    }
    catalog.initialise(&new).await
}
