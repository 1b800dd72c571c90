//! Changing: what a change leaves is computed from the row as it is, and computed again when that has moved.

use crate::{
    Guard, Pin, Refusal, Row, Subject,
    deadline::Deadline,
    engine::Core,
    errors,
    get::visible,
    write::{Change, Tried, detail},
};
use std::sync::Arc;
use strongroom_core::{
    Context, Error, ErrorKind, Result, SecretMeta, SecretRef, SecretUpdate, SecretValues, ValuesChange,
};

impl Core {
    pub(crate) async fn update(
        self: &Arc<Self>,
        cx: &Context,
        which: &SecretRef,
        update: SecretUpdate,
    ) -> Result<SecretMeta> {
        let deadline = Deadline::of(cx, &self.env);
        let mut row = self.resolve(cx, which, &deadline).await?;
        let _turn = self.lines.enter(row.meta.id, &deadline).await?;
        loop {
            // By name again, too: it may have been renamed while this caller stood in line.
            row = self.resolve(cx, which, &deadline).await?;
            let pin = match update.values {
                ValuesChange::Keep => Pin::Change(row.stamp.change),
                _ => Pin::Version(row.version.uid),
            };
            let guard = Guard {
                context: cx.clone(),
                expected: update.expected,
                pin,
                sets_private: update.private.is_some(),
                new_name: update.name.clone(),
                found_by: Some(which.clone()),
            };
            // Nothing is paid for a change that would be refused.
            if let Err(refusal) = guard.check(&row.meta, row.version.uid, row.stamp.change)
                && !matches!(refusal, Refusal::Moved | Refusal::NotFound)
            {
                return Err(self.refused(cx, refusal, which, &update, &row));
            }
            let values = match self.changed_values(cx, &row, &update, &deadline).await {
                Err(error) if error.kind() == ErrorKind::NotFound && !deadline.is_over() => {
                    // Right only if the row is still the one that it was computed from.
                    let now = self.resolve(cx, which, &deadline).await?;
                    if now.stamp == row.stamp {
                        return Err(error);
                    }
                    continue;
                }
                values => values?,
            };
            let mut after = row.meta.clone();
            (after.revision, after.updated) = (after.revision.next(), self.env.now());
            after.name = update.name.clone().unwrap_or(after.name);
            after.private = update.private.unwrap_or(after.private);
            let name = update.name.as_ref().filter(|name| **name != row.meta.name && !after.private);
            let change = Change {
                cx,
                deadline: &deadline,
                secret: row.meta.id,
                subject: Subject::Existing {
                    guard: Box::new(guard),
                    name: update.name.clone(),
                    private: update.private,
                },
                action: match update.values {
                    ValuesChange::Restore(_) => "secret.rollback",
                    _ => "secret.update",
                },
                detail: detail(name, update.private, values.is_some()),
                after,
            };
            let tried = match &values {
                Some(values) => self.write_values(&change, Some(&row), values).await?,
                None => self.write_row(&change, &row).await?,
            };
            match tried {
                Tried::Done(new) => return Ok(new.meta),
                Tried::Before(revision, at) => {
                    return Ok(self.as_committed(cx, change.after, revision, at, &deadline).await);
                }
                Tried::NameTaken => {
                    let name = update.name.as_ref().unwrap_or(&row.meta.name);
                    return Err(Error::name_taken(name, update.private.unwrap_or(row.meta.private)));
                }
                Tried::Refused(Refusal::Moved | Refusal::NotFound) | Tried::Again if deadline.is_over() => {
                    return Err(errors::out_of_time());
                }
                // By name it may be another secret now: looking again decides.
                Tried::Refused(Refusal::Moved | Refusal::NotFound) | Tried::Again => {}
                Tried::Refused(refusal) => return Err(self.refused(cx, refusal, which, &update, &row)),
            }
        }
    }

    /// The values as they will be, or `None` if they stay.
    async fn changed_values(
        self: &Arc<Self>,
        cx: &Context,
        row: &Arc<Row>,
        update: &SecretUpdate,
        deadline: &Deadline,
    ) -> Result<Option<SecretValues>> {
        let values = match &update.values {
            ValuesChange::Keep => return Ok(None),
            ValuesChange::Replace(values) => {
                values.check_writable()?;
                values.clone()
            }
            ValuesChange::Merge(changes) => {
                let (_, base) = self.values_of(row, None, deadline, &|_| Ok(())).await?;
                let mut values = SecretValues::clone(&base);
                for (key, value) in changes {
                    match value {
                        Some(value) => values.set(key.clone(), value.clone()),
                        None => values.remove(key),
                    }
                }
                values
            }
            ValuesChange::Restore(revision) => {
                let (id, revision) = (row.meta.id, *revision);
                if revision > row.meta.revision {
                    return Err(errors::no_revision_yet(id, revision, row.meta.revision));
                }
                let version = self.patiently(deadline, || self.catalog.version(id, revision)).await?;
                let version = version.filter(|version| visible(cx, version));
                let version = Arc::new(version.ok_or_else(|| errors::no_version(id, revision))?);
                let (_, values) = self.values_of(&version, Some(revision), deadline, &|_| Ok(())).await?;
                SecretValues::clone(&values)
            }
        };
        values.check_size(self.options.size_limit)?;
        Ok(Some(values))
    }

    pub(crate) fn refused(
        &self,
        cx: &Context,
        refusal: Refusal,
        which: &SecretRef,
        update: &SecretUpdate,
        row: &Row,
    ) -> Error {
        match refusal {
            Refusal::NotFound => errors::not_found(which),
            Refusal::Denied => errors::about(
                errors::may_not_change(cx, "the account may not change this secret or give it that name"),
                &row.meta,
            ),
            Refusal::NotOwner => errors::about(errors::only_its_owner(), &row.meta),
            Refusal::Stale(actual) => errors::about(errors::stale(update.expected, actual), &row.meta),
            Refusal::Moved => errors::out_of_time(),
        }
    }
}
