//! The interface that the author of a back-end implements.

mod limits;
mod payload;
mod version;

pub use limits::{BackendInfo, Limits, Removal};
pub use payload::{Payload, VersionRef};
pub use version::{Found, Labels, NewVersion, ScanPage};

use crate::{ObjectId, Result};
use async_trait::async_trait;

/// Keeps immutable versions of payloads, by random ids. Knows no names, no owners and no "current": those are
/// in the catalog, and the engine does the rest (merging, caching, retries, timeouts, history, counting).
///
/// Every call:
/// - sees only its own namespace;
/// - may be repeated, and may be dropped half way;
/// - classifies its failures: what may be retried says so, what the service refused because of our credentials
///   is [`StoreRefused`](crate::ErrorKind::StoreRefused), and no error holds a payload or a response body;
/// - is one of several: processes use one namespace at the same time.
///
/// With `#[async_trait]` one writes, here for a copy of a service that is only read:
///
/// ```
/// use std::sync::Arc;
/// use strongroom_core::{
///     Backend, BackendInfo, Error, ErrorKind, Labels, NewVersion, ObjectId, Payload, Result, ScanPage, VersionRef,
///     async_trait,
/// };
///
/// struct ReadOnly(Arc<dyn Backend>);
///
/// #[async_trait]
/// impl Backend for ReadOnly {
///     fn info(&self) -> &BackendInfo {
///         self.0.info()
///     }
///
///     async fn put(&self, _version: &NewVersion<'_>) -> Result<VersionRef> {
///         refused()
///     }
///
///     async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
///         self.0.get(object, at).await
///     }
///
///     // Has a default, which reads one after the other.
///     async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
///         self.0.get_many(wanted).await
///     }
///
///     async fn relabel(&self, _object: ObjectId, _labels: &Labels) -> Result<()> {
///         refused()
///     }
///
///     async fn remove(&self, _object: ObjectId, _at: &VersionRef) -> Result<()> {
///         refused()
///     }
///
///     async fn delete(&self, _object: ObjectId) -> Result<()> {
///         refused()
///     }
///
///     async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
///         self.0.scan(only, from).await
///     }
///
///     async fn check(&self) -> Result<()> {
///         self.0.check().await
///     }
/// }
///
/// fn refused<T>() -> Result<T> {
///     Err(Error::new(ErrorKind::StoreRefused, "this copy is only read: write to the service that it is of"))
/// }
/// ```
#[async_trait]
pub trait Backend: Send + Sync {
    /// What is known without a call.
    fn info(&self) -> &BackendInfo;

    /// Writes a version and answers the service's name of it.
    ///
    /// - What was put is read back byte for byte.
    /// - A later put never changes an earlier version.
    /// - Repeated with the same uid and bytes, it succeeds and never changes what is stored, nor which version is the
    ///   newest; on services without idempotency it may store a twin.
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
    /// - Relabelling what is gone succeeds, or is `NotFound`: then it is tried again as long as the service may only be
    ///   late to show it. Where a service can be late, it has to be the latter.
    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()>;

    /// Removes one version.
    ///
    /// - It can no longer be read, and scans no longer show it.
    /// - The other versions stay readable. Without its last version, the object may stay or go; scans show one that
    ///   stays.
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
    /// - The version that was put last with `newest` is marked as the newest, and no other; a service that sees whatever
    ///   was put last as the newest may mark a later one. Once it was removed, any or none is marked.
    /// - One damaged object fails a scan of that object; a scan of all names it in [`ScanPage::damaged`] in place of showing
    ///   it, and never calls it empty.
    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage>;

    /// Whether the service can be reached with our credentials: one cheap reading call.
    async fn check(&self) -> Result<()>;
}
