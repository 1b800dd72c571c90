//! Attempts to write to a back-end, and what is left of them.

use super::{NewVersionRow, Place, StoreName, VersionRow};
use crate::crypto::KeyId;
use std::time::Duration;
use strongroom_core::{ObjectId, SecretId, SecretName, Timestamp, VersionRef, VersionUid};
use uuid::Uuid;

/// An attempt to write one version to a back-end: its pending row is committed before the first call.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Names the attempt, fresh; for new values also the version's uid.
    pub uid: VersionUid,
    /// The version whose content is written: another than `uid` only when a version moves.
    pub version: VersionUid,
    /// The secret whose lock is taken.
    pub secret: SecretId,
    /// The current version that must still be current; `None` for a secret that does not exist yet.
    pub base: Option<VersionUid>,
    /// The store that is written to.
    pub store: StoreName,
    /// The object that is written to.
    pub object: ObjectId,
    /// Whether the object is a fresh one. If not, a version row of the secret must still name it: once none does, it
    /// may be deleted at any time.
    pub fresh: bool,
    /// The key that the content is sealed with.
    pub key: Option<KeyId>,
    /// The digest of the content.
    pub digest: Vec<u8>,
    /// How long the lock is held at most.
    pub lease: Duration,
}

/// What became of the begin of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It has the lock.
    Open,
    /// Another attempt has the lock.
    Busy,
    /// The current version is another one, or nothing names the object any more.
    Stale,
    /// The secret is not there.
    Gone,
    /// This attempt had the lock before and was fenced.
    Fenced,
    /// Its seal or digest key was destroyed: read the keys and make it again.
    KeyRetired,
}

/// Something that may exist in a back-end and is named by no version row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Names the row: the attempt's uid, or a fresh one. A re-tag row has the secret's id.
    pub uid: VersionUid,
    /// The version whose content was written, to which digest and seal are bound.
    pub version: VersionUid,
    /// The secret.
    pub secret: SecretId,
    /// Whether it is an attempt in progress.
    pub locked: bool,
    /// The store.
    pub store: StoreName,
    /// The object there.
    pub object: ObjectId,
    /// What there may be.
    pub debris: Debris,
    /// Whether an attempt left it, so that the service's own newest version may be one that was never committed.
    pub attempted: bool,
    /// The key that the content is sealed with.
    pub key: Option<KeyId>,
    /// The digest of the content; `None` where it is not needed.
    pub digest: Option<Vec<u8>>,
    /// When it is to be worked on.
    pub due: Timestamp,
    /// When its quarantine began.
    pub born: Timestamp,
    /// When it was last claimed; compared when the claim ends.
    pub claimed: Option<Timestamp>,
}

impl Pending {
    /// What an attempt has before its first call: it may leave anything there.
    #[must_use]
    pub fn of_attempt(attempt: &Attempt, now: Timestamp) -> Self {
        Self {
            uid: attempt.uid,
            version: attempt.version,
            secret: attempt.secret,
            locked: true,
            store: attempt.store.clone(),
            object: attempt.object,
            debris: Debris::Unknown,
            attempted: true,
            key: attempt.key,
            digest: Some(attempt.digest.clone()),
            due: now.plus(attempt.lease),
            born: now,
            claimed: None,
        }
    }

    /// What is left of a version that is no longer kept where it was, to be removed after `grace`. `uid` is fresh.
    #[must_use]
    pub fn of_version(
        uid: Uuid,
        secret: SecretId,
        version: &VersionRow,
        (store, object, at): (&StoreName, ObjectId, &VersionRef),
        grace: Duration,
        now: Timestamp,
    ) -> Self {
        Self {
            uid: VersionUid(uid),
            version: version.uid,
            secret,
            locked: false,
            store: store.clone(),
            object,
            debris: Debris::Version(at.clone()),
            attempted: false,
            key: version.key,
            digest: None,
            due: now.plus(grace),
            born: now,
            claimed: None,
        }
    }

    /// What says that the labels of a secret's version in a back-end are out of date: one row for each secret.
    #[must_use]
    pub fn of_labels(
        secret: SecretId,
        version: VersionUid,
        (store, object): (&StoreName, ObjectId),
        now: Timestamp,
    ) -> Self {
        Self {
            uid: VersionUid(secret.0),
            version,
            secret,
            locked: false,
            store: store.clone(),
            object,
            debris: Debris::Labels,
            attempted: false,
            key: None,
            digest: None,
            due: now,
            born: now,
            claimed: None,
        }
    }

    /// What a deletion leaves of one object, to be removed with all its versions: claimed for a while by whoever removes it
    /// next, or due at once. `uid` is fresh.
    #[must_use]
    pub fn of_deletion(
        uid: Uuid,
        change: Uuid,
        secret: SecretId,
        (store, object): (StoreName, ObjectId),
        claim: Option<Duration>,
        now: Timestamp,
    ) -> Self {
        Self {
            uid: VersionUid(uid),
            version: VersionUid(change),
            secret,
            locked: false,
            store,
            object,
            debris: Debris::Object,
            attempted: false,
            key: None,
            digest: None,
            due: claim.map_or(now, |claim| now.plus(claim)),
            born: now,
            claimed: claim.map(|_| now),
        }
    }
}

/// What a pending row speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Debris {
    /// Any number of versions written by the attempt, now or later.
    Unknown,
    /// This version.
    Version(VersionRef),
    /// The object with all its versions.
    Object,
    /// Labels that are out of date.
    Labels,
}

/// How a claim ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The row is dropped.
    Drop,
    /// It is to be worked on again, so long after it was born.
    AfterBirth(Duration),
    /// It is to be worked on again, so long after now.
    After(Duration),
}

/// What the catalog says about one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uses {
    /// The object.
    pub object: ObjectId,
    /// Whether the secret is live.
    pub live: bool,
    /// Whether an attempt on the secret has its lock.
    pub attempt_open: bool,
    /// The versions of the object that version rows name.
    pub named: Vec<VersionRef>,
    /// Whether pending rows speak of the object.
    pub pending: bool,
}

/// The move of one version.
#[derive(Clone, Debug)]
pub struct Rehome {
    /// The secret.
    pub secret: SecretId,
    /// The place that the version must still be in (an inline one is compared by its payload's name and key).
    pub from: Place,
    /// The version's uid, and its new place, key, digest and size.
    pub to: NewVersionRow,
    /// The attempt that wrote the new place; `None` if that is inline.
    pub attempt: Option<VersionUid>,
    /// A twin of what was put may exist or still come, or the service may see it as the newest version, which it is not:
    /// the attempt's row stays.
    pub twin: bool,
    /// What the labels that were put with it say, as in [`Commit`](super::Commit).
    pub labelled: Option<(SecretName, bool)>,
    /// How long the old place stays readable for those who just read the row.
    pub grace: Duration,
}

/// What became of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rehomed {
    /// The version is in its new place (now, or since an earlier run of the same move).
    Done,
    /// The version is not kept any more or is somewhere else.
    Moved,
    /// The attempt has no lock any more.
    Fenced,
    /// Its seal key is no longer active, or its digest key was destroyed: read the keys and move it again.
    KeyRetired,
}
