//! Microsoft's own libraries for Python: tests look at what they see of the emulator or of Azure.

use crate::failure::Result;
use crate::venv::Environment;

use super::server::Server;

/// The client, and what logs it in.
pub(crate) const ENVIRONMENT: Environment = Environment {
    name: "azure-keyvault-4.12.0",
    requirements: &["azure-keyvault-secrets==4.12.0", "azure-identity==1.27.0"],
};

/// A Python with them.
pub(crate) const VARIABLES: [&str; 1] = ["STRONGROOM_TEST_AZURE_PYTHON"];

/// Nothing runs: tests start it themselves.
///
/// # Errors
/// It is not installed.
pub(crate) fn start() -> Result<Server> {
    ENVIRONMENT.python().map(|python| Server::given(vec![python]))
}
