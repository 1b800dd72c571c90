//! Requests that changed something, kept so that a repeated one is answered and not done again.

use crate::{
    SqlCatalog,
    audit::number,
    connection::Statement,
    error::Failure,
    transaction::{Operation, Transaction, Verdict},
    value::{args, damaged},
};
use std::time::Duration;
use strongroom_core::{Error, ErrorKind, Receipt, Result, Revision, SecretId, Timestamp, async_trait};
use uuid::Uuid;

/// What a request did that was made before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// The keyed hash of what it asked for.
    pub digest: [u8; 32],
    /// The secret that it changed, or the API key or account.
    pub secret: SecretId,
    /// The revision that it made, or the generation of the key or account; 0 for a deletion.
    pub revision: Revision,
}

/// Adds the receipt of a change.
pub(crate) fn insert(receipt: &Receipt, secret: SecretId, revision: Revision, at: Timestamp) -> Statement {
    Statement::new(
        "INSERT INTO receipts (id, digest, secret, revision, at) VALUES (?, ?, ?, ?, ?)",
        args![receipt.id, &receipt.digest[..], secret.0, number(revision.0), at.0],
    )
}

/// Refuses what a request asks for that was carried out already, whose caller did not look.
///
/// # Errors
/// `Conflict` then.
pub(crate) async fn refuse_repeat(tx: &mut Transaction, receipt: Option<Receipt>) -> Result<(), Failure> {
    if revision(tx, receipt).await?.is_none() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Conflict, "this request was carried out already").into())
}

/// What a request made that was carried out already.
pub(crate) async fn revision(
    tx: &mut Transaction,
    receipt: Option<Receipt>,
) -> Result<Option<Revision>, Failure> {
    let Some(receipt) = receipt else { return Ok(None) };
    let found = tx.fetch("SELECT revision FROM receipts WHERE id = ?", args![receipt.id]).await?;
    found.first().map(|record| record.u64(0).map(Revision)).transpose()
}

impl SqlCatalog {
    /// What the request with this id did, if it committed and is not forgotten.
    ///
    /// # Errors
    /// What the database says.
    pub async fn receipt(&self, id: Uuid) -> Result<Option<Received>> {
        let sql = "SELECT digest, secret, revision FROM receipts WHERE id = ?";
        let found = self.read(sql, args![id]).await?;
        let Some(record) = found.first() else { return Ok(None) };
        let digest = record.bytes(0)?.try_into().map_err(|_| damaged("a digest", 0))?;
        Ok(Some(Received { digest, secret: SecretId(record.uuid(1)?), revision: Revision(record.u64(2)?) }))
    }

    /// Forgets requests that are older than that.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_receipts(&self, age: Duration) -> Result<()> {
        self.database.write(Forget(age)).await
    }
}

struct Forget(Duration);

#[async_trait]
impl Operation for Forget {
    type Answer = ();

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<()>, Failure> {
        let now = tx.now().await?;
        let before = now.0.saturating_sub(i64::try_from(self.0.as_micros()).unwrap_or(i64::MAX));
        let old = tx.fetch("SELECT id FROM receipts WHERE at < ? LIMIT 1", args![before]).await?;
        if old.is_empty() {
            return Ok(Verdict::Undo(()));
        }
        tx.execute("DELETE FROM receipts WHERE at < ?", args![before]).await?;
        Ok(Verdict::Keep(()))
    }
}
