//! The wire breaks, in every way, at every call of every operation.

mod site;

use futures::future::join_all;
use site::{Service, Site, deleted, everything, purging, quick, variable, vault, warm};
use std::time::Duration;
use strongroom_testkit::wire::{Fault, Order, Wire};

/// Longer than a call may take here.
const LONG: Duration = Duration::from_millis(1500);

mod azure {
    use super::*;

    strongroom_testkit::fault_suite!(Service::new());

    /// What purges is one more call, for which no caller waits.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_purge_is_made_up_for() {
        let faults: Vec<Fault> = vec![
            Fault::Refuse(Duration::from_millis(20)),
            Fault::Reset,
            Fault::Slow(LONG),
            Fault::Late(LONG),
            Fault::HalfBody,
            Fault::LoseAnswer,
            Fault::status(429).retry_after(1).into(),
            Fault::status(500).into(),
            Fault::status(503).into(),
        ];
        join_all(faults.into_iter().map(|fault| async move {
            let (wire, site) = (Wire::to(&variable("ENDPOINT")).await, Site::of(&Service::new()).await);
            let backend = warm(&purging(vault()), &wire, site.identity.namespace).await;
            let mut options = quick();
            options.call_timeout = Duration::from_secs(1);
            let engine = site.engine(backend.clone(), options).await;
            let secrets = site.secrets(&engine);
            secrets.create("db", [("a", "1")]).await.unwrap();
            wire.order(Order::new("DELETE", "/deletedsecrets/*", fault.clone()).always());
            secrets.delete("db").await.unwrap();
            assert!(wire.broken() > 0, "{fault:?}: nothing was purged");
            wire.heal();
            // What was on its way arrives.
            tokio::time::sleep(LONG).await;
            site.settle(&engine).await;
            assert_eq!(everything(&*backend).await, [], "{fault:?}");
            let namespace = site.identity.namespace.to_string();
            let mut left = deleted(&variable("ENDPOINT")).await;
            left.retain(|name| name.contains(&namespace));
            assert_eq!(left, [""; 0], "{fault:?}: it can still be recovered");
        }))
        .await;
    }
}
