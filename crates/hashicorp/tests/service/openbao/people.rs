//! What people do and see who use the service with its own tools.

use crate::common::service::Service;
use serde_json::{Value, json};
use strongroom_testkit::cloud::{CloudOperator as _, Watched, replacing};

strongroom_testkit::operator_suite!(Service::default(), ignore = "needs OpenBao: cargo xtask test");

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn an_unsealed_secret_is_a_plain_object() {
    let service = Service::default();
    let watched = Watched::of(&service).await;
    let update = replacing("password", "hunter2 <&> ä");
    watched.secrets().await.update(&watched.id.into(), update).await.unwrap();
    let shown: Value = serde_json::from_str(&service.value(&watched.name)).unwrap();
    assert_eq!(shown, json!({ "password": "hunter2 <&> ä" }));
}
