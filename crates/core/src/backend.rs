//! The interface that the author of a back-end implements.

use crate::{Error, ErrorKind, ObjectId, Prices, Result, SecretId, Timestamp, VersionUid};
use async_trait::async_trait;
use std::fmt;
use zeroize::Zeroizing;

/// Bytes that a back-end keeps: wiped when dropped; `Debug` tells their number alone.
#[derive(Clone)]
pub struct Payload(Zeroizing<Vec<u8>>);

impl Payload {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

/// The service's own name of one version, chosen by the back-end and opaque to everybody else.
/// At most 255 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionRef(String);

impl VersionRef {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

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
}

impl ScanPage {
    /// Puts a page together.
    #[must_use]
    pub fn new(found: Vec<Found>, next: Option<String>) -> Self {
        Self { found, next }
    }
}

/// What a back-end can hold and do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest payload, in encoded bytes.
    pub payload_bytes: usize,
    /// How many versions one [`Backend::get_many`] may ask for; 1 if there is no bulk read.
    pub bulk_read: usize,
    /// The longest history that it can keep, in versions; `None` if it sets no limit.
    pub history: Option<u32>,
    /// What [`Backend::remove`] does.
    pub removal: Removal,
    /// Whether an object that was just made wants a [`Backend::relabel`] soon: its service takes only some of what a
    /// version needs when it makes one.
    pub relabel_after_create: bool,
    /// Whether an operator of the service can bring an object back for a while that [`Backend::delete`] deleted, unless
    /// the configuration says otherwise.
    pub recoverable: bool,
}

/// What becomes of one version that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Its bytes are gone.
    Destroys,
    /// It can no longer be read, but an operator of the service can bring it back.
    Disables,
    /// The service drops it at a time of its own.
    Expires,
}

impl Limits {
    /// Limits without bulk read, that set no limit to the history; what is deleted is gone.
    #[must_use]
    pub const fn new(payload_bytes: usize, removal: Removal) -> Self {
        Self {
            payload_bytes,
            bulk_read: 1,
            history: None,
            removal,
            relabel_after_create: false,
            recoverable: false,
        }
    }

    /// Allows that many versions in one [`Backend::get_many`].
    #[must_use]
    pub const fn bulk_read(mut self, versions: usize) -> Self {
        self.bulk_read = versions;
        self
    }

    /// Keeps at most that many versions.
    #[must_use]
    pub const fn history(mut self, versions: u32) -> Self {
        self.history = Some(versions);
        self
    }

    /// What was deleted can be brought back for a while.
    #[must_use]
    pub const fn recoverable(mut self) -> Self {
        self.recoverable = true;
        self
    }

    /// Wants a relabel soon after an object was made.
    #[must_use]
    pub const fn relabel_after_create(mut self) -> Self {
        self.relabel_after_create = true;
        self
    }
}

/// What is known about an opened back-end without a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendInfo {
    /// The configured `type`.
    pub kind: &'static str,
    /// Which account, project, vault or mount: recorded in the catalog, so that opening another one by mistake
    /// is found. No credentials.
    pub endpoint: String,
    /// What it can hold and do.
    pub limits: Limits,
    /// What its service charges for calls; `None` if that is not known.
    pub prices: Option<Prices>,
}

impl BackendInfo {
    /// Puts it together.
    pub fn new(kind: &'static str, endpoint: impl Into<String>, limits: Limits) -> Self {
        Self { kind, endpoint: endpoint.into(), limits, prices: None }
    }

    /// With what its service charges for calls.
    #[must_use]
    pub fn prices(mut self, prices: Prices) -> Self {
        self.prices = Some(prices);
        self
    }
}

/// Keeps immutable versions of payloads, by random ids. Knows no names, no owners and no "current": those are
/// in the catalog, and the engine does the rest (merging, caching, retries, timeouts, history, counting).
///
/// Every call:
/// - sees only its own namespace;
/// - may be repeated, and may be dropped half way;
/// - classifies its failures: what may be retried says so, what the service refused because of our credentials
///   is [`StoreRefused`](ErrorKind::StoreRefused), and no error holds a payload or a response body.
#[async_trait]
pub trait Backend: Send + Sync {
    /// What is known without a call.
    fn info(&self) -> &BackendInfo;

    /// Writes a version and answers the service's name of it.
    ///
    /// - What was put is read back byte for byte.
    /// - A later put never changes an earlier version.
    /// - Repeated with the same uid and bytes, it succeeds and never changes what is stored; on services without
    ///   idempotency it may store a twin.
    /// - Two puts with different uids are two versions.
    /// - If the object takes no more versions, it fails with [`Retry::AfterRemoval`](crate::Retry::AfterRemoval): the
    ///   engine removes what fell out of the history, and puts once more.
    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef>;

    /// Reads one version.
    ///
    /// - A version that is not there or was removed is `NotFound`.
    /// - A version that was put is readable at once by its name.
    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload>;

    /// Reads several versions: one answer for each, in their order. Called with at most
    /// [`Limits::bulk_read`] of them, and only where that is over 1.
    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        let mut answers = Vec::with_capacity(wanted.len());
        for (object, at) in wanted {
            answers.push(self.get(*object, at).await);
        }
        answers
    }

    /// Brings the labels of an object up to date.
    ///
    /// - The versions stay as they are.
    /// - Relabelling what is gone succeeds.
    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()>;

    /// Removes one version.
    ///
    /// - It can no longer be read, and scans no longer show it.
    /// - The other versions stay readable.
    /// - Removing what is gone succeeds.
    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()>;

    /// Removes an object with all its versions.
    ///
    /// - None can be read afterwards, and scans show nothing of it.
    /// - Deleting what is gone succeeds.
    async fn delete(&self, object: ObjectId) -> Result<()>;

    /// A page of the versions of one object, or of everything in the namespace, from where the last page ended.
    ///
    /// - Page after page, every version that is there throughout is found.
    /// - A version that was acknowledged before the scan began is in it, where one object is asked for.
    /// - The version that was put last with `newest` is marked as the newest, unless it was removed since.
    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage>;

    /// Whether the service can be reached with our credentials: one cheap reading call.
    async fn check(&self) -> Result<()>;
}

impl From<VersionRef> for String {
    fn from(at: VersionRef) -> Self {
        at.0
    }
}

impl TryFrom<Payload> for String {
    type Error = Error;

    /// The payload as text, for services that keep text.
    fn try_from(payload: Payload) -> Result<Self> {
        String::from_utf8(payload.expose().to_vec())
            .map_err(|_| Error::new(ErrorKind::Corrupt, "the payload is not UTF-8 text"))
    }
}
