//! How many calls each operation costs.

use crate::common::service::Service;
use strongroom_testkit::cloud::{Counted, quick};

strongroom_testkit::call_suite!(Service::default(), ignore = "needs OpenBao: cargo xtask test");

#[tokio::test]
#[ignore = "needs OpenBao: cargo xtask test"]
async fn scanning_an_object_costs_what_the_readme_says() {
    let service = Service::default();
    let counted = Counted::new(&service).await;
    let engine = counted.engine(quick()).await;
    counted.site.secrets(&engine).create("db", [("a", "1")]).await.unwrap();
    counted.wire.forget();
    counted.backend.scan(None, None).await.unwrap();
    counted.assert("scanning one object", &[("list", 1), ("describe", 1)]);
}
