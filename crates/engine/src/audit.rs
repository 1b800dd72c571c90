//! Checking the audit chain.

use crate::engine::Engine;
use strongroom_core::{Error, ErrorKind, Result};

/// How many entries are read at once.
const PAGE: u32 = 500;

/// The end of a chain: noted elsewhere, it shows whether the end was cut off later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// The chain.
    pub chain: String,
    /// The sequence number of its last entry; 0 if it has none.
    pub sequence: u64,
    /// The MAC of its last entry.
    pub mac: Vec<u8>,
}

impl Engine {
    /// Verifies a chain from its first entry to its end, and answers the end.
    ///
    /// # Errors
    /// `Corrupt`, naming the sequence number of the first entry that was changed, removed or moved.
    pub async fn verify_audit(&self, chain: &str) -> Result<ChainHead> {
        let start = ChainHead { chain: chain.to_owned(), sequence: 0, mac: Vec::new() };
        self.verify_audit_after(start, |_, _| Ok(())).await
    }

    /// Verifies a chain from the entry after this one to its end, and answers the end. `passed` is told the sequence number
    /// and the MAC of each entry that is right.
    ///
    /// # Errors
    /// As [`verify_audit`](Self::verify_audit); the first that `passed` answers.
    pub async fn verify_audit_after(
        &self,
        mut head: ChainHead,
        mut passed: impl FnMut(u64, &[u8]) -> Result<()> + Send,
    ) -> Result<ChainHead> {
        let core = &self.core;
        let chain = &head.chain.clone();
        loop {
            let rows = core.catalog.audit(chain, head.sequence, PAGE).await?;
            if rows.is_empty() {
                return Ok(head);
            }
            for row in rows {
                let broken = |what: &'static str| {
                    Error::new(ErrorKind::Corrupt, what).with("chain", chain).with("entry", head.sequence + 1)
                };
                if row.sequence != head.sequence + 1 {
                    return Err(broken("an entry of the audit log is missing"));
                }
                let key = core.ring.get(row.key).await?;
                if !crate::crypto::equal(&row.expected_mac(&key, &head.mac), &row.mac) {
                    return Err(broken("an entry of the audit log was changed, or one before it"));
                }
                passed(row.sequence, &row.mac)?;
                head.sequence = row.sequence;
                head.mac = row.mac;
            }
        }
    }
}
