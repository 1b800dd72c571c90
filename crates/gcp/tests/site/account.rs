//! Ways to be configured for the project that tests use.

use super::variable;
use strongroom_gcp::PLUGIN;
use strongroom_testkit::cloud::Section;

/// The project, with credentials that have the role of the README and no more.
pub(crate) fn account() -> Section {
    without_credentials().text("access_token", &variable("ACCESS_TOKEN"))
}

/// The same with no credentials.
pub(crate) fn without_credentials() -> Section {
    bare().text("project", &variable("PROJECT")).text("endpoint", &variable("ENDPOINT"))
}

/// One of which nothing is said yet.
pub(crate) fn bare() -> Section {
    Section::of(PLUGIN)
}
