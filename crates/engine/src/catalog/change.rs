//! What is to be committed, and what the catalog answers.

use super::{AuditEntry, Auditor, Pending, Place, Row};
use crate::crypto::KeyId;
use std::{sync::Arc, time::Duration};
use strongroom_core::{
    Context, Revision, SecretId, SecretMeta, SecretName, SecretRef, Timestamp, VersionUid,
};
use uuid::Uuid;

/// One atomic change: a new secret, new values, a rename, or several at once, with its audit entry.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The secret.
    pub secret: SecretId,
    /// Names the change: fresh and random; becomes the row's stamp, and finds the change again after a lost COMMIT.
    /// For new values it is the version's uid.
    pub change: Uuid,
    /// What it is applied to.
    pub subject: Subject,
    /// New values.
    pub version: Option<NewVersionRow>,
    /// The attempt that wrote them to a back-end.
    pub attempt: Option<VersionUid>,
    /// The put was repeated or not answered: a twin of the version may exist or still come.
    pub twin: bool,
    /// What the labels that were put with the version say: name and privacy. If the secret is called otherwise once the
    /// change is committed, a re-tag row is left.
    pub labelled: Option<(SecretName, bool)>,
    /// How many versions are kept, this one included; at least 1.
    pub history: u32,
    /// The audit entry.
    pub entry: AuditEntry,
    /// Links the entry to its chain.
    pub auditor: Arc<Auditor>,
    /// The same change was tried before and its COMMIT got no answer.
    pub doubt: bool,
}

/// What a change is applied to.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A secret that does not exist yet, at revision 1, owned by the guard's actor.
    New {
        /// Its name.
        name: SecretName,
        /// Whether only the owner may see it.
        private: bool,
        /// Its owner.
        owner: strongroom_core::OwnerId,
    },
    /// A secret that exists.
    Existing {
        /// What must hold on its row.
        guard: Box<Guard>,
        /// A new name.
        name: Option<SecretName>,
        /// A new privacy.
        private: Option<bool>,
    },
}

/// What must hold on the locked row for a change to be applied.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Who changes it, and with what rights.
    pub context: Context,
    /// The revision that the caller expects.
    pub expected: Option<Revision>,
    /// What the change was computed from.
    pub pin: Pin,
    /// Whether the caller sets the privacy, which only the owner may.
    pub sets_private: bool,
    /// The new name, on which the right to change is needed too.
    pub new_name: Option<SecretName>,
    /// How the caller found the secret: by name, it must still have that name (and privacy, if that was said).
    pub found_by: Option<SecretRef>,
}

/// What a change was computed from and must still find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// These values: other parts of the row may have moved.
    Version(VersionUid),
    /// Nothing: the row as it is decides.
    Any,
    /// This very state of the row.
    Change(Uuid),
}

/// Why a guard does not let a change pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The secret is not there, or the caller may not know that it is.
    NotFound,
    /// The caller may not change it, or not give it that name.
    Denied,
    /// The caller does not own it and set its privacy.
    NotOwner,
    /// It is not at the expected revision but at this one.
    Stale(Revision),
    /// It is no longer what the change was computed from: compute it again.
    Moved,
}

impl Guard {
    /// Checks the guard on a row.
    ///
    /// # Errors
    /// Why the change must not be applied.
    pub fn check(&self, meta: &SecretMeta, current: VersionUid, change: Uuid) -> Result<(), Refusal> {
        if !self.context.may_list(meta) {
            return Err(Refusal::NotFound);
        }
        if !self.context.may_change(meta) {
            return Err(Refusal::Denied);
        }
        if self.new_name.as_ref().is_some_and(|name| !self.context.access.change.contains(name.as_str())) {
            return Err(Refusal::Denied);
        }
        if self.sets_private && meta.owner.id != self.context.actor {
            return Err(Refusal::NotOwner);
        }
        if let Some(SecretRef::Name { name, private }) = &self.found_by
            && (*name != meta.name || private.is_some_and(|private| private != meta.private))
        {
            return Err(Refusal::Moved);
        }
        if self.expected.is_some_and(|expected| expected != meta.revision) {
            return Err(Refusal::Stale(meta.revision));
        }
        let unmoved = match self.pin {
            Pin::Any => true,
            Pin::Version(uid) => uid == current,
            Pin::Change(pinned) => pinned == change,
        };
        if unmoved { Ok(()) } else { Err(Refusal::Moved) }
    }
}

/// A version to be inserted.
#[derive(Clone, Debug)]
pub struct NewVersionRow {
    /// Names it.
    pub uid: VersionUid,
    /// Where its values are; inline ones are inserted with it.
    pub place: Place,
    /// The key that it is sealed with.
    pub key: Option<KeyId>,
    /// The digest of external values.
    pub digest: Option<Vec<u8>>,
    /// Encoded bytes.
    pub size: u32,
}

/// What became of a commit.
#[derive(Clone, Debug)]
pub enum Committed {
    /// It is committed now; the row as it is from then on.
    Done(Box<Row>),
    /// It had committed before (only with `doubt`), and made this revision at this time.
    Before {
        /// The revision that it made.
        revision: Revision,
        /// When.
        at: Timestamp,
    },
    /// Another secret has the name.
    NameTaken,
    /// The guard did not let it pass.
    Refused(Refusal),
    /// The attempt has no lock any more: nothing was changed.
    Fenced,
    /// It is sealed with a key that is no longer active, or its digest or audit key was destroyed: read the keys and
    /// make it again.
    KeyRetired,
}

impl NewVersionRow {
    /// The key of its digest.
    #[must_use]
    pub fn digest_key(&self) -> Option<KeyId> {
        digest_key(self.digest.as_deref()?)
    }
}

/// The key that a digest was made with: its first 16 bytes.
#[must_use]
pub fn digest_key(digest: &[u8]) -> Option<KeyId> {
    digest.first_chunk::<16>().map(|id| KeyId(Uuid::from_bytes(*id)))
}

/// A deletion.
#[derive(Clone, Debug)]
pub struct Delete {
    /// The secret.
    pub secret: SecretId,
    /// Names the change.
    pub change: Uuid,
    /// What must hold on its row.
    pub guard: Guard,
    /// The garbage rows are claimed for that long.
    pub claim: Duration,
    /// The audit entry.
    pub entry: AuditEntry,
    /// Links the entry to its chain.
    pub auditor: Arc<Auditor>,
    /// The same deletion was tried before and its COMMIT got no answer.
    pub doubt: bool,
}

/// What became of a deletion.
#[derive(Clone, Debug)]
pub enum Deleted {
    /// It is gone now; these objects are to be deleted from their stores, and are claimed by the caller.
    Done(Vec<Pending>),
    /// It had been deleted by this very change before (only with `doubt`).
    Before,
    /// The guard did not let it pass.
    Refused(Refusal),
    /// Its audit key was destroyed: read the keys and make it again.
    KeyRetired,
}
