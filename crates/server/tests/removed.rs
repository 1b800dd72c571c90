//! What an account that was removed meanwhile makes.

mod site;

use site::Site;
use strongroom_core::{Context, ErrorKind, NewSecret, OwnerId, SecretName, SecretsStore as _};
use uuid::Uuid;

#[tokio::test]
async fn an_account_that_is_not_there_any_more_makes_no_secret() {
    let Site { catalog, engine, cx: own, .. } = &Site::new().await;
    let new = |name: &str| {
        NewSecret::new(SecretName::new(name).unwrap(), [("a", "1")].into_iter().collect()).private(true)
    };
    let stranger = || Context::full(OwnerId(Uuid::new_v4()), "test");
    // Of programs with accounts of their own the database hears just then.
    engine.create(&stranger(), new("embedded")).await.unwrap();
    catalog.know_owners();
    let refused = engine.create(&stranger(), new("removed")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied, "{refused}");
    engine.create(own, new("own")).await.unwrap();
}
