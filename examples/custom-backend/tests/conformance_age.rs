//! The back-end keeps every promise, and a whole store over it does, too.

mod common;

mod age {
    use super::common::Subject;
    use strongroom_testkit::backend_suite;

    backend_suite!(Subject::new());
}

mod sealed {
    use super::common::Subject;
    use strongroom_testkit::{OverBackend, store_suite};

    store_suite!(OverBackend::sealed(Subject::new()));
}

mod plain {
    use super::common::Subject;
    use strongroom_testkit::{OverBackend, store_suite};

    store_suite!(OverBackend::plain(Subject::new()));
}
