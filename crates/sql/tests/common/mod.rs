//! What the tests share.
#![allow(dead_code)]

pub(crate) mod engine;
#[cfg(all(feature = "postgres", feature = "mysql"))]
#[macro_use]
pub(crate) mod server;

use futures::future::BoxFuture;
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use strongroom_core::{
    Context, NamespaceId, Origin, Owner, OwnerId, SecretId, SecretName, Timestamp, VersionUid,
};
use strongroom_engine::{
    AuditEntry, Auditor, Catalog, Commit, Committed, Env, Guard, KeyRow, NewIdentity, NewVersionRow,
    PayloadRef, Pin, Place, Row, Subject, WrapRow,
    crypto::{DataKey, KeyId, KeyKind, RootId},
};
use strongroom_sql::{Options, SqlCatalog};
use uuid::Uuid;

/// The real clocks and randomness.
pub(crate) struct Host(Instant);

impl Env for Host {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn random(&self) -> u128 {
        Uuid::new_v4().as_u128()
    }
}

pub(crate) fn env() -> Arc<dyn Env> {
    Arc::new(Host(Instant::now()))
}

pub(crate) fn options(url: impl Into<String>) -> Options {
    let url: String = url.into();
    Options::new(url, env())
}

/// A catalog with an owner and keys.
pub(crate) struct Claimed {
    pub(crate) catalog: SqlCatalog,
    pub(crate) owner: OwnerId,
    pub(crate) seal: KeyId,
    pub(crate) auditor: Arc<Auditor>,
}

pub(crate) async fn claimed(url: &str) -> Claimed {
    claim(SqlCatalog::open(options(url)).await.unwrap()).await
}

pub(crate) fn new_identity() -> NewIdentity {
    let keys: Vec<KeyRow> = KeyKind::ALL
        .into_iter()
        .map(|kind| KeyRow { id: KeyId(Uuid::new_v4()), kind, active: true, created: Timestamp(0) })
        .collect();
    let root = RootId::from_bytes(*Uuid::new_v4().as_bytes());
    let wraps = keys.iter().map(|key| WrapRow { key: key.id, root, bytes: vec![1, 2, 3] }).collect();
    let owner = Owner { id: OwnerId(Uuid::new_v4()), name: "admin".into(), full_name: "The Owner".into() };
    NewIdentity { namespace: NamespaceId(Uuid::new_v4()), owner, root, keys, wraps }
}

pub(crate) async fn claim(catalog: SqlCatalog) -> Claimed {
    let identity = catalog.initialise(&new_identity()).await.unwrap();
    let keys = catalog.keys().await.unwrap().keys;
    let of = |kind| keys.iter().find(|key| key.kind == kind && key.active).unwrap().id;
    let auditor = Auditor::new("test", of(KeyKind::Audit), Arc::new(DataKey::generate().unwrap()));
    Claimed { catalog, owner: identity.owner.id, seal: of(KeyKind::Seal), auditor: Arc::new(auditor) }
}

impl Claimed {
    pub(crate) fn context(&self) -> Context {
        Context::full(self.owner, "test")
    }

    pub(crate) fn inline(&self, sealed: &[u8]) -> NewVersionRow {
        NewVersionRow {
            uid: VersionUid(Uuid::new_v4()),
            place: Place::Inline { payload: PayloadRef(Uuid::new_v4()), sealed: sealed.to_vec() },
            key: Some(self.seal),
            digest: None,
            size: u32::try_from(sealed.len()).unwrap(),
        }
    }

    pub(crate) fn commit(
        &self,
        secret: SecretId,
        subject: Subject,
        version: Option<NewVersionRow>,
    ) -> Commit {
        let change = version.as_ref().map_or_else(Uuid::new_v4, |version| version.uid.0);
        let entry = AuditEntry {
            change,
            actor: self.owner,
            action: "secret.test",
            secret,
            detail: "values".into(),
            origin: Origin::new("test"),
            receipt: None,
        };
        Commit {
            secret,
            change,
            subject,
            version,
            attempt: None,
            twin: false,
            labelled: None,
            history: 3,
            entry,
            auditor: Arc::clone(&self.auditor),
            doubt: false,
        }
    }

    pub(crate) fn create(&self, name: &str, private: bool, sealed: &[u8]) -> Commit {
        let subject = Subject::New { name: SecretName::new(name).unwrap(), private, owner: self.owner };
        self.commit(SecretId(Uuid::new_v4()), subject, Some(self.inline(sealed)))
    }

    pub(crate) fn guard(&self, pin: Pin) -> Guard {
        Guard {
            context: self.context(),
            expected: None,
            pin,
            sets_private: false,
            new_name: None,
            found_by: None,
        }
    }

    /// New values for a row.
    pub(crate) fn update(&self, row: &Row, sealed: &[u8]) -> Commit {
        let guard = Box::new(self.guard(Pin::Version(row.version.uid)));
        self.commit(
            row.meta.id,
            Subject::Existing { guard, name: None, private: None },
            Some(self.inline(sealed)),
        )
    }

    pub(crate) async fn created(&self, name: &str, sealed: &[u8]) -> Row {
        done(self.catalog.commit(&self.create(name, false, sealed)).await.unwrap())
    }
}

pub(crate) fn done(committed: Committed) -> Row {
    match committed {
        Committed::Done(row) => *row,
        other => panic!("not done: {other:?}"),
    }
}

/// A directory of our own and the path of a database in it.
pub(crate) fn place() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("strongroom.db").to_str().unwrap().to_owned();
    (directory, path)
}
