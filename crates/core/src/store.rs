//! The interface that callers use.

use crate::{
    Context, NewSecret, Page, Result, Revision, Secret, SecretFilter, SecretMeta, SecretRef, SecretUpdate,
    Version,
};
use async_trait::async_trait;

/// How to read.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct GetOptions {
    /// The newest kept version at or below this revision, instead of the current one. The secret has to have come to it.
    pub as_of: Option<Revision>,
    /// Only the keys: the values come back hidden, and the right to list is enough.
    pub keys_only: bool,
}

impl GetOptions {
    /// The current version, with values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The newest kept version at or below this revision.
    #[must_use]
    pub fn as_of(mut self, revision: Revision) -> Self {
        self.as_of = Some(revision);
        self
    }

    /// Only the keys.
    #[must_use]
    pub fn keys_only(mut self) -> Self {
        self.keys_only = true;
        self
    }
}

/// A place to create, read, list, update and delete secrets.
///
/// For every call:
/// - a secret that the caller may not list is answered exactly like one that does not exist;
/// - what the caller may list but not read or change is [`PermissionDenied`](crate::ErrorKind::PermissionDenied);
/// - a failed call changed nothing, unless it says [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown);
/// - an acknowledged change is seen by every call that starts later, through any process;
/// - no error shows a value.
///
/// [`Secrets`](crate::Secrets) has short forms of the common calls; the others are made like this:
///
/// ```
/// use strongroom_core::{Context, Result, SecretFilter, SecretName, SecretUpdate, SecretsStore};
///
/// /// Puts away what is called `web/...`.
/// async fn put_away(store: &dyn SecretsStore, cx: &Context) -> Result<()> {
///     let page = store.list(cx, &SecretFilter::new().on("name", "startswith:web/")?).await?;
///     for meta in page.items {
///         let name = SecretName::new(format!("old/{}", meta.name))?;
///         // If somebody changed it meanwhile, that is a `Conflict`.
///         store.update(cx, &meta.id.into(), SecretUpdate::new().name(name).expecting(meta.revision)).await?;
///     }
///     Ok(())
/// }
/// ```
///
/// # Cancellation
///
/// A call may be dropped half way, by a timeout of the caller's or with its task. Of every store that is promised:
/// - a change that is dropped is made or not, perhaps a moment later, and nobody says which: look at what is there before
///   it is made again, or bind it to a revision with `expected`;
/// - it is made whole or not at all, and is never half visible;
/// - what it leaves where no caller looks keeps later calls from nothing for good. In the engine that is a version at a
///   service or the lock of the secret, which the next change of that secret takes over when the lease ends, and which
///   `Engine::maintain` or `strongroom repair` removes.
///
/// [`Context::timeout`] is the better tool for a limit of time: the call then ends with an error, as a rule
/// [`Timeout`](crate::ErrorKind::Timeout), that says that nothing was changed, and with
/// [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown) only where that is open.
#[async_trait]
pub trait SecretsStore: Send + Sync {
    /// Creates a secret, owned by the caller.
    ///
    /// - What was created is read back byte for byte, whatever characters its name, keys and values have.
    /// - A public name is unique; a private one among its owner's; a public and a private secret may share one.
    /// - A taken name is `AlreadyExists`; of any number of racing creators one wins.
    /// - The right to change is needed on the name, and is looked at before the name's uniqueness.
    /// - More bytes of keys and values than the store takes, 65,536 unless it is set up otherwise, are `InvalidInput`,
    ///   before anything is written.
    /// - Withheld values, as `keys_only` answers them, are `InvalidInput`: see
    ///   [`check_writable`](crate::SecretValues::check_writable).
    /// - It starts at revision 1.
    async fn create(&self, cx: &Context, new: NewSecret) -> Result<Secret>;

    /// Reads secrets: one answer for each reference, in their order.
    ///
    /// - One that is missing does not keep the others from being answered.
    /// - By name, the public secret wins over the caller's private one unless asked otherwise.
    /// - `as_of` answers the newest kept version at or below that revision; if none is kept of that time, or the revision is
    ///   yet to come, that is `NotFound`.
    /// - Versions from a time when the secret was private are invisible to all but its owner.
    /// - `keys_only` answers keys with hidden values to those who may list.
    async fn get(&self, cx: &Context, which: &[SecretRef], options: &GetOptions) -> Vec<Result<Secret>>;

    /// A page of the secrets that the caller may list and that match; never their values.
    ///
    /// - What the caller may not list counts neither in items nor in totals.
    /// - Items come in the asked order, ties by id in the same direction.
    /// - A page beyond the last one is `InvalidInput`.
    async fn list(&self, cx: &Context, filter: &SecretFilter) -> Result<Page<SecretMeta>>;

    /// Changes name, privacy and values: all that is asked for, or nothing.
    ///
    /// - Keys that a merge does not name are kept, also those that somebody else writes at the same time.
    /// - A stale `expected` is `Conflict` and changes nothing.
    /// - Only the owner may set `private`; others get `PermissionDenied`.
    /// - A taken new name is `AlreadyExists`; the right to change is needed on the new name too.
    /// - Withheld values, as `keys_only` answers them, are `InvalidInput` and change nothing, also if keys were set in them.
    /// - The revision moves by exactly one, also if nothing else changes.
    /// - `Restore` writes a kept version once more, as a new one; if none is kept of that time, or the revision is yet to
    ///   come, that is `NotFound`.
    async fn update(&self, cx: &Context, which: &SecretRef, update: SecretUpdate) -> Result<SecretMeta>;

    /// Deletes a secret with its history.
    ///
    /// - Its name is free at once.
    /// - A stale `expected` is `Conflict` and deletes nothing.
    /// - It succeeds while a service that holds the values is down; they are removed later.
    async fn delete(&self, cx: &Context, which: &SecretRef, expected: Option<Revision>) -> Result<()>;

    /// The kept versions of a secret, newest first.
    ///
    /// - One of them is current.
    /// - Versions that the caller may not see are left out.
    async fn versions(&self, cx: &Context, which: &SecretRef) -> Result<Vec<Version>>;

    /// Whether the store can be reached and used.
    async fn check(&self) -> Result<()>;
}
