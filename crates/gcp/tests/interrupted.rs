//! A create takes two calls: what is left of one that broke off between them is finished or swept.

mod site;

use site::{Service, Site, account, everything, quick, text, variable};
use strongroom_testkit::{
    CloudSubject as _,
    wire::{Fault, Order, Wire},
};

mod gcp {
    use super::*;

    /// Nothing is in its way: not the name in the catalog, nor the secret without a version. And nothing stays that costs.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_create_whose_second_call_is_lost_leaves_nothing_that_blocks_or_costs() {
        for fault in [Fault::Reset, Fault::LoseAnswer, Fault::status(503).into()] {
            let wire = Wire::to(&variable("ENDPOINT")).await;
            let site = Site::of(&Service).await;
            let backend = account().at(&wire.url()).open(site.identity.namespace).await.unwrap();
            let engine = site.engine(backend.clone(), quick()).await;
            let secrets = site.secrets(&engine);

            // Nor can it be cleaned up at once.
            wire.order(Order::new("POST", "*:addVersion", fault.clone()).always());
            wire.order(Order::new("GET", "*", Fault::Reset).always());
            wire.order(Order::new("DELETE", "*", Fault::Reset).always());
            secrets.create("db", [("a", "1")]).await.unwrap_err();
            let left = everything(&*Service.open(site.identity.namespace, None).await).await;
            assert!(!left.is_empty(), "{fault:?}: nothing is left that could be in the way");
            wire.heal();

            secrets.create("db", [("a", "2")]).await.unwrap();
            assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "2", "{fault:?}");
            site.settle(&engine).await;
            site.assert_accounted(&*backend).await;
            assert_eq!(everything(&*backend).await.len(), 1, "{fault:?}: one version is paid for");
        }
    }

    /// Once lost, it is repeated, and the secret of the first attempt is the one that is used.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_create_whose_second_call_is_lost_once_is_finished() {
        for fault in [Fault::Reset, Fault::LoseAnswer] {
            let wire = Wire::to(&variable("ENDPOINT")).await;
            let site = Site::of(&Service).await;
            let backend = account().at(&wire.url()).open(site.identity.namespace).await.unwrap();
            let engine = site.engine(backend.clone(), quick()).await;
            wire.order(Order::new("POST", "*:addVersion", fault.clone()));
            let secrets = site.secrets(&engine);
            let made = secrets.create("db", [("a", "1")]).await.unwrap();
            let (object, _) = site.place(made.meta.id).await;
            assert!(everything(&*backend).await.iter().all(|found| found.object == object), "{fault:?}");
            site.settle(&engine).await;
            site.assert_accounted(&*backend).await;
            assert_eq!(everything(&*backend).await.len(), 1, "{fault:?}: one version is paid for");
        }
    }
}
