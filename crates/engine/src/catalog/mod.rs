//! The catalog: the rows that say what exists, and the only place where a change becomes true.

mod attempt;
mod audit;
mod change;
mod keys;
mod replica;
mod rows;

pub use attempt::{Attempt, Begun, Debris, Pending, Rehome, Rehomed, Settled, Uses};
pub use audit::{AuditEntry, AuditRow, Auditor, LOCAL_CHAIN, Noted};
pub use change::{
    Commit, Committed, Delete, Deleted, Guard, NewVersionRow, Pin, Refusal, Subject, digest_key,
};
pub use keys::{Identity, KeyRow, Keys, NewIdentity, StoreBinding, WrapRow};
pub use replica::Replica;
pub use rows::{
    Lookup, Misplaced, NameKey, PayloadRef, Place, Row, Stamp, StoreName, Summary, VersionHead, VersionRow,
    Viewer,
};

use crate::crypto::{KeyId, RootId};
use async_trait::async_trait;
use std::time::Duration;
use strongroom_core::{
    ObjectId, Page, Result, Revision, SecretFilter, SecretId, SecretMeta, VersionRef, VersionUid,
};
use uuid::Uuid;

/// Names, owners, revisions, and where each version is. Existence is the state: a row in `secrets` exists if and
/// only if the secret is live, a row in `versions` if and only if that version is kept and readable, and a pending
/// row for whatever else may exist in a back-end.
///
/// Each method is one transaction. For every one of them:
/// - times are set and compared by the catalog's own clock, inside the statement;
/// - what may be run again as a whole (a serialization failure, a dropped connection before COMMIT) is, a bounded
///   number of times; after that the error is `Unavailable` and nothing was changed;
/// - a connection lost during COMMIT is [`OutcomeUnknown`](strongroom_core::ErrorKind::OutcomeUnknown): the engine
///   runs the same guarded transaction again, with `doubt` set where the method has it.
#[async_trait]
pub trait Catalog: Send + Sync {
    // ---- reading ----

    /// The rows with their current versions, inline payloads included: one answer for each lookup, in order, from
    /// one statement that starts after the call.
    async fn current(&self, which: &[Lookup]) -> Result<Vec<Option<Row>>>;

    /// Whether concurrent calls of [`current`](Self::current) and [`stamps`](Self::stamps) share statements already, each
    /// one starting after the calls that it answers. If not, the engine gathers them.
    fn shares_reads(&self) -> bool {
        false
    }

    /// The stamps of secrets: one answer for each id, in order, from one statement that starts after the call.
    async fn stamps(&self, ids: &[SecretId]) -> Result<Vec<Option<Stamp>>>;

    /// The row with the newest kept version at or below a revision in place of the current one.
    async fn version(&self, id: SecretId, as_of: Revision) -> Result<Option<Row>>;

    /// The secret and its kept versions, newest first.
    async fn history(&self, id: SecretId) -> Result<Option<(SecretMeta, Vec<VersionHead>)>>;

    /// A page of what the viewer may list and the filter matches: items and total from one statement. Gives the
    /// same answer as [`SecretFilter::page_of`] over all rows that the viewer may list.
    async fn list(&self, viewer: &Viewer, filter: &SecretFilter) -> Result<Page<SecretMeta>>;

    // ---- writing ----

    /// Takes the secret's lock for an attempt to write to a back-end, by inserting its pending row; the same
    /// attempt again is answered by what became of it.
    ///
    /// - A lock whose lease ran out is fenced (its row loses the lock, is due and reborn now) and taken.
    /// - `Stale` if the current version is not `base`, or if the object is not fresh and no version row of the secret
    ///   names it; `KeyRetired` if its seal or digest key is not there any more; `Gone` if the secret is not there though a base was named.
    async fn begin(&self, attempt: &Attempt) -> Result<Begun>;

    /// Creates or changes a secret.
    ///
    /// - With an attempt: only while its row has the lock, and the row goes with the commit; with `twin` it stays
    ///   under its own uid instead, without the lock, due and reborn now, to explain what may still come.
    /// - The guard is checked on the locked row.
    /// - A version that is sealed with a key that is not active any more is refused (`KeyRetired`), so that a rotation
    ///   comes to an end; so is a change whose digest or audit key was destroyed.
    /// - Versions that fall out of the history become garbage rows (external) or go at once (inline).
    /// - A public secret's current version is visible to others from then on; versions written while it was
    ///   private stay invisible.
    /// - A new name or privacy of a secret whose current version is external leaves one re-tag row, coalesced per secret
    ///   (uid = the secret's id, due now, unclaimed), even if the labels that were put with it say so already: another
    ///   process may have put older ones over them meanwhile. So does a version whose labels say otherwise than the row
    ///   (`labelled`).
    /// - With `doubt`, a change that had committed before is found by its id, and not applied again.
    async fn commit(&self, change: &Commit) -> Result<Committed>;

    /// Deletes a secret, its versions and its inline payloads; fences its attempts; leaves one garbage row for
    /// each (store, object), claimed by the caller.
    async fn delete(&self, delete: &Delete) -> Result<Deleted>;

    /// Gives an attempt's lock back; the row stays, due, reborn and claimed by the caller, who cleans it up once.
    /// `at`: the version that was written, if it was sent once and answered. `None` if the row is gone.
    async fn abandon(
        &self,
        uid: VersionUid,
        at: Option<&VersionRef>,
        claim: Duration,
    ) -> Result<Option<Pending>>;

    /// Moves one version to another place, or seals it with another key. Revision, stamp and uid stay. The old
    /// external place becomes a garbage row that is due after the grace; an inline payload goes at once. The
    /// attempt's row ends as in [`commit`](Self::commit).
    async fn rehome(&self, rehome: &Rehome) -> Result<Rehomed>;

    // ---- sweeping ----

    /// Takes the lock from attempts whose lease is over, or from `all` of them: due and reborn now. Answers how many.
    async fn fence_overdue(&self, all: bool) -> Result<u64>;

    /// Claims garbage rows that are due (with `early` also those that are not yet) for that time, the longest due first.
    async fn claim(&self, limit: u32, claim: Duration, early: bool) -> Result<Vec<Pending>>;

    /// What the catalog says about one object of one secret, in one read.
    async fn uses(&self, secret: SecretId, store: &StoreName, object: ObjectId) -> Result<Uses>;

    /// Ends a claim: drops the row or makes it due later. `false`, and nothing is done, if somebody touched it since
    /// it was claimed.
    async fn settle(&self, pending: &Pending, settled: Settled) -> Result<bool>;

    /// What version rows and pending rows say of these objects, under the name of any store that was bound: for each
    /// the named versions, and whether a pending row speaks of it. No two objects have the same id, and one place may
    /// have got two names.
    async fn explained(&self, objects: &[ObjectId]) -> Result<Vec<Uses>>;

    /// All pending rows, oldest first, at most `limit`.
    async fn pending(&self, limit: u32) -> Result<Vec<Pending>>;

    /// Forgets all pending rows, for a catalog that was restored from a dump; answers what they said.
    async fn forget_pending(&self) -> Result<Vec<Pending>>;

    /// Those of the kept versions that are wanted, after `after` in the order (secret, current last, revision).
    async fn versions_to_move(
        &self,
        after: Option<(SecretId, VersionUid)>,
        limit: u32,
        wanted: &Misplaced,
    ) -> Result<Vec<Row>>;

    /// The same versions, by what names them: read without names, accounts and values, so that what is damaged of one hides
    /// no other.
    async fn heads_to_move(
        &self,
        after: Option<(SecretId, VersionUid)>,
        limit: u32,
        wanted: &Misplaced,
    ) -> Result<Vec<(SecretId, VersionHead)>>;

    // ---- identity and keys ----

    /// Who this database belongs to; `None` if it was never claimed.
    async fn identity(&self) -> Result<Option<Identity>>;

    /// Claims an empty database: one insert decides among racing processes. Answers whose identity it now has.
    async fn initialise(&self, new: &NewIdentity) -> Result<Identity>;

    /// All data keys and their wraps.
    async fn keys(&self) -> Result<Keys>;

    /// Adds a key and makes it the active one of its kind; the former one is retiring from then on. Refused (`Conflict`,
    /// naming them) while replicas run whose root keys are not among the wraps', unless forced; and in any case
    /// (`ConfigInvalid`) if none of the wraps' root keys opens every other key, since then none would open the database.
    async fn add_key(&self, key: &KeyRow, wraps: &[WrapRow], force: bool) -> Result<()>;

    /// Destroys a retiring key with its wraps; `false` while something refers to it.
    async fn remove_key(&self, id: KeyId) -> Result<bool>;

    /// Adds wraps of keys under another root key; those that are there already stay.
    async fn add_wraps(&self, wraps: &[WrapRow]) -> Result<()>;

    /// Drops all wraps under a root key; refused (`Conflict`) if a key would be left without any, and, unless forced,
    /// while replicas run that were opened with it.
    async fn drop_wraps(&self, root: RootId, force: bool) -> Result<u64>;

    /// Notes that a process runs: for that time, unless it says so again.
    ///
    /// - One that was noted already is noted anew, also when its time was over.
    /// - Refused, and not noted any longer than before, if its root key does not open every data key (`ConfigInvalid`) or
    ///   what it works with was removed by a newer release (`Unsupported`). No [`drop_wraps`](Self::drop_wraps) comes
    ///   between the look and the note.
    async fn announce(&self, replica: &Replica, lasts: Duration) -> Result<()>;

    /// Forgets that a process runs; one that is not noted is forgotten already.
    async fn withdraw(&self, replica: Uuid) -> Result<()>;

    /// The processes that run as far as they said, by name; without those that are noted until more than
    /// [`Replica::LONGEST`] from now, whose clock was ahead. Wherever running ones are in the way, those are not.
    async fn replicas(&self) -> Result<Vec<Replica>>;

    /// Records what a store name stands for, or compares it with the record; one of a name without versions and garbage
    /// rows is replaced. `Err(ConfigInvalid)`:
    /// - with the number of versions in it if kind, endpoint or namespace differ;
    /// - with the other name if versions or garbage rows are in that place under another one.
    ///
    /// `Conflict` if a record is to be replaced while [`replicas`](Self::replicas) run: they would write to the old place.
    async fn bind_store(&self, binding: &StoreBinding) -> Result<()>;

    /// Records what a store name stands for from now on, whatever it stood for; one that is not known stays so.
    /// `Conflict` while replicas run.
    async fn rebind_store(&self, binding: &StoreBinding) -> Result<()>;

    /// Numbers for `status`.
    async fn summary(&self) -> Result<Summary>;

    /// Entries of an audit chain after a sequence number, in order, at most `limit`.
    async fn audit(&self, chain: &str, after: u64, limit: u32) -> Result<Vec<AuditRow>>;

    /// Whether the database can be reached and written.
    async fn check(&self) -> Result<()>;
}
