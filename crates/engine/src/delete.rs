//! Deleting.

use crate::{
    Delete, Deleted, Guard, Hindrance, Pin, Refusal, deadline::Deadline, engine::Core, env::successive,
    errors, write::detail,
};
use std::{sync::Arc, time::Duration};
use strongroom_core::{Context, Result, Revision, SecretRef, SecretUpdate};

/// How long a caller whose deletion is committed waits for the stores to follow. Less than what a service asks for that is
/// not done with an object, such as Azure Key Vault before it purges.
const PATIENCE: Duration = Duration::from_secs(3);

impl Core {
    /// Deletes a secret. What its stores still hold is removed now if they answer, else by the sweeper.
    pub(crate) async fn delete(
        self: &Arc<Self>,
        cx: &Context,
        which: &SecretRef,
        expected: Option<Revision>,
    ) -> Result<()> {
        let deadline = Deadline::of(cx, &self.env);
        loop {
            let mut row = self.resolve(cx, which, &deadline).await?;
            // Where labels commit, a put that is under way carries those of this secret, and would bring it back.
            let _turn = match self.labels_commit {
                true => Some(self.lines.enter(row.meta.id, &deadline).await?),
                false => None,
            };
            if self.labels_commit {
                // It may be another one by now, for which nobody stood in line.
                let now = self.resolve(cx, which, &deadline).await?;
                if now.meta.id != row.meta.id {
                    continue;
                }
                row = now;
            }
            let change = successive(&*self.env);
            let guard = Guard {
                context: cx.clone(),
                expected,
                // The row at hand decides, whatever it was meanwhile: a deletion is computed from nothing.
                pin: Pin::Any,
                sets_private: false,
                new_name: None,
                found_by: Some(which.clone()),
            };
            let private = row.meta.private;
            let detail = detail(Some(&row.meta.name).filter(|_| !private), private.then_some(true), false);
            let mut delete = Delete {
                secret: row.meta.id,
                change,
                guard,
                claim: self.options.lease,
                entry: self.entry(cx, row.meta.id, change, "secret.delete", detail),
                auditor: self.auditor()?,
                doubt: false,
            };
            let deleted = self
                .certain(&deadline, |doubt| {
                    delete.doubt = doubt;
                    let delete = delete.clone();
                    async move { self.catalog.delete(&delete).await }
                })
                .await?;
            match deleted {
                Deleted::Done(rows) => {
                    self.forget(row.meta.id);
                    let mut patience = deadline.clone();
                    if !self.labels_commit && deadline.left() > PATIENCE {
                        patience = Deadline::after(PATIENCE, &self.env);
                    }
                    for pending in rows {
                        if let Err(error) = self.work(&pending, &patience).await {
                            if self.labels_commit {
                                return Err(crate::lasting::not_yet(&error));
                            }
                            Hindrance::of(Some(&pending.store), &error).log();
                        }
                    }
                    return Ok(());
                }
                Deleted::Before => {
                    self.forget(row.meta.id);
                    return Ok(());
                }
                Deleted::KeyRetired => self.ring.reload().await?,
                Deleted::Refused(Refusal::Moved | Refusal::NotFound) if deadline.is_over() => {
                    return Err(errors::out_of_time());
                }
                // By name it may be another secret now: looking again decides.
                Deleted::Refused(Refusal::Moved | Refusal::NotFound) => {}
                Deleted::Refused(refusal) => {
                    let update =
                        expected.map_or_else(SecretUpdate::new, |at| SecretUpdate::new().expecting(at));
                    return Err(self.refused(cx, refusal, which, &update, &row));
                }
            }
        }
    }
}
