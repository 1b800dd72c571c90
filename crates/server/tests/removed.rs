//! What an account that was removed meanwhile makes.

use std::sync::Arc;
use strongroom_core::{Context, ErrorKind, NewSecret, OwnerId, SecretName, SecretsStore as _};
use strongroom_engine::{Engine, EngineOptions, Parts, crypto::RootKey, initialise};
use strongroom_sql::{Options, SqlCatalog};
use strongroom_testkit::Clock;
use uuid::Uuid;

#[tokio::test]
async fn an_account_that_is_not_there_any_more_makes_no_secret() {
    let (directory, clock) = (tempfile::tempdir().unwrap(), Clock::start());
    let url = format!("sqlite:{}", directory.path().join("strongroom.db").display());
    let catalog = SqlCatalog::open(Options::new(url, clock.clone())).await.unwrap();
    let (catalog, roots) = (Arc::new(catalog), Arc::new(RootKey::generate().unwrap()));
    let identity = initialise(&*catalog, &*roots, &*clock, "admin", None).await.unwrap();
    let own = Context::full(identity.owner.id, "test");
    let engine = Engine::open(Parts {
        catalog: catalog.clone(),
        identity,
        roots,
        env: clock,
        stores: Vec::new(),
        target: None,
        options: EngineOptions::default(),
    })
    .await
    .unwrap();
    let new = |name: &str| {
        NewSecret::new(SecretName::new(name).unwrap(), [("a", "1")].into_iter().collect()).private(true)
    };
    let stranger = || Context::full(OwnerId(Uuid::new_v4()), "test");
    // Of programs with accounts of their own the database hears just then.
    engine.create(&stranger(), new("embedded")).await.unwrap();
    catalog.know_owners();
    let refused = engine.create(&stranger(), new("removed")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied, "{refused}");
    engine.create(&own, new("own")).await.unwrap();
}
