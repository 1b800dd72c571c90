//! A database that knows less than the service holds.

mod site;

use site::Service;

mod moto {
    use super::*;

    strongroom_testkit::restored_suite!(Service, ignore = "needs moto: cargo xtask test");
}
