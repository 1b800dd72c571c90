//! How many calls each operation costs.

use crate::common::{
    Account, Server,
    engine::{Deployment, Process, kind, text},
    server::MOUNT,
    through,
};
use std::sync::Arc;
use strongroom_core::{
    GetOptions, SecretFilter, SecretName, SecretRef, SecretUpdate, SecretValues, SecretsStore as _,
    ValuesChange,
};
use strongroom_testkit::wire::Wire;

struct Counted {
    wire: Wire,
    deployment: Deployment,
}

impl Counted {
    async fn new() -> Self {
        let account = Account::new().await;
        let wire = Wire::to(&Server::given().url).await;
        let section = through(&account.with_token().await, &wire.url());
        Self { wire, deployment: Deployment::new(section, false) }
    }

    /// With an empty cache, and logged in.
    async fn process(&self) -> Process {
        let process = self.deployment.process().await;
        process.backend.check().await.unwrap();
        self.wire.forget();
        process
    }

    /// The calls since the last time, logins and what belongs to them aside.
    fn calls(&self) -> usize {
        let requests = self.wire.requests();
        self.wire.forget();
        requests.iter().filter(|request| !request.path.starts_with("/v1/auth/")).count()
    }
}

fn values(pairs: &[(&str, &str)]) -> SecretValues {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn patch(key: &str, value: &str) -> SecretUpdate {
    SecretUpdate::new().values(ValuesChange::Merge(vec![(key.to_owned(), Some(value.into()))]))
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn each_operation_costs_what_the_readme_says() {
    let counted = Counted::new().await;
    let opened = counted.deployment.process().await;
    assert_eq!(counted.calls(), 0, "opening");
    opened.engine.check().await.unwrap();
    assert_eq!(counted.calls(), 1, "start-up");

    let process = counted.process().await;
    let secrets = process.secrets();
    let which = SecretRef::Id(secrets.create("db", [("a", "1"), ("b", "2")]).await.unwrap().meta.id);
    assert_eq!(counted.calls(), 2, "create");
    secrets.get("db").await.unwrap();
    assert_eq!(counted.calls(), 0, "get, cached");
    secrets
        .update(&which, SecretUpdate::new().values(ValuesChange::Replace(values(&[("a", "3")]))))
        .await
        .unwrap();
    assert_eq!(counted.calls(), 1, "replace");
    secrets.update(&which, patch("b", "4")).await.unwrap();
    assert_eq!(counted.calls(), 1, "patch, cached");

    let cold = counted.process().await.secrets();
    assert_eq!(text(&cold.get("db").await.unwrap(), "b"), "4");
    assert_eq!(counted.calls(), 1, "get, cold");
    let cold = counted.process().await.secrets();
    cold.update(&which, patch("b", "5")).await.unwrap();
    assert_eq!(counted.calls(), 2, "patch, cold");

    secrets.list(&SecretFilter::new()).await.unwrap();
    secrets.update(&which, SecretUpdate::new().name(SecretName::new("new").unwrap())).await.unwrap();
    secrets.update(&which, SecretUpdate::new().private(true)).await.unwrap();
    assert_eq!(counted.calls(), 0, "list, rename, change private");
    secrets.delete("new").await.unwrap();
    assert_eq!(counted.calls(), 1, "delete");
    assert!(kind(secrets.get("new").await).is_some());
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn what_is_done_in_the_background_costs_what_the_readme_says() {
    let counted = Counted::new().await;
    let process = counted.process().await;
    let secrets = process.secrets();
    let which = SecretRef::Id(secrets.create("db", [("a", "1")]).await.unwrap().meta.id);
    let (object, at) = process.place(&which).await;
    secrets.set("db", "a", "2").await.unwrap();
    counted.calls();
    process.backend.remove(object, &at).await.unwrap();
    assert_eq!(counted.calls(), 2, "removing a version");
    process.backend.scan(None, None).await.unwrap();
    assert_eq!(counted.calls(), 2, "scanning one object");
    let renamed = SecretUpdate::new().name(SecretName::new("new").unwrap());
    secrets.update(&which, renamed).await.unwrap();
    process.engine.sweep().await.unwrap();
    assert_eq!(counted.wire.count("PATCH", &format!("/v1/{MOUNT}/metadata/*")), 1, "re-tagging");
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_thousand_cold_reads_of_one_secret_are_one_call() {
    let counted = Counted::new().await;
    counted.process().await.secrets().create("db", [("a", "1")]).await.unwrap();
    let secrets = Arc::new(counted.process().await.secrets());
    let reads = (0..1000).map(|_| {
        let secrets = secrets.clone();
        async move { text(&secrets.get("db").await.unwrap(), "a") }
    });
    assert!(futures::future::join_all(reads).await.iter().all(|value| value == "1"));
    assert_eq!(counted.calls(), 1);
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_hundred_cold_secrets_are_a_hundred_calls() {
    let counted = Counted::new().await;
    let process = counted.process().await;
    let mut which = Vec::new();
    for n in 0..100 {
        which.push(SecretRef::Id(
            process.secrets().create(&format!("s{n}"), [("a", "1")]).await.unwrap().meta.id,
        ));
    }
    let process = counted.process().await;
    let read = process.engine.get(&process.context(), &which, &GetOptions::new()).await;
    assert!(read.iter().all(Result::is_ok));
    assert_eq!(counted.calls(), 100);
}
