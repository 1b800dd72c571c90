//! How often the service is asked, counted by a proxy in front of it.

mod site;

use futures::future::join_all;
use site::{Account, Site, quick, replacing, text, uncached};
use std::{collections::BTreeMap, sync::Arc};
use strongroom_core::{
    Backend, Context, GetOptions, SecretFilter, SecretName, SecretRef, SecretUpdate, SecretsStore as _,
};
use strongroom_engine::{Engine, EngineOptions};
use strongroom_testkit::wire::{Fault, Order, Wire};

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
            *calls.entry(named(&request.method, &request.path)).or_default() += 1;
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

/// What Google calls a call.
fn named(method: &str, path: &str) -> String {
    let versions = path.contains("/versions");
    let one = !path.ends_with("/secrets") && !path.ends_with("/versions");
    let name = match (method, path.rsplit_once(':').map(|(_, verb)| verb), versions, one) {
        ("POST", Some("addVersion"), ..) => "AddSecretVersion",
        ("GET", Some("access"), ..) => "AccessSecretVersion",
        ("POST", Some("destroy"), ..) => "DestroySecretVersion",
        ("POST", None, false, false) => "CreateSecret",
        ("GET", None, false, false) => "ListSecrets",
        ("GET", None, false, true) => "GetSecret",
        ("PATCH", None, false, true) => "UpdateSecret",
        ("DELETE", None, false, true) => "DeleteSecret",
        ("GET", None, true, false) => "ListSecretVersions",
        ("GET", None, true, true) => "GetSecretVersion",
        _ => panic!("{method} {path}"),
    };
    name.to_owned()
}

mod gcp {
    use super::*;

    #[tokio::test]
    async fn each_operation_makes_as_many_calls_as_the_table_says() {
        let counted = Counted::new().await;
        let engine = counted.engine(quick()).await;
        let secrets = counted.site.secrets(&engine);
        counted.assert("opening", &[]);

        let id = secrets.create("db", [("a", "1"), ("b", "1")]).await.unwrap().meta.id;
        counted.assert("create", &[("CreateSecret", 1), ("AddSecretVersion", 1)]);

        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "1");
        counted.assert("get, cached", &[]);

        let cold = counted.engine(quick()).await;
        assert_eq!(text(&counted.site.secrets(&cold).get("db").await.unwrap(), "a"), "1");
        counted.assert("get, cold", &[("AccessSecretVersion", 1)]);

        secrets.update(&id.into(), replacing("a", "2")).await.unwrap();
        counted.assert("replace values", &[("AddSecretVersion", 1)]);

        secrets.set("db", "b", "3").await.unwrap();
        counted.assert("patch one key, cached", &[("AddSecretVersion", 1)]);

        let cold = counted.engine(quick()).await;
        counted.site.secrets(&cold).set("db", "b", "4").await.unwrap();
        counted.assert("patch one key, cold", &[("AccessSecretVersion", 1), ("AddSecretVersion", 1)]);

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
        counted.assert("check", &[("GetSecret", 1)]);
    }

    #[tokio::test]
    async fn what_follows_in_the_background_is_bounded() {
        let counted = Counted::new().await;
        let mut options = quick();
        options.history = 2;
        let engine = counted.engine(options).await;
        let secrets = counted.site.secrets(&engine);
        let id = secrets.create("db", [("a", "1")]).await.unwrap().meta.id;
        counted.take();
        counted.site.settle(&engine).await;
        counted.assert("nothing after a create", &[]);

        let renamed = SecretUpdate::new().name(SecretName::new("renamed").unwrap());
        secrets.update(&id.into(), renamed).await.unwrap();
        counted.site.settle(&engine).await;
        counted.assert("labels after a rename", &[("GetSecret", 1), ("UpdateSecret", 1)]);

        secrets.update(&id.into(), replacing("a", "2")).await.unwrap();
        secrets.update(&id.into(), replacing("a", "3")).await.unwrap();
        counted.take();
        counted.site.settle(&engine).await;
        counted.assert("trimming", &[("GetSecretVersion", 1), ("DestroySecretVersion", 1)]);
        counted.site.assert_accounted(&*counted.backend).await;
    }

    #[tokio::test]
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
        counted.assert("1,000 reads", &[("AccessSecretVersion", 1)]);
    }

    /// Of what is not a read of a value, Google allows 600 a minute: no read of a value may be one.
    #[tokio::test]
    async fn reads_of_values_use_no_quota_but_their_own() {
        let counted = Counted::new().await;
        let engine = counted.engine(uncached()).await;
        let secrets = counted.site.secrets(&engine);
        let mut which: Vec<SecretRef> = Vec::new();
        for n in 0..100 {
            let made = secrets.create(&format!("s{n}"), [("n", n.to_string())]).await.unwrap();
            which.push(made.meta.id.into());
        }
        counted.take();
        // Metadata can no longer be read at all.
        let no_quota = || Fault::from(Fault::status(429));
        counted.wire.order(Order::new("GET", "*/secrets", no_quota()).always());
        counted.wire.order(Order::new("GET", "*/versions", no_quota()).always());
        let cx = Context::full(counted.site.identity.owner.id, "test");
        for _ in 0..10 {
            for (n, answer) in engine.get(&cx, &which, &GetOptions::new()).await.into_iter().enumerate() {
                assert_eq!(text(&answer.unwrap(), "n"), n.to_string());
            }
        }
        counted.assert("1,000 reads", &[("AccessSecretVersion", 1000)]);
    }
}
