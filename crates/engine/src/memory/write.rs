//! Changing.

use super::{
    attempt::fence,
    state::{SecretRow, State},
};
use crate::{
    Commit, Committed, Delete, Deleted, Env, NameKey, NewVersionRow, Pending, Place, Refusal, Stamp, Subject,
    VersionRow, crypto::KeyId, env::fresh,
};
use std::{collections::BTreeSet, time::Duration};
use strongroom_core::{
    Error, ErrorKind, Owner, Result, Revision, SecretId, SecretMeta, SecretName, Timestamp, VersionUid,
};

impl State {
    pub(super) fn commit(&mut self, change: &Commit, now: Timestamp, env: &dyn Env) -> Result<Committed> {
        if change.doubt
            && let Some(row) = self.find_audit(change.change)
        {
            return Ok(Committed::Before { revision: row.revision, at: row.at });
        }
        if change.attempt.is_some_and(|uid| self.pending.get(&uid).is_none_or(|p| !p.locked)) {
            return Ok(Committed::Fenced);
        }
        let retired = change.version.as_ref().is_some_and(|version| self.retired(version));
        if retired || !self.keys.keys.iter().any(|key| key.id == change.auditor.key()) {
            return Ok(Committed::KeyRetired);
        }
        // Everything is decided here; only then is anything changed.
        let (meta, current) = match self.target(change, now)? {
            Ok(decided) => decided,
            Err(refused) => return Ok(refused),
        };
        let key = NameKey::of(&meta);
        if self.names.get(&key).is_some_and(|holder| *holder != change.secret) {
            return Ok(Committed::NameTaken);
        }

        let before = self.secrets.get(&change.secret).map(|secret| secret.meta.clone());
        if let Some(before) = &before {
            self.names.remove(&NameKey::of(before));
        }
        self.names.insert(key, change.secret);
        if let Some(new) = &change.version {
            let version = version_row(new, &meta, now);
            self.versions.insert((change.secret, meta.revision), version);
        }
        if change.version.is_some() || self.of_labels {
            self.trim(change, env, now);
        }
        if !meta.private
            && let Some(version) = self.versions.get_mut(&(change.secret, current))
        {
            version.visible_to_others = true;
        }
        if let Some(uid) = change.attempt {
            self.end_attempt(uid, change.twin, now);
        }
        let differs = |(name, private): &(SecretName, bool)| *name != meta.name || *private != meta.private;
        let mislabelled = change.labelled.as_ref().is_some_and(differs);
        let renamed = before.is_some_and(|old| differs(&(old.name, old.private)));
        let relabelled = mislabelled || renamed;
        if relabelled {
            self.retag(change.secret, current, now);
        }
        let (revision, stamp) = (meta.revision, Stamp { change: change.change, owner: 0 });
        self.secrets.insert(change.secret, SecretRow { meta, stamp, current });
        self.note(&change.auditor, &change.entry, now, revision);
        let row = self.secrets.get(&change.secret).and_then(|secret| self.row(secret, current));
        let row =
            row.ok_or_else(|| Error::new(ErrorKind::Unexpected, "a secret without its current version"))?;
        Ok(Committed::Done(Box::new(row)))
    }

    /// Whether a version was made with a key that is not to be used any more.
    pub(super) fn retired(&self, version: &NewVersionRow) -> bool {
        let known = |id: &KeyId| self.keys.keys.iter().find(|key| key.id == *id);
        let sealed = version.key.is_none_or(|id| known(&id).is_some_and(|key| key.active));
        let pinned = version.digest_key().is_none_or(|id| known(&id).is_some());
        !sealed || !pinned
    }

    /// The row as it will be, and the revision of its current version; or why not.
    #[allow(clippy::type_complexity)]
    fn target(&self, change: &Commit, now: Timestamp) -> Result<Result<(SecretMeta, Revision), Committed>> {
        match &change.subject {
            Subject::New { name, private, owner } => {
                if self.secrets.contains_key(&change.secret) || change.version.is_none() {
                    return Err(Error::new(ErrorKind::Unexpected, "a create needs a fresh id and values"));
                }
                let owner = self.known_owner(*owner);
                let meta = SecretMeta::new(change.secret, name.clone(), *private, owner, now);
                Ok(Ok((meta, Revision(1))))
            }
            Subject::Existing { guard, name, private } => {
                let Some(secret) = self.secrets.get(&change.secret) else {
                    return Ok(Err(Committed::Refused(Refusal::NotFound)));
                };
                if let Err(refusal) = self.check(secret, guard) {
                    return Ok(Err(Committed::Refused(refusal)));
                }
                let mut meta = secret.meta.clone();
                meta.revision = meta.revision.next();
                // A clock that went back must not make `updated` do so.
                meta.updated = now.max(meta.updated);
                if let Some(name) = name {
                    meta.name = name.clone();
                }
                if let Some(private) = private {
                    meta.private = *private;
                }
                let current = if change.version.is_some() { meta.revision } else { secret.current };
                Ok(Ok((meta, current)))
            }
        }
    }

    fn check(&self, secret: &SecretRow, guard: &crate::Guard) -> Result<(), Refusal> {
        let current = self.versions.get(&(secret.meta.id, secret.current)).map(|version| version.uid);
        guard.check(&secret.meta, current.ok_or(Refusal::Moved)?, secret.stamp.change)
    }

    pub(super) fn known_owner(&self, id: strongroom_core::OwnerId) -> Owner {
        let known = self.identity.as_ref().map(|identity| &identity.owner).filter(|owner| owner.id == id);
        // Accounts live with the server; in memory every id is an account without a name of its own.
        known.cloned().unwrap_or_else(|| Owner { id, name: id.to_string(), full_name: String::new() })
    }

    fn trim(&mut self, change: &Commit, env: &dyn Env, now: Timestamp) {
        let kept: Vec<Revision> =
            self.versions_of(change.secret).rev().map(|version| version.revision).collect();
        for revision in kept.into_iter().skip(change.history.max(1) as usize) {
            if let Some(version) = self.versions.remove(&(change.secret, revision)) {
                self.discard(change.secret, &version, env, now, Duration::ZERO);
            }
        }
    }

    /// Leaves a garbage row for a version that is no longer kept where it was.
    pub(super) fn discard(
        &mut self,
        secret: SecretId,
        version: &VersionRow,
        env: &dyn Env,
        now: Timestamp,
        grace: Duration,
    ) {
        let Place::External { store, object, at } = &version.place else { return };
        let pending = Pending::of_version(fresh(env), secret, version, (store, *object, at), grace, now);
        self.pending.insert(pending.uid, pending);
    }

    /// The attempt's own row goes with its commit; where a twin may exist it stays, without the lock, to explain it.
    pub(super) fn end_attempt(&mut self, uid: VersionUid, twin: bool, now: Timestamp) {
        if !twin {
            self.pending.remove(&uid);
        } else if let Some(own) = self.pending.get_mut(&uid) {
            fence(own, now);
        }
    }

    pub(super) fn retag(&mut self, secret: SecretId, current: Revision, now: Timestamp) {
        let Some(version) = self.versions.get(&(secret, current)) else { return };
        let Place::External { store, object, .. } = &version.place else { return };
        let pending = Pending::of_labels(secret, version.uid, (store, *object), now);
        self.pending.insert(pending.uid, pending);
    }

    pub(super) fn delete(&mut self, delete: &Delete, now: Timestamp, env: &dyn Env) -> Deleted {
        if delete.doubt && self.find_audit(delete.change).is_some() {
            return Deleted::Before;
        }
        let Some(secret) = self.secrets.get(&delete.secret) else {
            return Deleted::Refused(Refusal::NotFound);
        };
        if let Err(refusal) = self.check(secret, &delete.guard) {
            return Deleted::Refused(refusal);
        }
        if !self.keys.keys.iter().any(|key| key.id == delete.auditor.key()) {
            return Deleted::KeyRetired;
        }
        let key = NameKey::of(&secret.meta);
        self.names.remove(&key);
        self.secrets.remove(&delete.secret);
        let gone: Vec<Revision> = self.versions_of(delete.secret).map(|version| version.revision).collect();
        let mut objects = BTreeSet::new();
        for revision in gone {
            let version = self.versions.remove(&(delete.secret, revision));
            if let Some(VersionRow { place: Place::External { store, object, .. }, .. }) = version {
                objects.insert((store, object));
            }
        }
        for pending in self.pending.values_mut().filter(|p| p.locked && p.secret == delete.secret) {
            fence(pending, now);
        }
        self.pending.remove(&VersionUid(delete.secret.0));
        let claim = Some(delete.claim);
        let rows = objects
            .into_iter()
            .map(|place| Pending::of_deletion(fresh(env), delete.change, delete.secret, place, claim, now));
        let rows: Vec<Pending> = rows.collect();
        self.pending.extend(rows.iter().map(|row| (row.uid, row.clone())));
        self.note(&delete.auditor, &delete.entry, now, Revision(0));
        Deleted::Done(rows)
    }
}

fn version_row(new: &NewVersionRow, meta: &SecretMeta, now: Timestamp) -> VersionRow {
    VersionRow {
        uid: new.uid,
        revision: meta.revision,
        created: now,
        placed: now,
        place: new.place.clone(),
        key: new.key,
        digest: new.digest.clone(),
        size: new.size,
        visible_to_others: !meta.private,
    }
}
