//! How often the service is asked, counted by a proxy in front of it.

mod site;

use site::{Service, purging, quick, vault};
use strongroom_testkit::cloud::Counted;

mod azure {
    use super::*;

    strongroom_testkit::call_suite!(Service::new());

    #[tokio::test]
    async fn a_deletion_with_purge_is_one_call_more() {
        let service = Service::of(purging(vault()));
        let counted = Counted::new(&service).await;
        let engine = counted.engine(quick()).await;
        let secrets = counted.site.secrets(&engine);
        secrets.create("db", [("a", "1")]).await.unwrap();
        counted.wire.forget();
        secrets.delete("db").await.unwrap();
        counted.assert("delete", &[("delete", 1), ("purge", 1)]);
        let costs: Vec<_> = engine.stats().calls.into_values().map(|calls| calls.cost).collect();
        assert_eq!(costs, [Some(6_000), Some(3_000)], "deleting, putting");
    }
}
