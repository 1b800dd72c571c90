//! How often the service is asked, counted by a proxy in front of it.

mod site;

use site::{Service, quick, replacing, text, uncached};
use strongroom_core::{ErrorKind, GetOptions, Labels, NewVersion, Payload, VersionUid};
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

    /// A policy may allow reading one and not many: each is read alone then.
    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn who_may_not_read_many_at_once_reads_one_by_one() {
        let counted = Counted::new(&Service).await;
        let which = counted.hundred(&counted.engine(quick()).await).await;
        let denied = Fault::status(400).body(r#"{"__type":"AccessDeniedException"}"#);
        counted.wire.order(Order::new("POST", "/BatchGetSecretValue", denied).always());
        counted.read_all(&counted.engine(quick()).await, &which).await;
        assert_eq!(counted.wire.broken(), 5);
        counted.assert("100 reads", &[("BatchGetSecretValue", 5), ("GetSecretValue", 100)]);
    }

    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn more_updates_than_a_secret_has_labels_are_taken_without_a_pause() {
        let counted = Counted::new(&Service).await;
        let mut options = uncached();
        // More than the service can keep.
        options.history = 40;
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

    /// What counts is what AWS stores: the values as JSON, sealed and as base64.
    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn sealed_too_much_is_refused_with_both_numbers_before_any_call() {
        const LIMIT: usize = 65_536;
        let counted = Counted::new(&Service).await;
        let engine = counted.site.sealing_engine(counted.backend.clone(), uncached(), true).await;
        let secrets = counted.site.secrets(&engine);
        let create = async |length: usize| secrets.create("large", [("k", "v".repeat(length))]).await;
        // Three quarters of it, less what a sealed text begins with.
        let (fits, too_much) = (48_000, 49_200);
        let error = create(too_much).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
        let shown = error.to_string();
        let number = |name: &str| {
            let (_, rest) =
                shown.split_once(&format!("{name}: ")).unwrap_or_else(|| panic!("no {name}: {shown}"));
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<usize>().unwrap()
        };
        assert_eq!(number("limit"), LIMIT);
        assert!((LIMIT + 1..LIMIT + 1_000).contains(&number("bytes")), "{shown}");
        counted.assert("too much", &[]);
        create(fits).await.unwrap();
        assert_eq!(text(&secrets.get("large").await.unwrap(), "k").len(), fits);
    }
}
