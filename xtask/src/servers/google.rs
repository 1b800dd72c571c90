//! Google's own library for Python: tests look at what it sees of the emulator or of Google Cloud.

use crate::failure::Result;
use crate::venv::Environment;

use super::server::Server;

/// The library, and what it needs to speak REST.
pub(crate) const ENVIRONMENT: Environment = Environment {
    name: "gcp-2.32.0",
    requirements: &["google-cloud-secret-manager==2.32.0", "requests==2.34.2"],
};

/// A Python with it.
pub(crate) const VARIABLES: [&str; 1] = ["STRONGROOM_TEST_GCP_PYTHON"];

/// Nothing runs: tests start it themselves.
///
/// # Errors
/// It is not installed.
pub(crate) fn start() -> Result<Server> {
    ENVIRONMENT.python().map(|python| Server::given(vec![python]))
}
