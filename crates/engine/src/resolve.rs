//! From a reference to a row that was true after the call began.

use crate::{Lookup, NameKey, Row, deadline::Deadline, engine::Core, errors};
use std::sync::Arc;
use strongroom_core::{Context, Error, ErrorKind, Result, Retry, SecretId, SecretRef};

impl Core {
    /// The row that the caller means and may know of; `NotFound` in the same words for all others.
    ///
    /// Answered from the cache if a stamp that was read after this call says that the row is unchanged.
    pub(crate) async fn resolve(
        &self,
        cx: &Context,
        which: &SecretRef,
        deadline: &Deadline,
    ) -> Result<Arc<Row>> {
        self.known(cx, which, true, deadline).await
    }

    /// The same as one of many that are looked up together, all of them by their rows: if those that are cached were looked
    /// up by their stamps, it would take other statements, and as many more, to find what is hidden than what is not there.
    pub(crate) async fn resolve_among(
        &self,
        cx: &Context,
        which: &SecretRef,
        deadline: &Deadline,
    ) -> Result<Arc<Row>> {
        self.known(cx, which, false, deadline).await
    }

    async fn known(
        &self,
        cx: &Context,
        which: &SecretRef,
        cached: bool,
        deadline: &Deadline,
    ) -> Result<Arc<Row>> {
        let found = self.patiently(deadline, || self.find(cx, which, cached)).await?;
        found.filter(|row| cx.may_list(&row.meta)).ok_or_else(|| errors::not_found(which))
    }

    async fn find(&self, cx: &Context, which: &SecretRef, cached: bool) -> Result<Option<Arc<Row>>> {
        match which {
            SecretRef::Id(id) => match self.cache.row(*id).filter(|_| cached) {
                Some(_) => match self.stamps.read(&[*id]).await?.pop().flatten() {
                    None => {
                        self.forget(*id);
                        Ok(None)
                    }
                    stamp => match self.cache.validated(*id, stamp) {
                        Some(row) => Ok(Some(row)),
                        None => self.read_row(*id).await,
                    },
                },
                None => self.read_row(*id).await,
            },
            SecretRef::Name { name, private } => {
                let mut keys = Vec::with_capacity(2);
                if *private != Some(true) {
                    keys.push(Lookup::Name(NameKey::new(name, false, cx.actor)));
                }
                if *private != Some(false) {
                    keys.push(Lookup::Name(NameKey::new(name, true, cx.actor)));
                }
                // In this order the public one wins, if the caller may see it.
                let rows = self.rows.read(&keys).await?.into_iter().flatten();
                let row = rows.into_iter().find(|row| cx.may_list(&row.meta));
                Ok(row.inspect(|row| self.cache.keep_row(row)))
            }
        }
    }

    /// The row as it is now, whatever the cache holds.
    pub(crate) async fn read_row(&self, id: SecretId) -> Result<Option<Arc<Row>>> {
        let row = self.rows.read(&[Lookup::Id(id)]).await?.pop().flatten();
        match &row {
            Some(row) => self.cache.keep_row(row),
            None => self.forget(id),
        }
        Ok(row)
    }

    /// Repeats a read that the catalog says may be repeated.
    pub(crate) async fn patiently<T, F: Future<Output = Result<T>>>(
        &self,
        deadline: &Deadline,
        mut read: impl FnMut() -> F,
    ) -> Result<T> {
        let mut tries = 0;
        loop {
            let error = match deadline.bound(read()).await? {
                Err(error) if passing(&error) => error,
                answer => return answer,
            };
            tries += 1;
            if tries >= self.options.call_attempts {
                return Err(error.retryable(Retry::Exhausted));
            }
            deadline.pause(self.options.backoff, tries - 1).await;
        }
    }
}

/// Whether the catalog may answer if it is asked again. A read whose connection was lost changed nothing.
pub(crate) fn passing(error: &Error) -> bool {
    error.retry() == Retry::Backoff || error.kind() == ErrorKind::OutcomeUnknown
}
