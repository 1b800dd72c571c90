//! What needs a clock that can be put forward.

mod site;

use secrecy::SecretString;
use site::Site;
use std::time::Duration;
use strongroom_core::ErrorKind;
use strongroom_server::identity::{Identities, NewUser};
use strongroom_sql::identities::{AccountKind, Role, Scope};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn a_token_that_activates_an_account_is_good_for_a_week() {
    let site = Site::new().await;
    let (clock, cx) = (&site.clock, &site.cx);
    let identities = Identities::new(site.catalog.clone(), site.engine.clone(), DAY);
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
    let (mut account, token) = identities.create_account(cx, eva).await.unwrap();
    let mut token = token.unwrap();

    clock.skip(DAY * 7 + Duration::from_secs(1));
    let refused = identities.activate(cx, &account, &token, password()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    (account, token) = identities.deactivate(cx, &account).await.unwrap();
    clock.skip(DAY * 7 - Duration::from_secs(60));
    assert!(identities.activate(cx, &account, &token, password()).await.unwrap().active);
}
