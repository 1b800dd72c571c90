//! Moving one version.

use crate::{
    error::Failure,
    pending, rows,
    transaction::{Operation, Transaction, Verdict},
    value::args,
    versions,
};
use strongroom_core::async_trait;
use strongroom_engine::{Place, Rehome, Rehomed, Row};

#[async_trait]
impl Operation for Rehome {
    type Answer = Rehomed;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Rehomed>, Failure> {
        tx.lock_secret(self.secret).await?;
        let fenced = match self.attempt {
            Some(attempt) => !pending::has_lock(tx, attempt, self.secret).await?,
            None => false,
        };
        let sql = format!("SELECT {} FROM {} WHERE s.id = ? AND v.uid = ?", rows::columns(), rows::ANY_FROM);
        let found = tx.fetch(&sql, args![self.secret.0, self.to.uid.0]).await?;
        let Some(record) = found.into_iter().next() else { return Ok(Verdict::Undo(Rehomed::Moved)) };
        let Row { meta, version, .. } = rows::row(record)?;
        if same(&version.place, &self.to.place) {
            return Ok(Verdict::Undo(Rehomed::Done));
        }
        if fenced {
            return Ok(Verdict::Undo(Rehomed::Fenced));
        }
        if !same(&version.place, &self.from) {
            return Ok(Verdict::Undo(Rehomed::Moved));
        }
        if !tx.keys_hold(self.to.key, &[self.to.digest_key()]).await? {
            return Ok(Verdict::Undo(Rehomed::KeyRetired));
        }
        let now = tx.now().await?;
        let mut statements: Vec<_> = versions::payload(&self.to.place, self.to.key).into_iter().collect();
        statements.push(versions::relocate(&self.to, now));
        statements.push(pending::discard(tx, self.secret, &version, now, self.grace));
        if let Some(attempt) = self.attempt {
            statements.push(pending::end(attempt, self.twin, now));
        }
        if self
            .labelled
            .as_ref()
            .is_some_and(|(name, private)| *name != meta.name || *private != meta.private)
        {
            statements.extend(pending::retag(self.secret, version.uid, &self.to.place, now));
        }
        tx.batch(statements).await?;
        Ok(Verdict::Keep(Rehomed::Done))
    }
}

/// Payloads have a fresh name for each sealing, so that the name is enough.
fn same(a: &Place, b: &Place) -> bool {
    match (a, b) {
        (Place::Inline { payload: a, .. }, Place::Inline { payload: b, .. }) => a == b,
        (a, b) => a == b,
    }
}
