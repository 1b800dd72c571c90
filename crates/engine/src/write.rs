//! Writing what a change is to leave, and committing it.
//!
//! Crash windows of a write to a back-end, and what covers them (P: the pending row, V: the put, C: the commit):
//! - before P: nothing exists anywhere;
//! - between P and V, in V, between V and C: the pending row explains whatever was or will be written; the sweeper
//!   removes it once the lease is over;
//! - in C, answer lost: the same guarded transaction is run again;
//! - after C: it is done.

use crate::{
    AuditEntry, Commit, Committed, NewVersionRow, PayloadRef, Place, Refusal, Row, Subject,
    codec::{self, Bound},
    deadline::Deadline,
    engine::Core,
    env::successive,
    external::{Attempted, ToWrite},
    labels::{LabelRecord, labelled},
};
use std::sync::Arc;
use strongroom_core::{
    Context, Result, Revision, SecretId, SecretMeta, SecretName, SecretValues, Timestamp, VersionUid,
};

/// A change that is being made.
pub(crate) struct Change<'a> {
    pub(crate) cx: &'a Context,
    pub(crate) deadline: &'a Deadline,
    pub(crate) secret: SecretId,
    pub(crate) subject: Subject,
    pub(crate) action: &'static str,
    pub(crate) detail: String,
    /// The secret as it will be.
    pub(crate) after: SecretMeta,
}

/// What became of one try.
pub(crate) enum Tried {
    Done(Box<Row>),
    /// Committed before, in a try that got no answer.
    Before(Revision, Timestamp),
    NameTaken,
    Refused(Refusal),
    /// Compute it again from the row as it is now.
    Again,
}

impl Core {
    /// Writes values to where new values go, and commits.
    pub(crate) async fn write_values(
        self: &Arc<Self>,
        change: &Change<'_>,
        base: Option<&Arc<Row>>,
        values: &SecretValues,
    ) -> Result<Tried> {
        self.check_room(&change.after)?;
        let uid = VersionUid(successive(&*self.env));
        let bound = Bound { namespace: self.namespace(), secret: change.secret, version: uid };
        let Some(target) = &self.target else {
            let (key, sealed) = codec::seal_inline(&self.ring, &bound, values)?;
            let size = u32::try_from(sealed.len()).unwrap_or(u32::MAX);
            let place = Place::Inline { payload: PayloadRef(successive(&*self.env)), sealed };
            let version = NewVersionRow { uid, place, key: Some(key), digest: None, size };
            let history = self.kept_versions(&change.after, Some(&version.place));
            let tried = self.commit(change, Some(version), None, history).await?;
            self.remember(&tried, uid, values);
            return Ok(tried);
        };
        let store = self.store(target)?.clone();
        let to_write = ToWrite {
            base: base.map(|row| &**row),
            bound: &bound,
            values,
            record: LabelRecord::of(&change.after),
        };
        let (version, twin, relabel) = match self.attempt(&store, to_write, change.deadline).await? {
            Attempted::Written { version, twin, relabel } => (version, twin, relabel),
            Attempted::Again => return Ok(Tried::Again),
        };
        let at = match &version.place {
            Place::External { at, .. } if !twin => Some(at.clone()),
            _ => None,
        };
        let attempted = Some((uid, twin, relabel));
        let history = self.kept_versions(&change.after, Some(&version.place));
        let tried = self.commit(change, Some(version), attempted, history).await;
        match &tried {
            Ok(Tried::Done(_) | Tried::Before(..)) => {}
            // Nobody knows whether it is committed: the guarded abandon knows, since a committed attempt has no row.
            Ok(_) | Err(_) => self.abandon(uid, at, change.deadline).await,
        }
        let tried = tried?;
        self.remember(&tried, uid, values);
        Ok(tried)
    }

    fn remember(&self, tried: &Tried, uid: VersionUid, values: &SecretValues) {
        if let Tried::Done(row) = tried
            && row.version.uid == uid
        {
            self.keep(row, &Arc::new(values.clone()));
        }
    }

    /// Changes a row without its values, which stay where they are.
    pub(crate) async fn write_row(self: &Arc<Self>, change: &Change<'_>, row: &Row) -> Result<Tried> {
        self.check_room(&change.after)?;
        let history = self.kept_versions(&change.after, Some(&row.version.place));
        self.commit(change, None, None, history).await
    }

    async fn commit(
        self: &Arc<Self>,
        change: &Change<'_>,
        version: Option<NewVersionRow>,
        // Which attempt wrote it, whether a twin may exist, and whether the store wants its labels once more.
        attempted: Option<(VersionUid, bool, bool)>,
        history: u32,
    ) -> Result<Tried> {
        let id = version.as_ref().map_or_else(|| successive(&*self.env), |version| version.uid.0);
        let mut commit = Commit {
            secret: change.secret,
            change: id,
            subject: change.subject.clone(),
            version,
            attempt: attempted.map(|(uid, _, _)| uid),
            twin: attempted.is_some_and(|(_, twin, _)| twin),
            labelled: match attempted {
                Some((_, _, relabel)) => Some(labelled(&change.after, relabel)),
                None => self.labels_commit.then(|| labelled(&change.after, true)),
            },
            history,
            entry: self.entry(change.cx, change.secret, id, change.action, change.detail.clone()),
            auditor: self.auditor()?,
            doubt: false,
        };
        let committed = self
            .certain(change.deadline, |doubt| {
                commit.doubt = doubt;
                let commit = commit.clone();
                async move { self.catalog.commit(&commit).await }
            })
            .await?;
        if matches!(committed, Committed::Done(_) | Committed::Before { .. }) {
            self.make_lasting(change.secret, change.deadline).await?;
        }
        Ok(match committed {
            Committed::Done(row) => Tried::Done(row),
            Committed::Before { revision, at } => Tried::Before(revision, at),
            Committed::NameTaken => Tried::NameTaken,
            Committed::Refused(refusal) => Tried::Refused(refusal),
            Committed::Fenced => Tried::Again,
            Committed::KeyRetired => {
                self.ring.reload().await?;
                Tried::Again
            }
        })
    }

    pub(crate) fn entry(
        &self,
        cx: &Context,
        secret: SecretId,
        change: uuid::Uuid,
        action: &'static str,
        detail: String,
    ) -> AuditEntry {
        AuditEntry {
            change,
            actor: cx.actor,
            action,
            secret,
            detail,
            origin: cx.origin.clone(),
            receipt: cx.receipt,
        }
    }

    /// How many versions are kept: as configured, or as many as the store can, or its labels can list.
    fn kept_versions(&self, after: &SecretMeta, place: Option<&Place>) -> u32 {
        let limit = self.target.as_ref().and_then(|target| self.stores.get(target)?.info().limits.history);
        let listable = self.listable(after, place);
        self.options.history.min(limit.unwrap_or(u32::MAX)).min(listable).max(1)
    }

    /// The secret after a change that committed without an answer: as it is, if that is still what the change left, else as
    /// the change was to leave it. What others made of it since is not part of the answer: the caller may not see it any
    /// more.
    pub(crate) async fn as_committed(
        &self,
        cx: &Context,
        after: SecretMeta,
        revision: Revision,
        at: Timestamp,
        deadline: &Deadline,
    ) -> SecretMeta {
        match self.patiently(deadline, || self.read_row(after.id)).await {
            Ok(Some(row)) if row.meta.revision == revision && cx.may_list(&row.meta) => row.meta.clone(),
            _ => {
                let mut meta = after;
                (meta.revision, meta.updated) = (revision, at);
                meta
            }
        }
    }

    pub(crate) fn owner_of(&self, cx: &Context) -> strongroom_core::Owner {
        let own = &self.identity.owner;
        if own.id == cx.actor {
            return own.clone();
        }
        strongroom_core::Owner { id: cx.actor, name: String::new(), full_name: String::new() }
    }
}

/// What the audit entry says was touched. The name of what is private then is its owner's alone, and is not to be given.
pub(crate) fn detail(name: Option<&SecretName>, private: Option<bool>, values: bool) -> String {
    let mut parts = Vec::new();
    if let Some(name) = name {
        parts.push(format!("name={}", name.as_str().escape_debug()));
    }
    if let Some(private) = private {
        parts.push(format!("private={private}"));
    }
    if values {
        parts.push("values".to_owned());
    }
    parts.join(" ")
}
