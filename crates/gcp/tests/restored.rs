//! A database that knows less than the service holds.

mod site;

use site::Service;

mod gcp {
    use super::*;

    strongroom_testkit::restored_suite!(Service);
}
