//! Reading.

use crate::{Row, deadline::Deadline, engine::Core, errors};
use futures::future::join_all;
use std::sync::Arc;
use strongroom_core::{
    Context, ErrorKind, GetOptions, Result, Revision, Secret, SecretRef, SecretValues, Version,
};

/// Of so many futures `join_all` polls each whenever it is polled. Of more it polls few at a time if they ask to be polled
/// again at once, as lookups do in a catalog that shares reads, and then they share nothing.
const POLLED_TOGETHER: usize = 30;

impl Core {
    pub(crate) async fn get(
        self: &Arc<Self>,
        cx: &Context,
        which: &[SecretRef],
        options: &GetOptions,
    ) -> Vec<Result<Secret>> {
        let deadline = Deadline::of(cx, &self.env);
        if let [one] = which {
            let row = self.resolve(cx, one, &deadline).await;
            let row = self.readable(cx, row, options, &deadline).await;
            return vec![self.answer(cx, one, row, options, &deadline).await];
        }
        let at_once = if self.catalog.shares_reads() { POLLED_TOGETHER } else { which.len().max(1) };
        let mut rows = Vec::with_capacity(which.len());
        for some in which.chunks(at_once) {
            let some = some.iter().map(async |one| {
                let row = self.resolve_among(cx, one, &deadline).await;
                self.readable(cx, row, options, &deadline).await
            });
            rows.extend(join_all(some).await);
        }
        let found: Vec<Arc<Row>> = rows.iter().flatten().cloned().collect();
        let _aboard = self.take_off_together(&found, &deadline);
        let answers = which.iter().zip(rows).map(|(one, row)| self.answer(cx, one, row, options, &deadline));
        join_all(answers).await
    }

    /// The row to be answered from, of a secret's current one, if the caller may read it.
    async fn readable(
        &self,
        cx: &Context,
        row: Result<Arc<Row>>,
        options: &GetOptions,
        deadline: &Deadline,
    ) -> Result<Arc<Row>> {
        let row = row?;
        let row = match options.as_of {
            None => row,
            Some(revision) => {
                let id = row.meta.id;
                let version = self.patiently(deadline, || self.catalog.version(id, revision)).await?;
                Arc::new(version.ok_or_else(|| errors::no_version(id, revision))?)
            }
        };
        admit(cx, &row, options)?;
        Ok(row)
    }

    async fn answer(
        self: &Arc<Self>,
        cx: &Context,
        which: &SecretRef,
        row: Result<Arc<Row>>,
        options: &GetOptions,
        deadline: &Deadline,
    ) -> Result<Secret> {
        let again = |row: &Row| {
            if still_means(which, row) { admit(cx, row, options) } else { Err(errors::not_found(which)) }
        };
        let mut row = row?;
        let (row, values) = loop {
            match self.values_of(&row, options.as_of, deadline, &again).await {
                // Gone or hidden since: by name it may be another secret now. Looking again decides.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let now = self.resolve(cx, which, deadline).await;
                    row = self.readable(cx, now, options, deadline).await?;
                }
                answer => break answer?,
            }
        };
        let values = if options.keys_only {
            SecretValues::hidden(values.keys().map(str::to_owned))
        } else {
            SecretValues::clone(&values)
        };
        Ok(Secret::new(row.meta.clone(), values, row.version.revision))
    }

    pub(crate) async fn versions(&self, cx: &Context, which: &SecretRef) -> Result<Vec<Version>> {
        let deadline = Deadline::of(cx, &self.env);
        let row = self.resolve(cx, which, &deadline).await?;
        let id = row.meta.id;
        let history = self.patiently(&deadline, || self.catalog.history(id)).await?;
        let (meta, versions) =
            history.filter(|(meta, _)| cx.may_list(meta)).ok_or_else(|| errors::not_found(which))?;
        let own = meta.owner.id == cx.actor;
        let seen = versions.into_iter().filter(|version| own || version.visible_to_others);
        Ok(seen.map(|version| Version::new(version.revision, version.created, version.current)).collect())
    }
}

/// Whether the reference that led to a row still does, as far as the row tells.
fn still_means(which: &SecretRef, row: &Row) -> bool {
    match which {
        SecretRef::Id(_) => true,
        SecretRef::Name { name, private } => {
            *name == row.meta.name && private.is_none_or(|private| private == row.meta.private)
        }
    }
}

/// Checks access on the very row that answers.
fn admit(cx: &Context, row: &Row, options: &GetOptions) -> Result<()> {
    if !cx.may_list(&row.meta) {
        return Err(errors::not_found(&SecretRef::Id(row.meta.id)));
    }
    if !options.keys_only && !cx.may_read(&row.meta) {
        return Err(errors::about(
            errors::denied("the account may not read the values of this secret"),
            &row.meta,
        ));
    }
    if let Some(revision) = options.as_of.filter(|revision| *revision > row.meta.revision) {
        return Err(errors::no_revision_yet(row.meta.id, revision, row.meta.revision));
    }
    if !visible(cx, row) {
        return Err(errors::no_version(row.meta.id, options.as_of.unwrap_or(Revision(0))));
    }
    Ok(())
}

/// Versions from a time when the secret was private are their owner's alone.
pub(crate) fn visible(cx: &Context, row: &Row) -> bool {
    row.version.visible_to_others || row.meta.owner.id == cx.actor
}
