//! How often the service is asked, counted by a proxy in front of it.

mod site;

use futures::future::join_all;
use site::{Site, Vault, quick, replacing, text};
use std::{collections::BTreeMap, sync::Arc};
use strongroom_core::{
    Backend, Context, GetOptions, SecretFilter, SecretName, SecretRef, SecretUpdate, SecretsStore as _,
    settings::Setting,
};
use strongroom_engine::{Engine, EngineOptions};
use strongroom_testkit::wire::{Request, Wire};

/// A deployment whose calls are counted, those for tokens excepted.
struct Counted {
    wire: Wire,
    site: Site,
    backend: Arc<dyn Backend>,
}

impl Counted {
    async fn new(vault: Vault) -> Self {
        let wire = Wire::to(&site::variable("ENDPOINT")).await;
        let site = Site::new().await;
        let backend = vault.warm(&wire, site.identity.namespace).await;
        Self { wire, site, backend }
    }

    /// As another process would open it: nothing is cached.
    async fn engine(&self, options: EngineOptions) -> Engine {
        self.site.engine(self.backend.clone(), options).await
    }

    /// What was asked since the last look.
    fn take(&self) -> BTreeMap<&'static str, usize> {
        let mut calls = BTreeMap::new();
        for request in self.wire.requests() {
            *calls.entry(call(&request)).or_default() += 1;
        }
        self.wire.forget();
        calls
    }

    #[track_caller]
    fn assert(&self, what: &str, expected: &[(&'static str, usize)]) {
        assert_eq!(self.take(), expected.iter().copied().collect(), "{what}");
    }
}

/// What the service's documents call a request.
fn call(request: &Request) -> &'static str {
    let path: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("PUT", ["secrets", _]) => "set",
        ("PATCH", ["secrets", _, _]) => "update",
        ("GET", ["secrets"]) => "list",
        ("GET", ["secrets", _, "versions"]) => "versions",
        ("GET", ["secrets", _, _]) => "get",
        ("GET", ["secrets", _]) => "get the newest",
        ("DELETE", ["secrets", _]) => "delete",
        ("DELETE", ["deletedsecrets", _]) => "purge",
        _ => panic!("nobody asks {request:?}"),
    }
}

mod azure {
    use super::*;

    #[tokio::test]
    async fn each_operation_makes_as_many_calls_as_the_table_says() {
        let counted = Counted::new(Vault::new()).await;
        let engine = counted.engine(quick()).await;
        let secrets = counted.site.secrets(&engine);
        counted.assert("opening", &[]);

        let id = secrets.create("db", [("a", "1"), ("b", "1")]).await.unwrap().meta.id;
        counted.assert("create", &[("set", 1)]);

        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "1");
        counted.assert("get, cached", &[]);

        let cold = counted.engine(quick()).await;
        assert_eq!(text(&counted.site.secrets(&cold).get("db").await.unwrap(), "a"), "1");
        counted.assert("get, cold", &[("get", 1)]);

        secrets.update(&id.into(), replacing("a", "2")).await.unwrap();
        counted.assert("replace values", &[("set", 1)]);

        secrets.set("db", "b", "3").await.unwrap();
        counted.assert("patch one key, cached", &[("set", 1)]);

        let cold = counted.engine(quick()).await;
        counted.site.secrets(&cold).set("db", "b", "4").await.unwrap();
        counted.assert("patch one key, cold", &[("get", 1), ("set", 1)]);

        let cx = Context::full(counted.site.identity.owner.id, "test");
        assert_eq!(engine.list(&cx, &SecretFilter::new()).await.unwrap().items.len(), 1);
        let renamed = SecretUpdate::new().name(SecretName::new("renamed").unwrap());
        secrets.update(&id.into(), renamed).await.unwrap();
        secrets.update(&id.into(), SecretUpdate::new().private(true)).await.unwrap();
        assert_eq!(secrets.versions("renamed").await.unwrap().len(), 4);
        counted.assert("list, rename, make private, versions", &[]);

        secrets.delete("renamed").await.unwrap();
        counted.assert("delete", &[("delete", 1)]);

        counted.backend.check().await.unwrap();
        counted.assert("check", &[("get the newest", 1)]);
    }

    #[tokio::test]
    async fn a_deletion_with_purge_is_one_call_more() {
        let counted = Counted::new(Vault::new().with("purge", Setting::Bool(true))).await;
        let secrets = counted.site.secrets(&counted.engine(quick()).await);
        secrets.create("db", [("a", "1")]).await.unwrap();
        counted.take();
        secrets.delete("db").await.unwrap();
        counted.assert("delete", &[("delete", 1), ("purge", 1)]);
    }

    #[tokio::test]
    async fn what_follows_in_the_background_is_bounded() {
        let counted = Counted::new(Vault::new()).await;
        let mut options = quick();
        options.history = 2;
        let engine = counted.engine(options).await;
        let secrets = counted.site.secrets(&engine);
        let id = secrets.create("db", [("a", "1")]).await.unwrap().meta.id;
        counted.take();

        counted.site.settle(&engine).await;
        counted.assert("after a create", &[]);

        let renamed = SecretUpdate::new().name(SecretName::new("renamed").unwrap());
        secrets.update(&id.into(), renamed).await.unwrap();
        counted.site.settle(&engine).await;
        counted.assert("tags after a rename", &[("update", 1), ("versions", 1)]);

        secrets.update(&id.into(), replacing("a", "2")).await.unwrap();
        secrets.update(&id.into(), replacing("a", "3")).await.unwrap();
        counted.take();
        counted.site.settle(&engine).await;
        counted.assert("trimming", &[("update", 1)]);
        counted.site.assert_accounted(&*counted.backend).await;
    }

    #[tokio::test]
    async fn a_thousand_cold_reads_of_one_secret_are_one_call() {
        let counted = Counted::new(Vault::new()).await;
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
        counted.assert("1,000 reads", &[("get", 1)]);
    }

    #[tokio::test]
    async fn a_hundred_cold_reads_in_one_request_are_a_hundred_calls() {
        let counted = Counted::new(Vault::new()).await;
        let writer = counted.engine(quick()).await;
        let secrets = counted.site.secrets(&writer);
        let mut which: Vec<SecretRef> = Vec::new();
        for n in 0..100 {
            let made = secrets.create(&format!("s{n}"), [("n", n.to_string())]).await.unwrap();
            which.push(made.meta.id.into());
        }
        counted.take();
        let cx = Context::full(counted.site.identity.owner.id, "test");
        let answers = counted.engine(quick()).await.get(&cx, &which, &GetOptions::new()).await;
        for (n, answer) in answers.into_iter().enumerate() {
            assert_eq!(text(&answer.unwrap(), "n"), n.to_string());
        }
        counted.assert("100 reads", &[("get", 100)]);
    }
}
