//! Names of versions that a catalog has no room for.

use crate::site::{Site, main_store, text, uncached};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use strongroom_core::{
    Backend, BackendInfo, ErrorKind, Labels, NewVersion, ObjectId, Payload, Result, ScanPage, VersionRef,
    async_trait,
};
use strongroom_testkit::{Held, MemoryBackend};

/// Answers names with zeros in front of them, of so many bytes.
struct Padded(MemoryBackend, Arc<AtomicUsize>);

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Backend for Padded {
    fn info(&self) -> &BackendInfo {
        self.0.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        let at = self.0.put(version).await?;
        Ok(VersionRef::new(format!("{:0>1$}", at.as_str(), self.1.load(Ordering::SeqCst))))
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        self.0.get(object, at).await
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        self.0.get_many(wanted).await
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        self.0.relabel(object, labels).await
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        self.0.remove(object, at).await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        self.0.delete(object).await
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        self.0.scan(only, from).await
    }

    async fn check(&self) -> Result<()> {
        self.0.check().await
    }
}

#[tokio::test]
async fn a_name_that_no_catalog_has_room_for_fails_the_put_and_leaves_nothing() {
    let (site, held, bytes) = (Site::in_memory().await, Held::new(), Arc::new(AtomicUsize::new(0)));
    let service = Padded(site.service(&held), bytes.clone());
    let engine = site.engine(vec![main_store(service, false)], uncached()).await;
    let secrets = site.secrets(&engine);
    secrets.create("db", [("user", "alice")]).await.unwrap();

    bytes.store(VersionRef::MAX_BYTES + 1, Ordering::SeqCst);
    let created = secrets.create("mail", [("user", "bob")]).await.unwrap_err();
    let updated = secrets.set("db", "user", "mallory").await.unwrap_err();
    for error in [created, updated] {
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{error}");
        let told = error.to_string();
        for word in ["a defect of it", "bytes: 256", "limit: 255", "store: main", "operation: put"] {
            assert!(told.contains(word), "{word}: {told}");
        }
    }
    let stats = engine.stats();
    let puts: Vec<_> = stats.calls.iter().filter(|((_, name), _)| *name == "put").collect();
    assert!(puts.iter().all(|(_, calls)| calls.repeated == 0), "{puts:?}");
    assert_eq!(text(&secrets.get("db").await.unwrap(), "user"), "alice");

    // As after any put that failed, once the back-end is mended.
    bytes.store(0, Ordering::SeqCst);
    site.settle(&engine).await;
    site.assert_accounted(&held).await;
    assert_eq!(secrets.get("mail").await.unwrap_err().kind(), ErrorKind::NotFound);

    bytes.store(VersionRef::MAX_BYTES, Ordering::SeqCst);
    secrets.set("db", "user", "eve").await.unwrap();
    assert_eq!(text(&secrets.get("db").await.unwrap(), "user"), "eve");
}
