//! Digests that fit whatever a store gives: the effect of comparing nothing with them.

use super::memory::{Memory, lock};
use std::{collections::BTreeMap, sync::Arc};
use strongroom_core::{Backend, NamespaceId, Payload, SecretId, VersionUid};
use strongroom_engine::{
    Catalog, Place, Row,
    crypto::{KeyKind, RootKey, digest_values, unwrap, value_binding},
};

/// Pins what a store gives in place of what was written to it.
pub(super) struct Pins {
    pub(super) namespace: NamespaceId,
    pub(super) root: Arc<RootKey>,
    pub(super) backend: Arc<dyn Backend>,
    pub(super) memory: Arc<Memory>,
}

impl Pins {
    /// The row, with a digest of what the store gives now; the read that follows is given the same. What is sealed cannot
    /// be another version's anyway, and stays as it is.
    pub(super) async fn anew(&self, inner: &dyn Catalog, mut row: Row) -> Row {
        let (Place::External { object, at, .. }, None) = (&row.version.place, row.version.key) else {
            return row;
        };
        let place = (*object, at.clone());
        let known = lock(&self.memory.payloads).get(&place).cloned();
        let payload = match known {
            Some(known) => known,
            None => match self.backend.get(*object, at).await {
                Ok(payload) => payload,
                Err(_) => return row,
            },
        };
        if let Some(digest) = self.digest(inner, row.meta.id, row.version.uid, &payload).await {
            lock(&self.memory.payloads).insert(place, payload);
            row.version.digest = Some(digest);
        }
        row
    }

    async fn digest(
        &self,
        inner: &dyn Catalog,
        secret: SecretId,
        version: VersionUid,
        payload: &Payload,
    ) -> Option<Vec<u8>> {
        let keys = inner.keys().await.ok()?;
        let id = keys.keys.iter().find(|key| key.kind == KeyKind::Digest && key.active)?.id;
        let wrap = keys.wraps.iter().find(|wrap| wrap.key == id)?;
        let key = unwrap(&self.root, self.namespace, KeyKind::Digest, id, &wrap.bytes).ok()?;
        let values: BTreeMap<String, String> = serde_json::from_slice(payload.expose()).ok()?;
        let binding = value_binding(self.namespace, secret, version);
        let digest = digest_values(id, &key, binding.as_ref(), &values.into_iter().collect()).ok()?;
        Some(digest.as_bytes().to_vec())
    }
}
