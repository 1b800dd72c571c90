//! The rows.

use crate::{
    AuditEntry, AuditRow, Auditor, Identity, Keys, NameKey, Pending, Replica, Row, Stamp, StoreBinding,
    VersionRow,
};
use std::collections::BTreeMap;
use strongroom_core::{Revision, SecretId, SecretMeta, Timestamp, VersionUid};

#[derive(Default)]
pub(super) struct State {
    pub(super) secrets: BTreeMap<SecretId, SecretRow>,
    pub(super) names: BTreeMap<NameKey, SecretId>,
    /// By secret and the revision that wrote it.
    pub(super) versions: BTreeMap<(SecretId, Revision), VersionRow>,
    pub(super) pending: BTreeMap<VersionUid, Pending>,
    pub(super) audit: Vec<AuditRow>,
    pub(super) identity: Option<Identity>,
    pub(super) keys: Keys,
    pub(super) stores: Vec<StoreBinding>,
    /// Each with the time until which it counts as running.
    pub(super) replicas: BTreeMap<uuid::Uuid, (Replica, Timestamp)>,
    /// What lasts of it are the labels in a store.
    pub(super) of_labels: bool,
}

/// How many audit entries are kept at least where the trail goes with the process.
const ENTRIES: usize = 10_000;

pub(super) struct SecretRow {
    pub(super) meta: SecretMeta,
    pub(super) stamp: Stamp,
    /// The revision of the current version.
    pub(super) current: Revision,
}

impl State {
    pub(super) fn row(&self, secret: &SecretRow, version: Revision) -> Option<Row> {
        let version = self.versions.get(&(secret.meta.id, version))?.clone();
        Some(Row { meta: secret.meta.clone(), stamp: secret.stamp, version })
    }

    pub(super) fn versions_of(&self, id: SecretId) -> impl DoubleEndedIterator<Item = &VersionRow> {
        self.versions.range((id, Revision(0))..=(id, Revision(u64::MAX))).map(|(_, version)| version)
    }

    pub(super) fn find_audit(&self, change: uuid::Uuid) -> Option<&AuditRow> {
        self.audit.iter().rev().find(|row| row.change == change)
    }

    pub(super) fn note(&mut self, auditor: &Auditor, entry: &AuditEntry, at: Timestamp, revision: Revision) {
        let head = self.audit.iter().rev().find(|row| row.chain == auditor.chain());
        let (sequence, previous) = head.map_or((0, &[][..]), |row| (row.sequence, &row.mac));
        let row = auditor.link(entry, sequence, previous, at, revision);
        self.audit.push(row);
        if self.of_labels && self.audit.len() >= 2 * ENTRIES {
            self.audit.drain(..ENTRIES);
        }
    }
}
