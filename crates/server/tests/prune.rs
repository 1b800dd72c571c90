//! An audit log that is longer than what is removed together.

use std::sync::Arc;
use strongroom_core::{Context, SecretId};
use strongroom_engine::{
    Auditor, Engine, EngineOptions, Env as _, Noted, Parts, crypto::RootKey, initialise,
};
use strongroom_server::audit::{Pruned, prune, verify};
use strongroom_sql::{Options, SqlCatalog, TrailFilter};
use strongroom_testkit::Clock;
use uuid::Uuid;

/// More than one transaction removes.
const MANY: usize = 25_001;

#[tokio::test]
async fn a_long_chain_is_pruned_in_steps_that_are_noted() {
    let (directory, clock) = (tempfile::tempdir().unwrap(), Clock::start());
    let url = format!("sqlite:{}", directory.path().join("strongroom.db").display());
    let catalog = SqlCatalog::open(Options::new(url, clock.clone())).await.unwrap();
    let (catalog, roots) = (Arc::new(catalog), Arc::new(RootKey::generate().unwrap()));
    let identity = initialise(&*catalog, &*roots, &*clock, "admin", None).await.unwrap();
    let cx = Context::full(identity.owner.id, "test");
    let engine = Engine::open(Parts {
        catalog: catalog.clone(),
        identity,
        roots,
        env: clock.clone(),
        stores: Vec::new(),
        target: None,
        options: EngineOptions::default(),
    })
    .await
    .unwrap();
    let read = || engine.audit_entry(&cx, "secret.read", SecretId(Uuid::nil()), String::new());
    let many = |auditor: Arc<Auditor>| {
        let entries = (0..MANY).map(|_| Noted { entry: read(), auditor: auditor.clone() }).collect();
        catalog.append_audit(entries)
    };
    engine.audited(many).await.unwrap();

    let chain = catalog.audit_chains().await.unwrap().remove(0);
    clock.skip(std::time::Duration::from_secs(1));
    let pruned = prune(&engine, &catalog, &cx, clock.now()).await.unwrap();
    assert_eq!(pruned, [Pruned { chain: chain.name, from: 1, to: chain.sequence }]);
    let left = catalog.audit_trail(&TrailFilter::default(), 0, 100).await.unwrap();
    let left: Vec<&str> = left.iter().map(|entry| &*entry.action).collect();
    assert_eq!(left, ["audit.prune", "audit.prune"]);
    verify(&engine, &catalog, &[]).await.unwrap();
}
