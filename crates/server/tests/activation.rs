//! What needs a clock that can be put forward.

use secrecy::SecretString;
use std::{sync::Arc, time::Duration};
use strongroom_core::{Context, ErrorKind};
use strongroom_engine::{Engine, EngineOptions, Parts, crypto::RootKey, initialise};
use strongroom_server::identity::{Identities, NewUser};
use strongroom_sql::{
    Options, SqlCatalog,
    identities::{AccountKind, Role, Scope},
};
use strongroom_testkit::Clock;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn a_token_that_activates_an_account_is_good_for_a_week() {
    let (directory, clock) = (tempfile::tempdir().unwrap(), Clock::start());
    let url = format!("sqlite:{}", directory.path().join("strongroom.db").display());
    let catalog = SqlCatalog::open(Options::new(url, clock.clone())).await.unwrap();
    let (catalog, roots) = (Arc::new(catalog), Arc::new(RootKey::generate().unwrap()));
    let identity = initialise(&*catalog, &*roots, &*clock, "admin", None).await.unwrap();
    let parts = Parts {
        catalog: catalog.clone(),
        identity: identity.clone(),
        roots,
        env: clock.clone(),
        stores: Vec::new(),
        target: None,
        options: EngineOptions::default(),
    };
    let identities = Identities::new(catalog, Engine::open(parts).await.unwrap(), DAY);
    let cx = Context::full(identity.owner.id, "test");
    let password = || SecretString::from("correct horse battery");
    let eva = NewUser {
        name: "eva".into(),
        full_name: String::new(),
        kind: AccountKind::User,
        role: Role::Reader,
        scope: Scope::All,
        description: String::new(),
        email: None,
        password: None,
        active: true,
    };
    let (mut account, token) = identities.create_account(&cx, eva).await.unwrap();
    let mut token = token.unwrap();

    clock.skip(DAY * 7 + Duration::from_secs(1));
    let refused = identities.activate(&cx, &account, &token, password()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    (account, token) = identities.deactivate(&cx, &account).await.unwrap();
    clock.skip(DAY * 7 - Duration::from_secs(60));
    assert!(identities.activate(&cx, &account, &token, password()).await.unwrap().active);
}
