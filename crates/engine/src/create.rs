//! Creating.

use crate::{
    Refusal, Subject,
    deadline::Deadline,
    engine::Core,
    env::fresh,
    errors,
    write::{Change, Tried, detail},
};
use std::sync::Arc;
use strongroom_core::{Context, Error, ErrorKind, NewSecret, Result, Revision, Secret, SecretId, SecretMeta};

impl Core {
    pub(crate) async fn create(self: &Arc<Self>, cx: &Context, new: NewSecret) -> Result<Secret> {
        let deadline = Deadline::of(cx, &self.env);
        if !cx.access.change.contains(new.name.as_str()) {
            return Err(errors::may_not_change(cx, "the account may not create secrets of that name")
                .with("name", new.name.as_str().escape_debug()));
        }
        new.values.check_writable()?;
        new.values.check_size(self.options.size_limit)?;
        if self.target.is_some() {
            self.look_whether_free(cx, &new, &deadline).await?;
        }
        let subject = Subject::New { name: new.name.clone(), private: new.private, owner: cx.actor };
        loop {
            let secret = SecretId(fresh(&*self.env));
            let owner = self.owner_of(cx);
            let change = Change {
                cx,
                deadline: &deadline,
                secret,
                subject: subject.clone(),
                action: "secret.create",
                detail: detail(Some(&new.name).filter(|_| !new.private), Some(new.private), true),
                after: SecretMeta::new(secret, new.name.clone(), new.private, owner, self.env.now()),
            };
            match self.write_values(&change, None, &new.values).await? {
                Tried::Done(row) => return Ok(Secret::new(row.meta, new.values, Revision(1))),
                Tried::Before(revision, at) => {
                    let meta = self.as_committed(cx, change.after, revision, at, &deadline).await;
                    return Ok(Secret::new(meta, new.values, revision));
                }
                Tried::NameTaken => return Err(Error::name_taken(&new.name, new.private)),
                Tried::Refused(Refusal::Denied) => {
                    return Err(errors::denied("the account is not there any more"));
                }
                Tried::Refused(_) => return Err(Error::new(ErrorKind::Unexpected, "a create met a guard")),
                Tried::Again if deadline.is_over() => return Err(errors::out_of_time()),
                Tried::Again => {}
            }
        }
    }

    /// A cheap look that saves paying for a put; the unique index decides.
    async fn look_whether_free(&self, cx: &Context, new: &NewSecret, deadline: &Deadline) -> Result<()> {
        let key = crate::Lookup::Name(crate::NameKey::new(&new.name, new.private, cx.actor));
        let taken = self.patiently(deadline, || self.rows.read(std::slice::from_ref(&key))).await?;
        if taken.into_iter().flatten().next().is_some() {
            return Err(Error::name_taken(&new.name, new.private));
        }
        Ok(())
    }
}
