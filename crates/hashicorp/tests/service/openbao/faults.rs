//! The wire breaks during each operation, at each of its calls: once, and for as long as anybody tries.

use crate::common::{
    Account, Server,
    engine::{Deployment, text},
    server::MOUNT,
    service::Service,
    through,
};
use strongroom_testkit::wire::{Fault, Order, Wire};

strongroom_testkit::fault_suite!(Service::default(), ignore = "needs OpenBao: cargo xtask test");

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn a_twin_of_a_lost_answer_is_found_and_removed() {
    let wire = Wire::to(&Server::given().url).await;
    let section = through(&Account::new().await.with_token().await, &wire.url());
    let deployment = Deployment::new(section);
    let process = deployment.process().await;
    process.secrets().create("db", [("a", "1")]).await.unwrap();
    wire.order(Order::new("POST", &format!("/v1/{MOUNT}/data/*"), Fault::LoseAnswer));
    process.secrets().set("db", "a", "2").await.unwrap();
    // The first version, the twin, and its repeat.
    assert_eq!(process.held().await.len(), 3);
    let counted = || process.engine.stats().twins.into_values().collect::<Vec<_>>();
    assert_eq!(counted().len(), 0);
    process.assert_whole().await;
    assert_eq!(process.held().await.len(), 2);
    assert_eq!(counted(), [1]);
    assert_eq!(text(&deployment.process().await.secrets().get("db").await.unwrap(), "a"), "2");
}
