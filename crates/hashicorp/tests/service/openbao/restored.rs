//! A database that knows less than the service holds.

use crate::common::service::Service;

strongroom_testkit::restored_suite!(Service::default(), ignore = "needs OpenBao: cargo xtask test");
