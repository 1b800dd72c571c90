//! The data keys in use.

use crate::{
    Catalog, Identity, KeyRow, Replica, WrapRow,
    crypto::{DataKey, KeyId, KeyKind, RootId, RootKey, unwrap, wrap},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};
use strongroom_core::{Error, ErrorKind, NamespaceId, Result, async_trait};

/// Wraps and unwraps data keys with root keys, wherever those are kept: a file, a variable, a KMS.
///
/// It is asked again whenever keys were rotated by another process, so an implementation reads its source anew
/// rather than keep a root key in memory.
#[async_trait]
pub trait RootKeys: Send + Sync {
    /// The root key that new wraps are made with.
    fn id(&self) -> RootId;

    /// Wraps a data key.
    async fn wrap(&self, namespace: NamespaceId, kind: KeyKind, id: KeyId, key: &DataKey) -> Result<Vec<u8>>;

    /// Unwraps what [`wrap`](Self::wrap) made under [`id`](Self::id).
    async fn unwrap(&self, namespace: NamespaceId, kind: KeyKind, id: KeyId, bytes: &[u8])
    -> Result<DataKey>;
}

#[async_trait]
impl RootKeys for RootKey {
    fn id(&self) -> RootId {
        Self::id(self)
    }

    async fn wrap(&self, namespace: NamespaceId, kind: KeyKind, id: KeyId, key: &DataKey) -> Result<Vec<u8>> {
        wrap(self, namespace, kind, id, key)
    }

    async fn unwrap(
        &self,
        namespace: NamespaceId,
        kind: KeyKind,
        id: KeyId,
        bytes: &[u8],
    ) -> Result<DataKey> {
        unwrap(self, namespace, kind, id, bytes)
    }
}

/// A data key with its row.
#[derive(Clone)]
pub(crate) struct RingKey {
    pub(crate) row: KeyRow,
    pub(crate) key: Arc<DataKey>,
}

/// All data keys, unwrapped; read again when an unknown one is met.
pub(crate) struct KeyRing {
    catalog: Arc<dyn Catalog>,
    roots: Arc<dyn RootKeys>,
    namespace: NamespaceId,
    /// With the number of the read that they are from.
    keys: RwLock<(u64, Arc<BTreeMap<KeyId, RingKey>>)>,
    /// How many reads began: what was read first must not replace what was read later.
    reads: AtomicU64,
}

impl KeyRing {
    pub(crate) async fn open(
        catalog: Arc<dyn Catalog>,
        roots: Arc<dyn RootKeys>,
        identity: &Identity,
    ) -> Result<Self> {
        let (namespace, keys, reads) = (identity.namespace, RwLock::default(), AtomicU64::new(0));
        let ring = Self { catalog, roots, namespace, keys, reads };
        ring.reload().await?;
        Ok(ring)
    }

    pub(crate) fn roots(&self) -> &Arc<dyn RootKeys> {
        &self.roots
    }

    /// Reads the keys again; those known already are not unwrapped again. If a new one cannot be unwrapped, those that were
    /// destroyed are forgotten all the same, and what was active before stays so as long as it is there.
    pub(crate) async fn reload(&self) -> Result<()> {
        let read = self.reads.fetch_add(1, Ordering::Relaxed) + 1;
        let rows = self.catalog.keys().await?;
        let needed = rows.roots_of_all().next();
        let known = self.keys();
        let (mut keys, mut failed) = (BTreeMap::new(), None);
        for row in rows.keys {
            let key = match known.get(&row.id) {
                Some(known) => Ok(known.key.clone()),
                None => self.unwrapped(&row, &rows.wraps, needed).await,
            };
            match key {
                Ok(key) => drop(keys.insert(row.id, RingKey { row, key })),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if failed.is_some() {
            for (id, before) in known.iter().filter(|(_, before)| before.row.active) {
                let replaced = keys.values().any(|key| key.row.active && key.row.kind == before.row.kind);
                if let Some(key) = keys.get_mut(id).filter(|_| !replaced) {
                    key.row.active = true;
                }
            }
        }
        let mut current = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if current.0 < read {
            *current = (read, Arc::new(keys));
        }
        drop(current);
        failed.map_or(Ok(()), Err)
    }

    /// `needed`: a root key that opens the database, to name it where ours does not.
    async fn unwrapped(
        &self,
        row: &KeyRow,
        wraps: &[WrapRow],
        needed: Option<RootId>,
    ) -> Result<Arc<DataKey>> {
        let mut wraps = wraps.iter().filter(|wrap| wrap.key == row.id);
        let Some(wrap) = wraps.clone().find(|wrap| wrap.root == self.roots.id()) else {
            return Err(Replica::locked_out(
                self.roots.id(),
                needed.or_else(|| wraps.next().map(|wrap| wrap.root)),
            ));
        };
        self.roots.unwrap(self.namespace, row.kind, row.id, &wrap.bytes).await.map(Arc::new)
    }

    pub(crate) fn keys(&self) -> Arc<BTreeMap<KeyId, RingKey>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// The key that new things of that kind are made with; `Corrupt` if there is none.
    pub(crate) fn active(&self, kind: KeyKind) -> Result<RingKey> {
        let keys = self.keys();
        let active = keys.values().find(|key| key.row.kind == kind && key.row.active).cloned();
        active.ok_or_else(|| {
            let text = "no active key of this kind is known here: if the root key was replaced, start the program anew";
            Error::new(ErrorKind::Corrupt, text).with("kind", kind)
        })
    }

    /// A key by id; asks the catalog when it is not known.
    ///
    /// # Errors
    /// `Corrupt` if there is no such key.
    pub(crate) async fn get(&self, id: KeyId) -> Result<Arc<DataKey>> {
        if let Some(known) = self.keys().get(&id) {
            return Ok(known.key.clone());
        }
        self.reload().await?;
        let found = self.keys().get(&id).map(|key| key.key.clone());
        found.ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "the key that this was made with is not in the database")
                .with("key", id)
        })
    }
}
