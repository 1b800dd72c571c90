//! What the cases have in common: an initialised catalog and what one writes into it.

use super::CatalogSubject;
use crate::Broken;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use strongroom_core::{
    Context, NamespaceId, ObjectId, Origin, Owner, OwnerId, Result, Revision, SecretId, SecretName,
    VersionRef, VersionUid,
};
use strongroom_engine::{
    Attempt, AuditEntry, AuditRow, Auditor, Begun, Catalog, Commit, Committed, Delete, Guard, KeyRow,
    LOCAL_CHAIN, Lookup, NewIdentity, NewVersionRow, PayloadRef, Pending, Pin, Place, Row, StoreBinding,
    StoreName, Subject, VersionHead, WrapRow,
    crypto::{DataKey, KeyId, KeyKind, RootId},
};
use uuid::Uuid;

/// Longer than any case takes.
pub(super) const LONG: Duration = Duration::from_secs(600);
/// A lease that runs out.
pub(super) const SHORT: Duration = Duration::from_millis(50);
/// Until it has.
pub(super) const OVER: Duration = Duration::from_millis(120);

/// So long that any clock has moved.
pub(super) const TICK: Duration = Duration::from_millis(2);

/// An initialised catalog with three accounts.
pub(super) struct Fixture {
    pub(super) catalog: Arc<dyn Catalog>,
    /// The owner of the database.
    pub(super) owner: OwnerId,
    pub(super) other: OwnerId,
    pub(super) third: OwnerId,
    pub(super) root: RootId,
    /// The active key of each kind.
    pub(super) keys: BTreeMap<KeyKind, KeyId>,
    pub(super) audit_key: Arc<DataKey>,
    pub(super) auditor: Arc<Auditor>,
}

impl Fixture {
    pub(super) async fn open(subject: &dyn CatalogSubject) -> Result<Self> {
        let (owner, other, third) =
            (account("owner", ""), account("other", "The Other"), account("third", ""));
        let catalog = subject.open(&[other.clone(), third.clone()]).await?;
        let new = new_identity(owner);
        let keys: BTreeMap<_, _> = new.keys.iter().map(|key| (key.kind, key.id)).collect();
        let identity = catalog.initialise(&new).await?;
        let audit_key = Arc::new(DataKey::generate()?);
        let auditor = Arc::new(Auditor::new(LOCAL_CHAIN, keys[&KeyKind::Audit], audit_key.clone()));
        let (owner, other, third) = (identity.owner.id, other.id, third.id);
        Ok(Self { catalog, owner, other, third, root: new.root, keys, audit_key, auditor })
    }

    // ---- what is written ----

    /// A sealed version in the catalog itself.
    pub(super) fn inline(&self) -> NewVersionRow {
        let sealed = [Uuid::new_v4().into_bytes(); 8].concat();
        NewVersionRow {
            uid: VersionUid(Uuid::new_v4()),
            size: 128,
            place: Place::Inline { payload: PayloadRef(Uuid::new_v4()), sealed },
            key: Some(self.keys[&KeyKind::Seal]),
            digest: None,
        }
    }

    /// A sealed version in a back-end.
    pub(super) fn external(&self, uid: VersionUid, object: ObjectId, at: &str) -> NewVersionRow {
        NewVersionRow {
            uid,
            place: Place::External { store: store(), object, at: VersionRef::new(at) },
            key: Some(self.keys[&KeyKind::Seal]),
            digest: Some(self.digest()),
            size: 300,
        }
    }

    /// 48 bytes that name the active digest key.
    pub(super) fn digest(&self) -> Vec<u8> {
        [self.keys[&KeyKind::Digest].0.into_bytes(), Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()]
            .concat()
    }

    pub(super) fn entry(
        &self,
        change: Uuid,
        actor: OwnerId,
        action: &'static str,
        secret: SecretId,
    ) -> AuditEntry {
        let mut origin = Origin::new("test");
        origin.request = Some("1".into());
        AuditEntry { change, actor, action, secret, detail: "values".into(), origin, receipt: None }
    }

    /// A create with inline values.
    pub(super) fn creation(&self, name: &str, private: bool, owner: OwnerId) -> Result<Commit> {
        let (secret, version) = (SecretId(Uuid::new_v4()), self.inline());
        Ok(Commit {
            secret,
            change: version.uid.0,
            subject: Subject::New { name: SecretName::new(name)?, private, owner },
            entry: self.entry(version.uid.0, owner, "secret.create", secret),
            version: Some(version),
            attempt: None,
            twin: false,
            labelled: None,
            history: 10,
            auditor: self.auditor.clone(),
            doubt: false,
        })
    }

    /// A change of nothing but the revision, by the owner.
    pub(super) fn edit(&self, row: &Row) -> Commit {
        let (actor, change) = (row.meta.owner.id, Uuid::new_v4());
        Commit {
            secret: row.meta.id,
            change,
            subject: Subject::Existing { guard: Box::new(guard(row, actor)), name: None, private: None },
            version: None,
            attempt: None,
            twin: false,
            labelled: None,
            history: 10,
            entry: self.entry(change, actor, "secret.update", row.meta.id),
            auditor: self.auditor.clone(),
            doubt: false,
        }
    }

    /// A change of the name, by the owner.
    pub(super) fn renaming(&self, row: &Row, to: &str) -> Result<Commit> {
        let mut commit = self.edit(row);
        if let Subject::Existing { guard, name, .. } = &mut commit.subject {
            let new = SecretName::new(to)?;
            guard.new_name = Some(new.clone());
            *name = Some(new);
        }
        Ok(commit)
    }

    /// A change of the privacy, by the owner.
    pub(super) fn publishing(&self, row: &Row, to: bool) -> Commit {
        let mut commit = self.edit(row);
        if let Subject::Existing { guard, private, .. } = &mut commit.subject {
            guard.sets_private = true;
            *private = Some(to);
        }
        commit
    }

    /// New inline values, by the owner.
    pub(super) fn writing(&self, row: &Row) -> Commit {
        let version = self.inline();
        let mut commit = self.edit(row);
        (commit.change, commit.entry.change) = (version.uid.0, version.uid.0);
        Commit { version: Some(version), ..commit }
    }

    pub(super) fn deletion(&self, row: &Row) -> Delete {
        let (actor, change) = (row.meta.owner.id, Uuid::new_v4());
        Delete {
            secret: row.meta.id,
            change,
            guard: guard(row, actor),
            claim: LONG,
            entry: self.entry(change, actor, "secret.delete", row.meta.id),
            auditor: self.auditor.clone(),
            doubt: false,
        }
    }

    /// An attempt to write a fresh object of a secret, new or with this current version, with a long lease.
    pub(super) fn attempt(&self, secret: SecretId, base: Option<VersionUid>, object: ObjectId) -> Attempt {
        let uid = VersionUid(Uuid::new_v4());
        Attempt {
            uid,
            version: uid,
            secret,
            base,
            store: store(),
            object,
            fresh: true,
            key: Some(self.keys[&KeyKind::Seal]),
            digest: self.digest(),
            lease: LONG,
        }
    }

    /// An attempt to write another version into the object of the current one.
    pub(super) fn again(&self, row: &Row) -> Attempt {
        let attempt = self.attempt(row.meta.id, Some(row.version.uid), object_of(row));
        Attempt { fresh: false, ..attempt }
    }

    // ---- writing it ----

    /// Commits what must be committed.
    pub(super) async fn done(&self, commit: &Commit) -> Result<Row, Broken> {
        match self.catalog.commit(commit).await? {
            Committed::Done(row) => Ok(*row),
            other => Err(Broken(format!("a commit that must pass was {other:?}"))),
        }
    }

    /// Begins what must be begun.
    pub(super) async fn begun(&self, attempt: &Attempt) -> crate::Outcome {
        let begun = self.catalog.begin(attempt).await?;
        ensure!(begun == Begun::Open, "an attempt that must get the lock was {begun:?}");
        Ok(())
    }

    /// A public secret of the owner's with inline values.
    pub(super) async fn create(&self, name: &str) -> Result<Row, Broken> {
        self.done(&self.creation(name, false, self.owner)?).await
    }

    /// A public secret of the owner's with external values: version `1` of a fresh object.
    pub(super) async fn create_external(&self, name: &str) -> Result<Row, Broken> {
        self.create_in(store(), name).await
    }

    /// A secret in the store of this name, by the owner.
    pub(super) async fn create_in(&self, store: StoreName, name: &str) -> Result<Row, Broken> {
        let (mut commit, object) = (self.creation(name, false, self.owner)?, ObjectId(Uuid::new_v4()));
        let attempt = Attempt { store, ..self.attempt(commit.secret, None, object) };
        self.begun(&attempt).await?;
        self.attach(&mut commit, &attempt, "1");
        self.done(&commit).await
    }

    /// New external values, by the owner.
    pub(super) async fn write_external(&self, row: &Row, at: &str) -> Result<Row, Broken> {
        let (mut commit, attempt) = (self.edit(row), self.again(row));
        self.begun(&attempt).await?;
        self.attach(&mut commit, &attempt, at);
        self.done(&commit).await
    }

    /// Makes a commit that of an attempt, whose version the service calls `at`.
    pub(super) fn attach(&self, commit: &mut Commit, attempt: &Attempt, at: &str) {
        let place =
            Place::External { store: attempt.store.clone(), object: attempt.object, at: VersionRef::new(at) };
        let row = self.external(attempt.uid, attempt.object, at);
        commit.version = Some(NewVersionRow { place, digest: Some(attempt.digest.clone()), ..row });
        commit.attempt = Some(attempt.uid);
        (commit.change, commit.entry.change) = (attempt.uid.0, attempt.uid.0);
    }

    // ---- reading ----

    /// The row of a secret; `None` if it is not there.
    pub(super) async fn row(&self, id: SecretId) -> Result<Option<Row>> {
        Ok(self.catalog.current(&[Lookup::Id(id)]).await?.pop().flatten())
    }

    /// The kept versions of a secret that is there, newest first.
    pub(super) async fn heads(&self, id: SecretId) -> Result<Vec<VersionHead>, Broken> {
        let history = self.catalog.history(id).await?;
        history.map(|(_, heads)| heads).ok_or_else(|| Broken("the secret is not there".into()))
    }

    pub(super) async fn pending(&self) -> Result<Vec<Pending>> {
        self.catalog.pending(10_000).await
    }

    pub(super) async fn log(&self) -> Result<Vec<AuditRow>> {
        self.catalog.audit(LOCAL_CHAIN, 0, 10_000).await
    }
}

/// Full rights, nothing expected, pinned to the current version.
pub(super) fn guard(row: &Row, actor: OwnerId) -> Guard {
    Guard {
        context: Context::full(actor, "test"),
        expected: None,
        pin: Pin::Version(row.version.uid),
        sets_private: false,
        new_name: None,
        found_by: None,
    }
}

/// The first rows of a catalog.
pub(super) fn new_identity(owner: Owner) -> NewIdentity {
    let root = RootId::from_bytes(Uuid::new_v4().into_bytes());
    let keys: Vec<KeyRow> = KeyKind::ALL.into_iter().map(new_key).collect();
    let wraps = keys.iter().map(|key| wrap(key.id, root)).collect();
    NewIdentity { namespace: NamespaceId(Uuid::new_v4()), owner, root, keys, wraps }
}

pub(super) fn new_key(kind: KeyKind) -> KeyRow {
    KeyRow { id: KeyId(Uuid::new_v4()), kind, active: true, created: strongroom_core::Timestamp(0) }
}

pub(super) fn wrap(key: KeyId, root: RootId) -> WrapRow {
    WrapRow { key, root, bytes: [Uuid::new_v4().into_bytes(); 9].concat() }
}

pub(super) fn account(name: &str, full_name: &str) -> Owner {
    Owner { id: OwnerId(Uuid::new_v4()), name: name.into(), full_name: full_name.into() }
}

/// The object of an external row; a fresh one for an inline row.
pub(super) fn object_of(row: &Row) -> ObjectId {
    match &row.version.place {
        Place::External { object, .. } => *object,
        Place::Inline { .. } => ObjectId(Uuid::new_v4()),
    }
}

pub(super) fn store() -> StoreName {
    named("main")
}

pub(super) fn named(store: &str) -> StoreName {
    StoreName::new(store).unwrap_or_else(|error| panic!("a store's name is wrong: {error}"))
}

/// What the store of this name stands for: each for another place.
pub(super) fn binding(name: StoreName) -> StoreBinding {
    let endpoint = format!("account 123, eu-west-1, {name}");
    StoreBinding { name, kind: "aws".into(), endpoint, namespace: NamespaceId(Uuid::from_u128(1)) }
}

/// Everything of a row that can be compared, but the stamp.
pub(super) fn facts(row: &Row) -> impl PartialEq + std::fmt::Debug + use<> {
    let version = row.version.clone();
    let key_and_size = (version.key, version.digest, version.size, version.visible_to_others);
    (row.meta.clone(), (version.uid, version.revision, version.created), version.place, key_and_size)
}

/// Requires that a commit was answered like this.
macro_rules! answered {
    ($answer:expr, $wanted:pat, $what:expr) => {
        let answer = $answer;
        $crate::ensure!(matches!(answer, $wanted), "{} was answered {answer:?}", $what);
    };
}
pub(super) use answered;

/// The next revision.
pub(super) fn after(row: &Row) -> Revision {
    row.meta.revision.next()
}
