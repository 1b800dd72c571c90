//! `[audit]`.

use serde::Deserialize;

/// `[audit]`: how the audit trail is written. Entries of writes always commit with the write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Audit {
    /// When the entry of a read is written.
    pub reads: AuditReads,
}

/// When the audit entry of a read is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditReads {
    /// Within 100 ms of the answer, many at once.
    #[default]
    Batched,
    /// Before the answer.
    Sync,
}
