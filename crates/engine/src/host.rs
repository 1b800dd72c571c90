//! What a program around the engine needs of its keys: keyed hashes and audit entries. The keys stay inside.

use crate::{
    AuditEntry, Auditor,
    crypto::{KeyId, KeyKind, mac},
    engine::Engine,
    env::fresh,
};
use std::sync::Arc;
use strongroom_core::{Context, Error, ErrorKind, Result, SecretId, Timestamp};
use uuid::Uuid;

impl Engine {
    /// A keyed hash under the active key of a kind; see [`mac`] for `domain` and `parts`.
    ///
    /// # Errors
    /// `Corrupt` if there is no active key of that kind.
    pub fn keyed_hash(&self, kind: KeyKind, domain: &str, parts: &[&[u8]]) -> Result<(KeyId, [u8; 32])> {
        let active = self.core.ring.active(kind)?;
        Ok((active.row.id, mac(&active.key, domain, parts)))
    }

    /// The same under a key that is named; `None` if this process knows no such key of that kind. Asks no database, so
    /// that a made-up id costs nothing: [`reload_keys`](Self::reload_keys) does.
    #[must_use]
    pub fn keyed_hash_with(
        &self,
        key: KeyId,
        kind: KeyKind,
        domain: &str,
        parts: &[&[u8]],
    ) -> Option<[u8; 32]> {
        let keys = self.core.ring.keys();
        let known = keys.get(&key).filter(|known| known.row.kind == kind)?;
        Some(mac(&known.key, domain, parts))
    }

    /// Whether this process knows a key of that kind; asks no database.
    #[must_use]
    pub fn has_key(&self, key: KeyId, kind: KeyKind) -> bool {
        self.core.ring.keys().get(&key).is_some_and(|known| known.row.kind == kind)
    }

    /// Reads the keys again, since another process may have made new ones.
    ///
    /// # Errors
    /// Of the catalog and of the root key.
    pub async fn reload_keys(&self) -> Result<()> {
        self.core.ring.reload().await
    }

    /// Links entries to the audit chain that this engine's writes extend.
    ///
    /// # Errors
    /// `Corrupt` if there is no active audit key.
    pub fn auditor(&self) -> Result<Arc<Auditor>> {
        self.core.auditor()
    }

    /// Does what has an entry in the audit trail. If it is [unavailable](ErrorKind::Unavailable) the keys are read again and
    /// it is done once more: another process may have [replaced](Auditor::key_replaced) the audit key.
    ///
    /// # Errors
    /// Those of the second time; of [`auditor`](Self::auditor).
    pub async fn audited<T, F>(&self, work: impl Fn(Arc<Auditor>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        match work(self.auditor()?).await {
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                self.reload_keys().await?;
                work(self.auditor()?).await
            }
            done => done,
        }
    }

    /// An audit entry on behalf of a caller; `secret` is the nil id where none is concerned.
    #[must_use]
    pub fn audit_entry(
        &self,
        cx: &Context,
        action: &'static str,
        secret: SecretId,
        detail: String,
    ) -> AuditEntry {
        self.core.entry(cx, secret, self.fresh_id(), action, detail)
    }

    /// A fresh random id.
    #[must_use]
    pub fn fresh_id(&self) -> Uuid {
        fresh(&*self.core.env)
    }

    /// The wall clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.core.env.now()
    }

    /// Clocks, sleep and ids, as the engine has them.
    #[must_use]
    pub fn env(&self) -> Arc<dyn crate::Env> {
        self.core.env.clone()
    }

    /// Forgets what is cached of a secret.
    pub fn forget(&self, id: SecretId) {
        self.core.forget(id);
    }
}

/// The domain of the MAC that stays when entries are pruned.
const ANCHOR: &str = "audit anchor v1";

impl Engine {
    /// The MAC of the end of entries that are pruned: the sequence number and MAC of the last of them.
    ///
    /// # Errors
    /// `Corrupt` if there is no active audit key.
    pub fn anchor_mac(&self, chain: &str, sequence: u64, previous: &[u8]) -> Result<(KeyId, [u8; 32])> {
        self.keyed_hash(KeyKind::Audit, ANCHOR, &[chain.as_bytes(), &sequence.to_be_bytes(), previous])
    }

    /// Checks such a MAC.
    ///
    /// # Errors
    /// `Corrupt`, naming the chain.
    pub fn check_anchor(
        &self,
        chain: &str,
        sequence: u64,
        previous: &[u8],
        key: KeyId,
        mac: &[u8],
    ) -> Result<()> {
        let parts: [&[u8]; 3] = [chain.as_bytes(), &sequence.to_be_bytes(), previous];
        let right = self
            .keyed_hash_with(key, KeyKind::Audit, ANCHOR, &parts)
            .is_some_and(|expected| crate::crypto::equal(&expected, mac));
        if right {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Corrupt, "the place where an audit chain was pruned was changed")
            .with("chain", chain.escape_debug())
            .with("entry", sequence))
    }
}
