//! No version that the catalog names is pushed out by those that it does not.

use crate::common::{
    Account, Server,
    engine::{Deployment, text},
    server::MOUNT,
    service::Service,
    through,
};
use strongroom_core::{GetOptions, SecretRef};
use strongroom_testkit::{
    cloud::faults::no_committed_version_falls_out,
    wire::{Fault, Order, Wire},
};

/// More versions than a key's `max_versions` has at first.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn lost_races_and_abandoned_puts_push_no_committed_version_out() {
    no_committed_version_falls_out(&Service::default(), 100, 180).await;
}

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_long_history_survives_two_twins_for_each_version() {
    // Of so many versions, with their twins more than a key keeps at first.
    const HISTORY: u32 = 75;
    let account = Account::new().await;
    let wire = Wire::to(&Server::given().url).await;
    let section = through(&account.with_token().await, &wire.url());
    let deployment = Deployment::new(section.clone()).history(HISTORY);
    let process = deployment.process().await;
    let secrets = process.secrets();
    let secret = secrets.create("db", [("a", "0")]).await.unwrap();
    let mut revisions = vec![secret.meta.revision];
    for n in 1..HISTORY {
        // The first one writes, and so does the third, which knows the number that the second was refused for.
        let lost = || Order::new("POST", &format!("/v1/{MOUNT}/data/*"), Fault::LoseAnswer);
        wire.order(lost());
        wire.order(lost().skip(1));
        revisions.push(secrets.set("db", "a", n.to_string()).await.unwrap().revision);
    }
    let reader = deployment.process().await.secrets();
    for (n, revision) in revisions.iter().enumerate() {
        let read = reader.get_ref(&SecretRef::Id(secret.meta.id), &GetOptions::new().as_of(*revision)).await;
        assert_eq!(text(&read.unwrap(), "a"), n.to_string());
    }
    let (object, _) = process.place(&SecretRef::Id(secret.meta.id)).await;
    let key = account.server.metadata(&account.key(process.namespace(), object)).await;
    assert_eq!(key["current_version"], 1 + (HISTORY - 1) * 3);
    process.assert_whole().await;
}
