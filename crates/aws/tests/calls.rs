//! How often the service is asked, counted by a proxy in front of it.

mod site;

use futures::future::join_all;
use site::{Account, Site, quick, replacing, text, uncached};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use strongroom_core::{
    Backend, Context, GetOptions, SecretFilter, SecretName, SecretRef, SecretUpdate, SecretsStore as _,
};
use strongroom_engine::{Engine, EngineOptions};
use strongroom_testkit::wire::Wire;

/// A deployment whose calls are counted.
struct Counted {
    wire: Wire,
    site: Site,
    backend: Arc<dyn Backend>,
}

impl Counted {
    async fn new() -> Self {
        let wire = Wire::to(&site::variable("ENDPOINT")).await;
        let site = Site::new().await;
        let backend = Account::new().at(&wire.url()).open(site.identity.namespace).await.unwrap();
        Self { wire, site, backend }
    }

    /// As another process would open it: nothing is cached.
    async fn engine(&self, options: EngineOptions) -> Engine {
        self.site.engine(self.backend.clone(), options).await
    }

    /// What was asked since the last look.
    fn take(&self) -> BTreeMap<String, usize> {
        let mut calls = BTreeMap::new();
        for request in self.wire.requests() {
            *calls.entry(request.path.trim_start_matches('/').to_owned()).or_default() += 1;
        }
        self.wire.forget();
        calls
    }

    #[track_caller]
    fn assert(&self, what: &str, expected: &[(&str, usize)]) {
        let expected: BTreeMap<_, _> = expected.iter().map(|(call, n)| ((*call).to_owned(), *n)).collect();
        assert_eq!(self.take(), expected, "{what}");
    }
}

mod moto {
    use super::*;

    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn each_operation_makes_as_many_calls_as_the_table_says() {
        let counted = Counted::new().await;
        let engine = counted.engine(quick()).await;
        let secrets = counted.site.secrets(&engine);
        counted.assert("opening", &[]);

        let id = secrets.create("db", [("a", "1"), ("b", "1")]).await.unwrap().meta.id;
        counted.assert("create", &[("CreateSecret", 1)]);

        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "1");
        counted.assert("get, cached", &[]);

        let cold = counted.engine(quick()).await;
        assert_eq!(text(&counted.site.secrets(&cold).get("db").await.unwrap(), "a"), "1");
        counted.assert("get, cold", &[("GetSecretValue", 1)]);

        secrets.update(&id.into(), replacing("a", "2")).await.unwrap();
        counted.assert("replace values", &[("PutSecretValue", 1)]);

        secrets.set("db", "b", "3").await.unwrap();
        counted.assert("patch one key, cached", &[("PutSecretValue", 1)]);

        let cold = counted.engine(quick()).await;
        counted.site.secrets(&cold).set("db", "b", "4").await.unwrap();
        counted.assert("patch one key, cold", &[("GetSecretValue", 1), ("PutSecretValue", 1)]);

        let cx = Context::full(counted.site.identity.owner.id, "test");
        assert_eq!(engine.list(&cx, &SecretFilter::new()).await.unwrap().items.len(), 1);
        let renamed = SecretUpdate::new().name(SecretName::new("renamed").unwrap());
        secrets.update(&id.into(), renamed).await.unwrap();
        secrets.update(&id.into(), SecretUpdate::new().private(true)).await.unwrap();
        assert_eq!(secrets.versions("renamed").await.unwrap().len(), 4);
        counted.assert("list, rename, make private, versions", &[]);

        secrets.delete("renamed").await.unwrap();
        counted.assert("delete", &[("DeleteSecret", 1)]);

        counted.backend.check().await.unwrap();
        counted.assert("check", &[("DescribeSecret", 1)]);
    }

    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn what_follows_in_the_background_is_bounded() {
        let counted = Counted::new().await;
        let mut options = quick();
        options.history = 2;
        let engine = counted.engine(options).await;
        let secrets = counted.site.secrets(&engine);
        let id = secrets.create("db", [("a", "1")]).await.unwrap().meta.id;
        counted.take();

        counted.site.settle(&engine).await;
        let first = [("DescribeSecret", 1), ("UpdateSecretVersionStage", 1), ("TagResource", 1)];
        counted.assert("labels after a create", &first);

        let renamed = SecretUpdate::new().name(SecretName::new("renamed").unwrap());
        secrets.update(&id.into(), renamed).await.unwrap();
        counted.site.settle(&engine).await;
        counted.assert("labels after a rename", &[("DescribeSecret", 1), ("TagResource", 1)]);

        secrets.update(&id.into(), replacing("a", "2")).await.unwrap();
        secrets.update(&id.into(), replacing("a", "3")).await.unwrap();
        counted.take();
        counted.site.settle(&engine).await;
        counted.assert("trimming", &[("DescribeSecret", 1), ("UpdateSecretVersionStage", 1)]);
        counted.site.assert_accounted(&*counted.backend).await;
    }

    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn a_thousand_cold_reads_of_one_secret_are_one_call() {
        let counted = Counted::new().await;
        let writer = counted.engine(quick()).await;
        counted.site.secrets(&writer).create("db", [("a", "1")]).await.unwrap();
        counted.take();

        let cold = counted.engine(quick()).await;
        let reads = (0..1000).map(|_| {
            let secrets = counted.site.secrets(&cold);
            tokio::spawn(async move { text(&secrets.get("db").await.unwrap(), "a") })
        });
        for read in join_all(reads).await {
            assert_eq!(read.unwrap(), "1");
        }
        counted.assert("1,000 reads", &[("GetSecretValue", 1)]);
    }

    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn a_hundred_cold_reads_in_one_request_are_five_calls() {
        let counted = Counted::new().await;
        let writer = counted.engine(quick()).await;
        let secrets = counted.site.secrets(&writer);
        let mut which: Vec<SecretRef> = Vec::new();
        for n in 0..100 {
            let made = secrets.create(&format!("s{n}"), [("n", n.to_string())]).await.unwrap();
            which.push(made.meta.id.into());
        }
        counted.take();
        let cx = Context::full(counted.site.identity.owner.id, "test");
        let read = |engine: Engine| {
            let (cx, which) = (cx.clone(), which.clone());
            async move { engine.get(&cx, &which, &GetOptions::new()).await }
        };
        let answers = read(counted.engine(quick()).await).await;
        for (n, answer) in answers.into_iter().enumerate() {
            assert_eq!(text(&answer.unwrap(), "n"), n.to_string());
        }
        counted.assert("100 reads", &[("BatchGetSecretValue", 5)]);

        // The bulk call answers current versions alone: what somebody moved behind our back is read by its id.
        let (object, at) = counted.site.place(made_id(&which[7])).await;
        let labels = strongroom_core::Labels::new(made_id(&which[7]), "");
        let foreign = strongroom_core::Payload::new(br#"{"n":"foreign"}"#.to_vec());
        let uid = strongroom_core::VersionUid(uuid::Uuid::new_v4());
        let version = strongroom_core::NewVersion::new(object, uid, &foreign, &labels).after(&at);
        counted.backend.put(&version).await.unwrap();
        counted.take();
        let answers = read(counted.engine(quick()).await).await;
        for (n, answer) in answers.into_iter().enumerate() {
            assert_eq!(text(&answer.unwrap(), "n"), n.to_string());
        }
        let calls = counted.take();
        let single = calls["GetSecretValue"] + calls.get("DescribeSecret").copied().unwrap_or(0);
        assert_eq!(calls["BatchGetSecretValue"], 5, "{calls:?}");
        assert!((1..=2).contains(&single), "{calls:?}");
    }

    #[tokio::test]
    #[ignore = "needs moto: cargo xtask test"]
    async fn more_updates_than_a_secret_has_labels_are_taken_without_a_pause() {
        let counted = Counted::new().await;
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
        use strongroom_testkit::wire::{Fault, Order};
        let counted = Counted::new().await;
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

fn made_id(which: &SecretRef) -> strongroom_core::SecretId {
    match which {
        SecretRef::Id(id) => *id,
        SecretRef::Name { .. } => panic!("by name"),
    }
}
