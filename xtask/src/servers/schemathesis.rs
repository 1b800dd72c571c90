//! schemathesis, which makes requests up from a description of an API: no server, but programs that a test starts.

use crate::failure::Result;
use crate::venv::Environment;

use super::server::Server;

/// The release that the test's options are for.
pub(crate) const ENVIRONMENT: Environment =
    Environment { name: "schemathesis-4.32.5", requirements: &["schemathesis==4.32.5"] };

/// The directory of its programs.
pub(crate) const VARIABLES: [&str; 1] = ["STRONGROOM_TEST_SCHEMATHESIS_BIN"];

/// Names it; there is nothing to start.
///
/// # Errors
/// It is not installed.
pub(crate) fn start() -> Result<Server> {
    let programs = ENVIRONMENT.programs().ok_or_else(|| format!("{} is not installed", ENVIRONMENT.name))?;
    Ok(Server::given(vec![programs.display().to_string()]))
}
