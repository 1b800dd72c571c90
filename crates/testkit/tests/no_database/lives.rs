//! What is closed and opened again is the same.

use super::{Deployment, owner, secrets, seen};
use std::sync::Arc;
use strongroom_core::{
    Backend, BackendInfo, Context, ErrorKind, Labels, NamespaceId, NewSecret, NewVersion, ObjectId, OwnerId,
    Payload, Result, Revision, ScanPage, SecretName, SecretUpdate, SecretsStore as _, ValuesChange,
    VersionRef, async_trait,
};
use strongroom_engine::crypto::KeyKind;
use strongroom_testkit::{DirectoryBackend, Held, MemoryBackend};
use uuid::Uuid;

/// Creates, updates, renames, hides, rolls back and deletes, and opens it again after each.
async fn lives_on(deployment: &Deployment, open: impl Fn() -> Arc<dyn Backend>) {
    let other = Context::full(OwnerId(Uuid::new_v4()), "test");
    let engine = deployment.open(open()).await;
    let own = owner(&engine);
    let accounts = [own.clone(), other.clone()];
    let db = secrets(&engine).create("db", [("user", "app"), ("password", "one")]).await.unwrap().meta.id;
    let hidden = NewSecret::new(SecretName::new("db").unwrap(), [("a", "theirs")].into_iter().collect());
    let hidden = engine.create(&other, hidden.private(true)).await.unwrap().meta.id;
    secrets(&engine).create("gone", [("a", "1")]).await.unwrap();
    secrets(&engine).create("empty", Vec::<(&str, &str)>::new()).await.unwrap();

    let steps = [
        SecretUpdate::new().values(ValuesChange::Merge(vec![("password".into(), Some("two".into()))])),
        SecretUpdate::new().name(SecretName::new("web/ünï").unwrap()),
        SecretUpdate::new().private(true),
        SecretUpdate::new().values(ValuesChange::Replace([("k", "\0 é \u{1F511}")].into_iter().collect())),
        SecretUpdate::new(),
        SecretUpdate::new().private(false).values(ValuesChange::Restore(Revision(2))),
    ];
    let mut before = seen(&engine, &accounts).await;
    drop(engine);
    for step in steps {
        let engine = deployment.open(open()).await;
        assert_eq!(seen(&engine, &accounts).await, before);
        secrets(&engine).update(&db.into(), step).await.unwrap();
        before = seen(&engine, &accounts).await;
    }
    let engine = deployment.open(open()).await;
    assert_eq!(seen(&engine, &accounts).await, before);
    assert_eq!(before[&db].0.revision, Revision(7));
    assert_eq!(before[&db].1.len(), 4, "the versions of revisions 1, 2, 5 and 7");
    assert_eq!(before[&hidden].0.owner.id, other.actor);
    let lists =
        |seen: &super::Seen| seen.values().map(|(meta, ..)| meta.name.to_string()).collect::<Vec<_>>();
    assert_eq!(lists(&seen(&engine, &accounts[..1]).await).len(), 3, "others' private secrets stay hidden");
    secrets(&engine).delete("gone").await.unwrap();
    let engine = deployment.open(open()).await;
    assert_eq!(secrets(&engine).get("gone").await.unwrap_err().kind(), ErrorKind::NotFound);
    let again = secrets(&engine).create("gone", [("a", "2")]).await.unwrap();
    assert_eq!(again.meta.revision, Revision(1));
    // What was written while it was private is not shown to others.
    let versions = engine.versions(&other, &db.into()).await.unwrap();
    assert!(versions.iter().all(|version| version.revision != Revision(5)), "{versions:?}");
    before = seen(&engine, &accounts).await;
    let engine = deployment.open(open()).await;
    assert_eq!(seen(&engine, &accounts).await, before);
}

#[tokio::test]
async fn everything_is_there_again_on_a_service_that_tells_all() {
    for seal in [false, true] {
        let (deployment, held) = (Deployment::new(seal), Held::new());
        lives_on(&deployment, || Arc::new(MemoryBackend::new(&held, deployment.namespace()))).await;
    }
}

#[tokio::test]
async fn everything_is_there_again_on_a_service_that_cannot_tell_who_wrote_what() {
    for seal in [false, true] {
        let (deployment, held) = (Deployment::new(seal), Held::new());
        let open = || MemoryBackend::new(&held, deployment.namespace()).tells_uids(false).twins(true);
        lives_on(&deployment, || Arc::new(open())).await;
    }
}

/// Lists what was there some time ago; everything else is as of now.
struct Late {
    inner: MemoryBackend,
    list: ScanPage,
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for Late {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        self.inner.put(version).await
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        self.inner.get(object, at).await
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        self.inner.get_many(wanted).await
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        self.inner.relabel(object, labels).await
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        self.inner.remove(object, at).await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        self.inner.delete(object).await
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        match only {
            Some(_) => self.inner.scan(only, from).await,
            None => Ok(self.list.clone()),
        }
    }

    async fn check(&self) -> Result<()> {
        self.inner.check().await
    }
}

#[tokio::test]
async fn changes_are_there_also_where_a_list_does_not_show_them_yet() {
    let (deployment, held) = (Deployment::new(false), Held::new());
    let open = || MemoryBackend::new(&held, deployment.namespace());
    let engine = deployment.open(Arc::new(open())).await;
    let accounts = [owner(&engine)];
    for n in 0..20 {
        secrets(&engine).create(&format!("s{n}"), [("a", "old")]).await.unwrap();
    }
    let mut list = ScanPage::default();
    loop {
        let page = open().scan(None, list.next.as_deref()).await.unwrap();
        list.found.extend(page.found);
        list.next = page.next;
        if list.next.is_none() {
            break;
        }
    }
    assert_eq!(list.found.len(), 20);
    for n in 0..20 {
        let name = format!("s{n}");
        match n % 4 {
            0 => drop(secrets(&engine).set(&name, "a", "new").await.unwrap()),
            1 => {
                let update = SecretUpdate::new().name(SecretName::new(format!("renamed{n}")).unwrap());
                secrets(&engine).update(&SecretName::new(name).unwrap().into(), update).await.unwrap();
            }
            2 => secrets(&engine).delete(&name).await.unwrap(),
            _ => {}
        }
    }
    let before = seen(&engine, &accounts).await;
    drop(engine);
    let engine = deployment.open(Arc::new(Late { inner: open(), list })).await;
    assert_eq!(seen(&engine, &accounts).await, before);
}

#[tokio::test]
async fn everything_is_there_again_in_a_directory() {
    for seal in [false, true] {
        let (deployment, directory) = (Deployment::new(seal), tempfile::tempdir().unwrap());
        lives_on(&deployment, || Arc::new(DirectoryBackend::new(directory.path(), deployment.namespace())))
            .await;
    }
}

#[tokio::test]
async fn a_long_history_keeps_its_end_and_leaves_nothing_behind() {
    let (deployment, held) = (Deployment::new(false), Held::new());
    let open = || Arc::new(MemoryBackend::new(&held, deployment.namespace()));
    let engine = deployment.open(open()).await;
    let accounts = [owner(&engine)];
    for n in 0..25 {
        let handle = secrets(&engine);
        if n == 0 {
            handle.create("counter", [("n", "0")]).await.unwrap();
        } else {
            handle.set("counter", "n", n.to_string()).await.unwrap();
        }
    }
    let before = seen(&engine, &accounts).await;
    let (_, versions, values) = before.values().next().unwrap();
    assert_eq!((versions.len(), values.len()), (10, 10));
    assert_eq!(values[0]["n"], "24");
    // Nobody swept.
    drop(engine);
    assert_eq!(held.inventory(deployment.namespace())[0].1.len(), 10);
    let engine = deployment.open(open()).await;
    assert_eq!(seen(&engine, &accounts).await, before);
}

#[tokio::test]
async fn a_long_name_has_a_shorter_history_and_is_kept_all_the_same() {
    let (deployment, held) = (Deployment::new(true), Held::new());
    let open = || Arc::new(MemoryBackend::new(&held, deployment.namespace()));
    for name in ["\u{1F511}".repeat(255), "n".repeat(255)] {
        let engine = deployment.open(open()).await;
        let accounts = [owner(&engine)];
        secrets(&engine).create(&name, [("a", "0")]).await.unwrap();
        for n in 1..12 {
            secrets(&engine).set(&name, "a", n.to_string()).await.unwrap();
        }
        let before = seen(&engine, &accounts).await;
        let engine = deployment.open(open()).await;
        assert_eq!(seen(&engine, &accounts).await, before);
    }
    // Escaped, these do not leave room for even one version.
    let engine = deployment.open(open()).await;
    let error = secrets(&engine).create(&"\u{1}".repeat(255), [("a", "1")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    deployment.open(open()).await;
}

#[tokio::test]
async fn a_name_that_becomes_longer_shortens_the_history_at_once() {
    let (deployment, held) = (Deployment::new(true), Held::new());
    let open = || Arc::new(MemoryBackend::new(&held, deployment.namespace()));
    let engine = deployment.open(open()).await;
    let accounts = [owner(&engine)];
    let db = secrets(&engine).create("db", [("a", "0")]).await.unwrap().meta.id;
    for n in 1..12 {
        secrets(&engine).set("db", "a", n.to_string()).await.unwrap();
    }
    assert_eq!(seen(&engine, &accounts).await[&db].1.len(), 10);
    let longer = SecretName::new("\u{1F511}".repeat(255)).unwrap();
    secrets(&engine).update(&db.into(), SecretUpdate::new().name(longer)).await.unwrap();
    let before = seen(&engine, &accounts).await;
    assert!((1..10).contains(&before[&db].1.len()), "{before:?}");
    // What fell out is removed, and not left where nothing tells of it.
    let engine = deployment.open(open()).await;
    assert_eq!(seen(&engine, &accounts).await, before);
}

#[tokio::test]
async fn two_namespaces_do_not_mix() {
    let held = Held::new();
    let mut one = Deployment::new(true);
    one.namespace = Some(NamespaceId(Uuid::new_v4()));
    let mut two =
        Deployment { root: one.root.clone(), namespace: None, seal: true, options: one.options.clone() };
    assert_ne!(one.namespace(), two.namespace());
    let open = |deployment: &Deployment| Arc::new(MemoryBackend::new(&held, deployment.namespace()));
    let engine = one.open(open(&one)).await;
    secrets(&engine).create("db", [("a", "one")]).await.unwrap();
    let engine = two.open(open(&two)).await;
    assert_eq!(secrets(&engine).get("db").await.unwrap_err().kind(), ErrorKind::NotFound);
    secrets(&engine).create("db", [("a", "two")]).await.unwrap();
    secrets(&engine).delete("db").await.unwrap();
    let engine = one.open(open(&one)).await;
    secrets(&engine).get("db").await.unwrap();
    // The same place under a name of its own says the same.
    two.namespace = one.namespace;
    let engine = two.open(open(&two)).await;
    secrets(&engine).get("db").await.unwrap();
}

#[tokio::test]
async fn what_only_rows_could_remember_is_refused() {
    let (deployment, held) = (Deployment::new(true), Held::new());
    let engine = deployment.open(Arc::new(MemoryBackend::new(&held, deployment.namespace()))).await;
    secrets(&engine).create("db", [("a", "1")]).await.unwrap();
    let unsupported = |error: strongroom_core::Error| error.kind() == ErrorKind::Unsupported;
    assert!(unsupported(engine.rotate(KeyKind::Seal, false).await.unwrap_err()));
    assert!(unsupported(engine.move_all(None).await.unwrap_err()));
    let root = strongroom_engine::crypto::RootKey::generate().unwrap();
    assert!(unsupported(engine.add_root(&root).await.unwrap_err()));
    assert!(engine.probe().await.iter().all(|(_, answer)| answer.is_ok()));
    deployment.open(Arc::new(MemoryBackend::new(&held, deployment.namespace()))).await;
}
