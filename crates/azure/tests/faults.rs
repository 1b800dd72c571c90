//! The wire breaks, in every way, at every call of every operation.

mod site;

use site::Service;

mod azure {
    use super::*;

    strongroom_testkit::fault_suite!(Service::new());
}
