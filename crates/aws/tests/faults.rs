//! The wire breaks, in every way, at every call of every operation.

mod site;

use site::Service;

mod moto {
    use super::*;

    strongroom_testkit::fault_suite!(Service, ignore = "needs moto: cargo xtask test");
}
