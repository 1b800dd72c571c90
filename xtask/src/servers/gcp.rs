//! What stands for Google Cloud Secret Manager in tests: scripts of ours.

use rustix::process::Signal;

use crate::failure::Result;
use crate::venv::Environment;

use super::server::{Place, Server};

/// With Google's own library, since tests look at what it sees; the scripts use what it brings along.
pub(crate) const ENVIRONMENT: Environment = Environment {
    name: "gcp-2.32.0",
    requirements: &["google-cloud-secret-manager==2.32.0", "cryptography==50.0.2", "requests==2.34.2"],
};

/// Where it is; the project; tokens of who may write, of an operator, and of who may do nothing; the folder with
/// credentials files; a Python with Google's library.
pub(crate) const VARIABLES: [&str; 7] = [
    "STRONGROOM_TEST_GCP_ENDPOINT",
    "STRONGROOM_TEST_GCP_PROJECT",
    "STRONGROOM_TEST_GCP_ACCESS_TOKEN",
    "STRONGROOM_TEST_GCP_OPERATOR_ACCESS_TOKEN",
    "STRONGROOM_TEST_GCP_DENIED_ACCESS_TOKEN",
    "STRONGROOM_TEST_GCP_CREDENTIALS",
    "STRONGROOM_TEST_GCP_PYTHON",
];

/// In the temporary directory, where the server finds them whoever owns the repository.
const SCRIPT: &str = include_str!("../../../tests/emulators/gcp_server.py");
const RULES: &str = include_str!("../../../tests/emulators/gcp_secrets.py");
const ROLE: &str = include_str!("../../../crates/gcp/role.json");

/// Starts one that keeps everything in memory.
///
/// # Errors
/// It is not installed or does not come up, or we are interrupted.
pub(crate) fn start(place: &Place<'_>) -> Result<Server> {
    let programs = ENVIRONMENT.programs().ok_or_else(|| format!("{} is not installed", ENVIRONMENT.name))?;
    let python = programs.join("python");
    let script = place.file("gcp_server.py", SCRIPT)?;
    place.file("gcp_secrets.py", RULES)?;
    let role = place.file("role.json", ROLE)?;
    let credentials = place.path("credentials");
    let server = |port: u16| {
        let mut command = place.command(&python, "TERM")?;
        command.arg(&script).args(["serve", &port.to_string()]).arg(&role).arg(&credentials);
        // Not as an argument, which everybody on this machine may read.
        command.env("GCP_SECRET", &place.password);
        Ok(command)
    };
    let ready = |port: u16| {
        let mut command = place.command(&python, "TERM")?;
        command.arg(&script).args(["ready", &port.to_string()]);
        Ok(command)
    };
    let values = |port: u16| {
        vec![
            format!("http://127.0.0.1:{port}"),
            // The script makes them.
            "strongroom-test".to_owned(),
            format!("writer-{}", place.password),
            format!("operator-{}", place.password),
            format!("nobody-{}", place.password),
            credentials.display().to_string(),
            python.display().to_string(),
        ]
    };
    place.start(Signal::TERM, server, ready, values)
}
