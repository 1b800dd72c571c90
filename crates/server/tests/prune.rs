//! An audit log that is longer than what is removed together.

mod site;

use site::Site;
use std::{sync::Arc, time::Duration};
use strongroom_core::SecretId;
use strongroom_engine::{Auditor, Env as _, Noted};
use strongroom_server::audit::{Pruned, prune, verify};
use strongroom_sql::TrailFilter;
use uuid::Uuid;

/// More than one transaction removes.
const MANY: usize = 25_001;

#[tokio::test]
async fn a_long_chain_is_pruned_in_steps_that_are_noted() {
    let site = Site::new().await;
    let Site { clock, catalog, engine, cx, .. } = &site;
    let read = || engine.audit_entry(cx, "secret.read", SecretId(Uuid::nil()), String::new());
    let many = |auditor: Arc<Auditor>| {
        let entries = (0..MANY).map(|_| Noted { entry: read(), auditor: auditor.clone() }).collect();
        catalog.append_audit(entries)
    };
    engine.audited(many).await.unwrap();

    let chain = catalog.audit_chains().await.unwrap().remove(0);
    clock.skip(Duration::from_secs(1));
    let pruned = prune(engine, catalog, cx, clock.now()).await.unwrap();
    assert_eq!(pruned, [Pruned { chain: chain.name, from: 1, to: chain.sequence }]);
    let left = catalog.audit_trail(&TrailFilter::default(), 0, 100).await.unwrap();
    let left: Vec<&str> = left.iter().map(|entry| &*entry.action).collect();
    assert_eq!(left, ["audit.prune", "audit.prune"]);
    verify(engine, catalog, &[]).await.unwrap();
}
