//! What a back-end is told to keep, and what it tells of what it keeps.

use super::{Payload, VersionRef};
use crate::{ObjectId, SecretId, Timestamp, VersionUid};

/// A version to be written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewVersion<'a> {
    /// Where: the object that holds this secret's versions.
    pub object: ObjectId,
    /// The attempt's unique name: the idempotency token. Repeats carry the same one and the same bytes.
    pub uid: VersionUid,
    /// Nothing of this object is there yet: create it, in the same call where the service can.
    pub first: bool,
    /// Whether people who look at the service directly should see this version as the newest.
    pub newest: bool,
    /// The highest version of this object that the catalog knows of.
    pub after: Option<&'a VersionRef>,
    /// The bytes.
    pub payload: &'a Payload,
    /// What a rebuild of the catalog needs.
    pub labels: &'a Labels,
}

impl<'a> NewVersion<'a> {
    /// A version that is the newest, of an object that is not there yet.
    #[must_use]
    pub fn new(object: ObjectId, uid: VersionUid, payload: &'a Payload, labels: &'a Labels) -> Self {
        Self { object, uid, first: true, newest: true, after: None, payload, labels }
    }

    /// A version of an object that is there, whose highest known version is `after`.
    #[must_use]
    pub fn after(mut self, after: &'a VersionRef) -> Self {
        self.first = false;
        self.after = Some(after);
        self
    }

    /// Whether it should be seen as the newest.
    #[must_use]
    pub fn newest(mut self, newest: bool) -> Self {
        self.newest = newest;
        self
    }
}

/// What goes along with an object, so that a catalog can be rebuilt and a person can find their way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Labels {
    /// The secret whose values these are.
    pub secret: SecretId,
    /// Name, owner, dates and a MAC over them, as one text of base64url characters that the engine made. A
    /// service with short tags splits it over several. Empty if there is nothing to tell.
    pub record: String,
}

impl Labels {
    /// Puts labels together.
    pub fn new(secret: SecretId, record: impl Into<String>) -> Self {
        Self { secret, record: record.into() }
    }
}

/// A version that the service holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// The object that it belongs to.
    pub object: ObjectId,
    /// The version; `None` for an object without any (a create that was interrupted).
    pub at: Option<VersionRef>,
    /// The attempt that wrote it, where the service can tell.
    pub uid: Option<VersionUid>,
    /// When the service stored it, where it can tell.
    pub stored: Option<Timestamp>,
    /// Its labels, where they can be had without another call.
    pub labels: Option<Labels>,
    /// Whether this is what people who look at the service directly see as the newest version.
    pub newest: bool,
}

impl Found {
    /// A version of which nothing more is known.
    #[must_use]
    pub fn new(object: ObjectId, at: Option<VersionRef>) -> Self {
        Self { object, at, uid: None, stored: None, labels: None, newest: false }
    }

    /// Adds the attempt that wrote it.
    #[must_use]
    pub fn uid(mut self, uid: VersionUid) -> Self {
        self.uid = Some(uid);
        self
    }

    /// Adds when it was stored.
    #[must_use]
    pub fn stored(mut self, stored: Timestamp) -> Self {
        self.stored = Some(stored);
        self
    }

    /// Says whether it is seen as the newest.
    #[must_use]
    pub fn newest(mut self, newest: bool) -> Self {
        self.newest = newest;
        self
    }

    /// Adds its labels.
    #[must_use]
    pub fn labels(mut self, labels: Labels) -> Self {
        self.labels = Some(labels);
        self
    }
}

/// A part of what a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanPage {
    /// The versions of this page.
    pub found: Vec<Found>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
    /// Objects of this page that are damaged: there, and nothing to be believed of them.
    pub damaged: Vec<ObjectId>,
}

impl ScanPage {
    /// Puts a page together.
    #[must_use]
    pub fn new(found: Vec<Found>, next: Option<String>) -> Self {
        Self { found, next, damaged: Vec::new() }
    }

    /// Names the damaged objects of this page, of which `found` shows nothing.
    #[must_use]
    pub fn damaged(mut self, damaged: Vec<ObjectId>) -> Self {
        self.damaged = damaged;
        self
    }
}
