//! How often the service is asked, counted by a proxy in front of it.

mod site;

use site::{Service, uncached};
use strongroom_testkit::{
    cloud::Counted,
    wire::{Fault, Order},
};

mod gcp {
    use super::*;

    strongroom_testkit::call_suite!(Service);

    /// Of what is not a read of a value, Google allows 600 a minute: no read of a value may be one.
    #[tokio::test]
    async fn reads_of_values_use_no_quota_but_their_own() {
        let counted = Counted::new(&Service).await;
        let engine = counted.engine(uncached()).await;
        let which = counted.hundred(&engine).await;
        // Metadata can no longer be read at all.
        let no_quota = || Fault::from(Fault::status(429));
        counted.wire.order(Order::new("GET", "*/secrets", no_quota()).always());
        counted.wire.order(Order::new("GET", "*/versions", no_quota()).always());
        for _ in 0..10 {
            counted.read_all(&engine, &which).await;
        }
        counted.assert("1,000 reads", &[("AccessSecretVersion", 1000)]);
    }
}
