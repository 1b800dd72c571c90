//! The audit chain: each entry's MAC covers the one before it, so that none can be changed, removed or reordered
//! unseen. The entry of a change commits with it.

use crate::crypto::{DataKey, KeyId, mac};
use std::sync::Arc;
use strongroom_core::{Error, ErrorKind, Origin, OwnerId, Receipt, Revision, SecretId, Timestamp};
use uuid::Uuid;

/// The chain that short-lived processes extend together.
pub const LOCAL_CHAIN: &str = "local";

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Names the change; unique in the log.
    pub change: Uuid,
    /// Who.
    pub actor: OwnerId,
    /// What: `secret.create`, `secret.update`, `secret.delete`, ...
    pub action: &'static str,
    /// Whose secret it was done to.
    pub secret: SecretId,
    /// What was touched: the new name, `values`, `private`; never a value.
    pub detail: String,
    /// From where.
    pub origin: Origin,
    /// The request that asked for it, to be kept in the same transaction by catalogs that servers use.
    pub receipt: Option<Receipt>,
}

/// An entry, and the chain that it is to be linked to.
#[derive(Clone, Debug)]
pub struct Noted {
    /// The entry.
    pub entry: AuditEntry,
    /// Its chain.
    pub auditor: Arc<Auditor>,
}

/// An entry in its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// The chain.
    pub chain: String,
    /// Its place there, from 1, without gaps.
    pub sequence: u64,
    /// When it was committed.
    pub at: Timestamp,
    /// The revision that the change made; 0 for a deletion.
    pub revision: Revision,
    /// The change.
    pub change: Uuid,
    /// Who.
    pub actor: OwnerId,
    /// What.
    pub action: String,
    /// To which secret.
    pub secret: SecretId,
    /// Details.
    pub detail: String,
    /// From where: channel, address, request id.
    pub origin: Origin,
    /// The key of the MAC.
    pub key: KeyId,
    /// The MAC over this entry and the MAC before it.
    pub mac: Vec<u8>,
}

/// Extends one chain.
#[derive(Debug)]
pub struct Auditor {
    chain: String,
    id: KeyId,
    key: Arc<DataKey>,
}

impl Auditor {
    /// Why something is not done: its entry cannot be written.
    #[must_use]
    pub fn unwritable() -> Error {
        let text = "the audit log cannot be written now, and nothing is done without it: try again, or ask the operator";
        Error::new(ErrorKind::Unavailable, text)
    }

    /// Why an entry was not written, nor what it is about: its key was replaced by another process.
    #[must_use]
    pub fn key_replaced() -> Error {
        Error::new(ErrorKind::Unavailable, "the audit key was replaced just now: try again")
    }

    /// Extends `chain` with MACs under this audit key.
    #[must_use]
    pub fn new(chain: impl Into<String>, id: KeyId, key: Arc<DataKey>) -> Self {
        Self { chain: chain.into(), id, key }
    }

    /// The key of its MACs.
    #[must_use]
    pub fn key(&self) -> KeyId {
        self.id
    }

    /// The chain.
    #[must_use]
    pub fn chain(&self) -> &str {
        &self.chain
    }

    /// The entry as the chain's next row after the one with `sequence` and `previous` MAC (0 and empty at the
    /// start). Called inside the transaction that holds the chain's head.
    #[must_use]
    pub fn link(
        &self,
        entry: &AuditEntry,
        sequence: u64,
        previous: &[u8],
        at: Timestamp,
        revision: Revision,
    ) -> AuditRow {
        let mut row = AuditRow {
            chain: self.chain.clone(),
            sequence: sequence + 1,
            at,
            revision,
            change: entry.change,
            actor: entry.actor,
            action: entry.action.to_owned(),
            secret: entry.secret,
            detail: entry.detail.clone(),
            origin: entry.origin.clone(),
            key: self.id,
            mac: Vec::new(),
        };
        row.mac = row.expected_mac(&self.key, previous);
        row
    }
}

impl AuditRow {
    /// The MAC that this row must have after one with the MAC `previous`.
    #[must_use]
    pub fn expected_mac(&self, key: &DataKey, previous: &[u8]) -> Vec<u8> {
        let (address, request) = (self.origin.address.as_deref(), self.origin.request.as_deref());
        let present = [u8::from(address.is_some()), u8::from(request.is_some())];
        mac(
            key,
            "audit v1",
            &[
                self.chain.as_bytes(),
                &self.sequence.to_be_bytes(),
                &self.at.0.to_be_bytes(),
                &self.revision.0.to_be_bytes(),
                self.change.as_bytes(),
                self.actor.0.as_bytes(),
                self.action.as_bytes(),
                self.secret.0.as_bytes(),
                self.detail.as_bytes(),
                self.origin.channel.as_bytes(),
                &present,
                address.unwrap_or_default().as_bytes(),
                request.unwrap_or_default().as_bytes(),
                self.key.0.as_bytes(),
                previous,
            ],
        )
        .to_vec()
    }
}
