//! The engine itself: what it is made of.

use crate::{
    Auditor, Catalog, EngineOptions, Env, Identity, Lookup, Replica, RootKeys, Row, Stamp, Stats,
    StoreBinding, StoreName, StoreOptions, batch::Batch, cache::Cache, calls::Calls, crypto::KeyKind,
    fetch::Flights, lines::Lines, ring::KeyRing, stats::Counters,
};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};
use strongroom_core::{Backend, Error, ErrorKind, NamespaceId, Result, SecretId};

/// A back-end that holds values, or did.
pub struct Store {
    /// Its configured name.
    pub name: StoreName,
    /// The opened back-end.
    pub backend: Arc<dyn Backend>,
    /// Whether values are sealed before they are put there.
    pub seal: bool,
    /// What it has otherwise than the engine.
    pub options: StoreOptions,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("name", &self.name)
            .field("info", self.backend.info())
            .field("seal", &self.seal)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// A store with the engine's own times, repeats and cache.
    #[must_use]
    pub fn new(name: StoreName, backend: Arc<dyn Backend>, seal: bool) -> Self {
        Self { name, backend, seal, options: StoreOptions::default() }
    }

    /// With times, repeats or a cache of its own.
    #[must_use]
    pub fn with(mut self, options: StoreOptions) -> Self {
        self.options = options;
        self
    }
}

/// What an engine is made of.
pub struct Parts {
    /// The rows.
    pub catalog: Arc<dyn Catalog>,
    /// Whose they are, as [`Catalog::identity`] or [`initialise`](crate::initialise) says.
    pub identity: Identity,
    /// What opens the data keys.
    pub roots: Arc<dyn RootKeys>,
    /// Clocks, sleep and ids.
    pub env: Arc<dyn Env>,
    /// Every back-end that holds values.
    pub stores: Vec<Store>,
    /// Where new values go: one of `stores`, or `None` for the catalog's own rows.
    pub target: Option<StoreName>,
    /// Times, sizes and bounds.
    pub options: EngineOptions,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("identity", &self.identity)
            .field("stores", &self.stores)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// A [`SecretsStore`](strongroom_core::SecretsStore) over a catalog and back-ends. Cloning it gives another handle of
/// the same engine.
#[derive(Clone)]
pub struct Engine {
    pub(crate) core: Arc<Core>,
}

pub(crate) struct Core {
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) identity: Identity,
    pub(crate) env: Arc<dyn Env>,
    pub(crate) ring: KeyRing,
    pub(crate) stores: BTreeMap<StoreName, Arc<Calls>>,
    pub(crate) target: Option<StoreName>,
    pub(crate) options: EngineOptions,
    pub(crate) rows: Batch<Lookup, Option<Arc<Row>>>,
    pub(crate) stamps: Batch<SecretId, Option<Stamp>>,
    pub(crate) cache: Cache,
    pub(crate) flights: Flights,
    pub(crate) lines: Lines,
    /// Whether a change lasts only once the labels in the store tell of it, since the catalog is forgotten.
    pub(crate) labels_commit: bool,
    /// One writer of labels at a time for each secret.
    pub(crate) label_lines: Lines,
    pub(crate) counters: Arc<Counters>,
    /// What this process said of itself, if it did.
    pub(crate) replica: Mutex<Option<Replica>>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("namespace", &self.core.namespace())
            .field("target", &self.core.target)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens an engine: reads and unwraps the keys, and compares each store with what the catalog knows of it.
    ///
    /// # Errors
    /// `ConfigInvalid` if an option cannot work, the root key does not open the keys, or a store's name stands for
    /// another place in the catalog (see [`StoreOptions::new_address`]); whatever the catalog says.
    pub async fn open(parts: Parts) -> Result<Self> {
        Self::assemble(parts, false).await
    }

    pub(crate) async fn assemble(parts: Parts, labels_commit: bool) -> Result<Self> {
        let Parts { catalog, identity, roots, env, stores, target, options } = parts;
        options.check()?;
        let ring = KeyRing::open(catalog.clone(), roots, &identity).await?;
        let counters = Arc::new(Counters::default());
        let (mut opened, mut elsewhere) = (BTreeMap::new(), Vec::new());
        for store in stores {
            let info = store.backend.info();
            let binding = StoreBinding {
                name: store.name.clone(),
                kind: info.kind.to_owned(),
                endpoint: info.endpoint.clone(),
                namespace: identity.namespace,
            };
            let name = store.name.clone();
            // Before anything is written of it.
            if store.options.call_attempts == Some(0) {
                let text = "call_attempts: a call must be sent at least once: 1 or more";
                return Err(Error::new(ErrorKind::ConfigInvalid, text).with("store", name));
            }
            match catalog.bind_store(&binding).await {
                Err(error) if error.kind() == ErrorKind::ConfigInvalid && store.options.new_address => {
                    elsewhere.push((binding, error));
                }
                bound => bound?,
            }
            let calls = Calls::new(store, &env, &counters, &options);
            opened.insert(name, Arc::new(calls));
        }
        if let Some(target) = &target
            && !opened.contains_key(target)
        {
            return Err(Error::new(
                ErrorKind::ConfigInvalid,
                "new values are to go to a store that is not configured",
            )
            .with("store", target));
        }
        let core = Core {
            rows: Batch::new(env.clone(), {
                let catalog = catalog.clone();
                move |keys| {
                    let catalog = catalog.clone();
                    Box::pin(async move {
                        let rows = catalog.current(&keys).await?;
                        Ok(rows.into_iter().map(|row| row.map(Arc::new)).collect())
                    })
                }
            })
            .directly(catalog.shares_reads()),
            stamps: Batch::new(env.clone(), {
                let catalog = catalog.clone();
                move |ids| {
                    let catalog = catalog.clone();
                    Box::pin(async move { catalog.stamps(&ids).await })
                }
            })
            .directly(catalog.shares_reads()),
            cache: Cache::new(options.cache_bytes),
            flights: Flights::default(),
            lines: Lines::default(),
            labels_commit,
            label_lines: Lines::default(),
            stores: opened,
            catalog,
            identity,
            env,
            ring,
            target,
            options,
            counters,
            replica: Mutex::default(),
        };
        let core = Arc::new(core);
        for (binding, refused) in elsewhere {
            core.take_address(&binding, refused).await?;
        }
        Ok(Self { core })
    }

    /// Whose catalog it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.core.identity
    }

    /// Whether values can lie outside the catalog, so that a sweep can find something to remove.
    #[must_use]
    pub fn has_stores(&self) -> bool {
        !self.core.stores.is_empty()
    }

    /// The names of the stores that hold values outside the catalog.
    pub fn stores(&self) -> impl Iterator<Item = &StoreName> {
        self.core.stores.keys()
    }

    /// Counts since it was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let own: usize =
            self.core.stores.values().filter_map(|calls| calls.cache.as_ref()).map(Cache::bytes).sum();
        self.core.counters.snapshot(self.core.cache.bytes() + own)
    }
}

impl Core {
    pub(crate) fn namespace(&self) -> NamespaceId {
        self.identity.namespace
    }

    pub(crate) fn store(&self, name: &StoreName) -> Result<&Arc<Calls>> {
        self.stores.get(name).ok_or_else(|| {
            Error::new(
                ErrorKind::ConfigInvalid,
                "the secret's values are in a store that is not configured: add it to the configuration as \
                 [stores.NAME]",
            )
            .with("store", name)
        })
    }

    pub(crate) fn auditor(&self) -> Result<Arc<Auditor>> {
        let key = self.ring.active(KeyKind::Audit)?;
        Ok(Arc::new(Auditor::new(self.options.chain.clone(), key.row.id, key.key)))
    }
}
