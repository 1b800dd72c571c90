//! The wire breaks, in every way, at every call of every operation.

mod site;

use site::{Service, Site, everything, text, uncached};
use strongroom_testkit::{
    CloudSubject as _,
    cloud::faults::no_committed_version_falls_out,
    wire::{Fault, Order, Wire},
};

mod moto {
    use super::*;

    strongroom_testkit::fault_suite!(Service, ignore = "needs moto: cargo xtask test");

    /// Lost races and abandoned puts take staging labels, too, of which a secret has 20.
    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs moto: cargo xtask test"]
    async fn lost_races_and_abandoned_puts_push_no_committed_version_out() {
        no_committed_version_falls_out(&Service, 15, 60).await;
    }

    /// What was written a moment ago the service may not show everywhere.
    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn a_secret_that_is_not_shown_yet_is_asked_for_again() {
        let wire = Wire::to(&Service.server()).await;
        let site = Site::of(&Service).await;
        let backend = Service.open(site.identity.namespace, Some(&wire)).await;
        let engine = site.engine(backend.clone(), uncached()).await;
        let secrets = site.secrets(&engine);
        secrets.create("db", [("a", "1")]).await.unwrap();
        let missing = Fault::status(400).body(r#"{"__type":"ResourceNotFoundException"}"#);
        wire.order(Order::new("POST", "/PutSecretValue", missing));
        secrets.set("db", "a", "2").await.unwrap();
        assert_eq!(wire.broken(), 1);
        site.settle(&engine).await;
        site.assert_accounted(&*backend).await;
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "2");
    }

    /// The service knows each put by its token: repeated, it is the same version.
    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs moto: cargo xtask test"]
    async fn a_put_whose_answer_is_lost_once_leaves_no_twin() {
        let wire = Wire::to(&Service.server()).await;
        let site = Site::of(&Service).await;
        let backend = Service.open(site.identity.namespace, Some(&wire)).await;
        let engine = site.engine(backend.clone(), uncached()).await;
        let secrets = site.secrets(&engine);
        for call in ["/CreateSecret", "/PutSecretValue"] {
            wire.order(Order::new("POST", call, Fault::LoseAnswer));
        }
        secrets.create("db", [("a", "1")]).await.unwrap();
        secrets.set("db", "a", "2").await.unwrap();
        assert_eq!(wire.broken(), 2);
        assert_eq!(everything(&*backend).await.len(), 2);
        site.settle(&engine).await;
        site.assert_accounted(&*backend).await;
        assert!(engine.stats().twins.is_empty(), "{:?}", engine.stats().twins);
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "2");
    }
}
