//! How often the service is asked, counted by a proxy in front of it.

mod site;

use site::{Service, quick, replacing, text, uncached};
use std::time::Duration;
use strongroom_core::{GetOptions, Labels, NewVersion, Payload, VersionUid};
use strongroom_testkit::{
    cloud::Counted,
    wire::{Fault, Order},
};

mod moto {
    use super::*;

    strongroom_testkit::call_suite!(Service, ignore = "needs moto: cargo xtask test");

    /// The bulk call answers current versions alone: what somebody moved behind our back is read by its id.
    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn what_is_not_current_is_read_by_its_id() {
        let counted = Counted::new(&Service).await;
        let which = counted.hundred(&counted.engine(quick()).await).await;
        let (object, at) = counted.site.place(which[7]).await;
        let labels = Labels::new(which[7], "");
        let foreign = Payload::new(br#"{"n":"foreign"}"#.to_vec());
        let uid = VersionUid(uuid::Uuid::new_v4());
        let version = NewVersion::new(object, uid, &foreign, &labels).after(&at);
        counted.backend.put(&version).await.unwrap();
        counted.wire.forget();
        counted.read_all(&counted.engine(quick()).await, &which).await;
        let calls = counted.take();
        let single = calls["GetSecretValue"] + calls.get("DescribeSecret").copied().unwrap_or(0);
        assert_eq!(calls["BatchGetSecretValue"], 5, "{calls:?}");
        assert!((1..=2).contains(&single), "{calls:?}");
    }

    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn more_updates_than_a_secret_has_labels_are_taken_without_a_pause() {
        let counted = Counted::new(&Service).await;
        let mut options = uncached();
        options.history = 15;
        let engine = counted.engine(options).await;
        let secrets = counted.site.secrets(&engine);
        let id = secrets.create("db", [("a", "0")]).await.unwrap().meta.id;
        // Nothing is swept in between.
        for n in 1..45 {
            secrets.update(&id.into(), replacing("a", &n.to_string())).await.unwrap();
        }
        let calls = counted.take();
        assert!(calls["PutSecretValue"] > 44, "it was never full: {calls:?}");
        let versions = secrets.versions("db").await.unwrap();
        assert_eq!(versions.len(), 15);
        for version in versions {
            let then = GetOptions::new().as_of(version.revision);
            let read = secrets.get_ref(&id.into(), &then).await.unwrap();
            assert_eq!(text(&read, "a"), (version.revision.0 - 1).to_string());
        }
        counted.site.settle(&engine).await;
        counted.site.assert_accounted(&*counted.backend).await;
    }

    /// Lost races and abandoned puts take labels, too: no committed version loses its own.
    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn lost_races_and_abandoned_puts_push_no_committed_version_out() {
        let counted = Counted::new(&Service).await;
        let mut options = uncached();
        (options.history, options.call_attempts) = (15, 1);
        let engine = counted.engine(options.clone()).await;
        let secrets = counted.site.secrets(&engine);
        let id = secrets.create("db", [("a", "0")]).await.unwrap().meta.id;
        let mut told = vec!["0".to_owned()];
        for n in 1..60 {
            if n % 3 == 0 {
                counted.wire.order(Order::new("POST", "/PutSecretValue", Fault::LoseAnswer));
                // What an abandoned put left cannot be cleaned up at once.
                counted.wire.order(Order::new("POST", "/DescribeSecret", Fault::Reset).times(2));
            }
            if secrets.update(&id.into(), replacing("a", &n.to_string())).await.is_ok() {
                told.push(n.to_string());
            }
            counted.wire.heal();
            if n % 10 == 0 {
                // The sweeper comes by, as it does every ten seconds.
                counted.site.clock.skip(Duration::from_secs(70));
                engine.sweep().await.unwrap();
            }
        }
        assert!(told.len() > 30, "{} updates passed", told.len());
        for (version, value) in secrets.versions("db").await.unwrap().iter().zip(told.iter().rev()) {
            let then = GetOptions::new().as_of(version.revision);
            assert_eq!(&text(&secrets.get_ref(&id.into(), &then).await.unwrap(), "a"), value);
        }
        counted.site.settle(&engine).await;
        counted.site.assert_accounted(&*counted.backend).await;
    }
}
