//! Creating and changing.
//!
//! The order of looks and locks is: the secret's row, the attempt's row, whether the change had committed before
//! (after the locks, so that a COMMIT still under way is waited for), the key, the guard, and last, with the
//! writes, the name, about which the unique index decides. What is new has no row to lock yet: whatever refuses it may be
//! what a COMMIT did that was still under way at the first look, so that there is a second one.

use crate::{
    accounts::{self, Purpose},
    audit,
    connection::{BatchFailure, Statement},
    dialect::Dialect,
    error::{Class, Failure},
    pending, receipts,
    transaction::{Note, Operation, Transaction, Verdict},
    value::args,
    versions,
};
use std::time::Duration;
use strongroom_core::{
    Error, ErrorKind, Owner, OwnerId, Result, Revision, SecretMeta, SecretName, Timestamp, VersionUid,
    async_trait,
};
use strongroom_engine::{Commit, Committed, Guard, NameKey, Refusal, Row, Stamp, Subject};

type Outcome = Result<Verdict<Committed>, Failure>;

/// A change, and whether whoever makes a secret has to have an account by then: it may have been removed since the caller
/// was looked up.
pub(crate) struct Committing {
    pub(crate) commit: Commit,
    pub(crate) owners_known: bool,
}

#[async_trait]
impl Operation for Committing {
    type Answer = Committed;

    async fn run(&self, tx: &mut Transaction) -> Outcome {
        let commit = &self.commit;
        if matches!(commit.subject, Subject::Existing { .. }) {
            tx.lock_secret(commit.secret).await?;
        }
        let fenced = match commit.attempt {
            Some(attempt) => !pending::has_lock(tx, attempt, commit.secret).await?,
            None => false,
        };
        if let Some(before) = before(tx, commit).await? {
            return Ok(Verdict::Undo(before));
        }
        let done = carry_out(tx, self, fenced).await;
        let refused = match &done {
            Ok(Verdict::Keep(_)) => false,
            Ok(Verdict::Undo(_)) => true,
            // Ours, and none of the database's, after which it may answer nothing more.
            Err(failure) => failure.class == Class::Other,
        };
        if refused
            && matches!(commit.subject, Subject::New { .. })
            && let Ok(Some(before)) = before(tx, commit).await
        {
            return Ok(Verdict::Undo(before));
        }
        done
    }
}

/// What an earlier try committed whose answer was lost.
async fn before(tx: &mut Transaction, commit: &Commit) -> Result<Option<Committed>, Failure> {
    if !commit.doubt {
        return Ok(None);
    }
    let found = audit::find(tx, commit.change).await?;
    Ok(found.map(|(revision, at)| Committed::Before { revision, at }))
}

async fn carry_out(tx: &mut Transaction, committing: &Committing, fenced: bool) -> Outcome {
    let Committing { commit, owners_known } = committing;
    receipts::refuse_repeat(tx, commit.entry.receipt).await?;
    if fenced {
        return Ok(Verdict::Undo(Committed::Fenced));
    }
    let (seal, digest) = commit.version.as_ref().map_or((None, None), |new| (new.key, new.digest_key()));
    if !tx.keys_hold(seal, &[digest, Some(commit.auditor.key())]).await? {
        return Ok(Verdict::Undo(Committed::KeyRetired));
    }
    match &commit.subject {
        Subject::New { name, private, owner } => {
            let now = tx.now().await?;
            match known_owner(tx, *owner, now, *owners_known).await? {
                Some(owner) => create(tx, commit, name, *private, owner, now).await,
                None => Ok(Verdict::Undo(Committed::Refused(Refusal::Denied))),
            }
        }
        Subject::Existing { guard, name, private } => {
            change(tx, commit, guard, name.as_ref(), *private).await
        }
    }
}

async fn create(
    tx: &mut Transaction,
    commit: &Commit,
    name: &SecretName,
    private: bool,
    (owner, generation): (Owner, i64),
    now: Timestamp,
) -> Outcome {
    let Some(new) = &commit.version else { return Err(no_fresh_create().into()) };
    let meta = SecretMeta::new(commit.secret, name.clone(), private, owner, now);
    if tx.dialect() != Dialect::Sqlite
        && let Some(taken) = taken(tx, &meta, true).await?
    {
        return Ok(Verdict::Undo(taken));
    }
    let mut statements = vec![insert(&meta, new.uid, commit)];
    statements.extend(versions::insert(new, &meta, now));
    if commit.labelled.as_ref().is_some_and(|(name, private)| *name != meta.name || *private != meta.private)
    {
        statements.extend(pending::retag(commit.secret, new.uid, &new.place, now));
    }
    let row = Row {
        stamp: Stamp { change: commit.change, owner: generation },
        version: versions::row(new, &meta, now),
        meta,
    };
    finish(tx, commit, statements, row, now, true).await
}

async fn change(
    tx: &mut Transaction,
    commit: &Commit,
    guard: &Guard,
    name: Option<&SecretName>,
    private: Option<bool>,
) -> Outcome {
    let Some(Row { mut meta, mut stamp, version: before }) = versions::current(tx, commit.secret).await?
    else {
        return Ok(Verdict::Undo(Committed::Refused(Refusal::NotFound)));
    };
    if let Err(refusal) = guard.check(&meta, before.uid, stamp.change) {
        return Ok(Verdict::Undo(Committed::Refused(refusal)));
    }
    let now = tx.now().await?;
    let (old_name, old_private, old_key) = (meta.name.clone(), meta.private, NameKey::of(&meta));
    meta.revision = meta.revision.next();
    // A clock that went back must not make `updated` do so.
    meta.updated = now.max(meta.updated);
    meta.name = name.cloned().unwrap_or(meta.name);
    meta.private = private.unwrap_or(meta.private);
    let renamed = NameKey::of(&meta) != old_key;
    if renamed
        && tx.dialect() != Dialect::Sqlite
        && let Some(taken) = taken(tx, &meta, false).await?
    {
        return Ok(Verdict::Undo(taken));
    }
    let mislabelled = commit
        .labelled
        .as_ref()
        .is_some_and(|(name, private)| *name != meta.name || *private != meta.private);
    let relabelled = mislabelled || meta.name != old_name || meta.private != old_private;
    let current = commit.version.as_ref().map_or(before.uid, |new| new.uid);
    let mut statements = vec![update(&meta, current, commit)];
    let version = if let Some(new) = &commit.version {
        statements.extend(versions::insert(new, &meta, now));
        for old in versions::beyond(tx, commit.secret, commit.history.max(1) - 1).await? {
            statements.push(Statement::new("DELETE FROM versions WHERE uid = ?", args![old.uid.0]));
            statements.push(pending::discard(tx, commit.secret, &old, now, Duration::ZERO));
        }
        versions::row(new, &meta, now)
    } else {
        let mut version = before;
        if !meta.private && !version.visible_to_others {
            version.visible_to_others = true;
            let publish = "UPDATE versions SET visible_to_others = 1 WHERE uid = ?";
            statements.push(Statement::new(publish, args![version.uid.0]));
        }
        version
    };
    if relabelled {
        statements.extend(pending::retag(commit.secret, version.uid, &version.place, now));
    }
    stamp.change = commit.change;
    finish(tx, commit, statements, Row { meta, stamp, version }, now, false).await
}

/// Runs the writes, of which the first decides about the name.
async fn finish(
    tx: &mut Transaction,
    commit: &Commit,
    mut statements: Vec<Statement>,
    row: Row,
    now: Timestamp,
    new: bool,
) -> Outcome {
    if let Some(attempt) = commit.attempt {
        statements.push(pending::end(attempt, commit.twin, now));
    }
    let revision = row.meta.revision;
    let note = Note { entry: &commit.entry, auditor: &commit.auditor, at: now, revision };
    match tx.write(statements, &note).await {
        Ok(()) => Ok(Verdict::Keep(Committed::Done(Box::new(row)))),
        Err(BatchFailure { failure, .. }) if failure.class == Class::Unique => {
            if tx.dialect() != Dialect::Sqlite {
                // Somebody was faster, or our own change had committed after all: the next look sees which.
                return Err(Failure::again());
            }
            match taken(tx, &row.meta, new).await? {
                Some(taken) => Ok(Verdict::Undo(taken)),
                None => Err(failure),
            }
        }
        // The account was removed meanwhile: the next look sees it.
        Err(batch) if new && batch.failure.class == Class::ForeignKey => Err(Failure::again()),
        Err(batch) => Err(batch.failure),
    }
}

/// Whether another secret has the name, or a secret that is to be made is there already.
async fn taken(tx: &mut Transaction, meta: &SecretMeta, new: bool) -> Result<Option<Committed>, Failure> {
    let sql = "SELECT id FROM secrets WHERE name_key = ?";
    let found = tx.fetch(sql, args![NameKey::of(meta).as_str()]).await?;
    if let Some(record) = found.first()
        && record.uuid(0)? != meta.id.0
    {
        return Ok(Some(Committed::NameTaken));
    }
    if new && !tx.fetch("SELECT revision FROM secrets WHERE id = ?", args![meta.id.0]).await?.is_empty() {
        return Err(no_fresh_create().into());
    }
    Ok(None)
}

/// The owner's account. An id without one, which programs that have accounts of their own hand in, gets one that
/// nobody can log in to, unless all owners are known: then it is `None`.
async fn known_owner(
    tx: &mut Transaction,
    id: OwnerId,
    now: Timestamp,
    all_known: bool,
) -> Result<Option<(Owner, i64)>, Failure> {
    let known = tx.owner(id).await?;
    if known.is_some() || all_known {
        return Ok(known);
    }
    let owner = Owner { id, name: id.to_string(), full_name: String::new() };
    match tx.batch(vec![accounts::insert(&owner, Purpose::Foreign, now)]).await {
        Ok(_) => Ok(Some((owner, 1))),
        Err(batch) if batch.failure.class == Class::Unique => Err(Failure::again()),
        Err(batch) => Err(batch.failure),
    }
}

fn insert(meta: &SecretMeta, current: VersionUid, commit: &Commit) -> Statement {
    Statement::new(
        "INSERT INTO secrets (id, name, name_key, name_fold, private, owner, created, updated, revision, \
         current_version, change_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        args![
            meta.id.0,
            meta.name.as_str(),
            NameKey::of(meta).as_str(),
            meta.name.fold(),
            meta.private,
            meta.owner.id.0,
            meta.created.0,
            meta.updated.0,
            number(meta.revision),
            current.0,
            commit.change,
        ],
    )
}

fn update(meta: &SecretMeta, current: VersionUid, commit: &Commit) -> Statement {
    Statement::new(
        "UPDATE secrets SET name = ?, name_key = ?, name_fold = ?, private = ?, updated = ?, revision = ?, \
         current_version = ?, change_id = ? WHERE id = ?",
        args![
            meta.name.as_str(),
            NameKey::of(meta).as_str(),
            meta.name.fold(),
            meta.private,
            meta.updated.0,
            number(meta.revision),
            current.0,
            commit.change,
            meta.id.0,
        ],
    )
}

fn number(revision: Revision) -> i64 {
    audit::number(revision.0)
}

fn no_fresh_create() -> Error {
    Error::new(ErrorKind::Unexpected, "a create needs a fresh id and values")
}
