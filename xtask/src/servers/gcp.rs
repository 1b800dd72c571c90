//! The emulator of Google Cloud Secret Manager as a program. Tests have one of their own unless these variables are set.

use rustix::process::Signal;

use crate::failure::Result;

use super::server::{Place, Server};

/// The package with the program.
pub(crate) const PACKAGE: &str = "strongroom-emulator-gcp";

/// Where it is; the project; tokens of who may write, of an operator, and of who may do nothing; the folder with
/// credentials files.
pub(crate) const VARIABLES: [&str; 6] = [
    "STRONGROOM_TEST_GCP_ENDPOINT",
    "STRONGROOM_TEST_GCP_PROJECT",
    "STRONGROOM_TEST_GCP_ACCESS_TOKEN",
    "STRONGROOM_TEST_GCP_OPERATOR_ACCESS_TOKEN",
    "STRONGROOM_TEST_GCP_DENIED_ACCESS_TOKEN",
    "STRONGROOM_TEST_GCP_CREDENTIALS",
];

/// In the temporary directory, where the program finds it whoever owns the repository.
const ROLE: &str = include_str!("../../../crates/gcp/role.json");

/// Starts one.
///
/// # Errors
/// It cannot be built or does not come up, or we are interrupted.
pub(crate) fn start(place: &Place<'_>) -> Result<Server> {
    let program = place.built(PACKAGE)?;
    let role = place.file("role.json", ROLE)?;
    let credentials = place.path("credentials");
    let server = |port: u16| {
        let mut command = place.command(&program, "TERM")?;
        command.args(["serve", &port.to_string()]).arg(&role).arg(&credentials);
        // Not as an argument, which everybody on this machine may read.
        command.env("EMULATOR_SECRET", &place.password);
        Ok(command)
    };
    let ready = |port: u16| {
        let mut command = place.command(&program, "TERM")?;
        command.args(["ready", &port.to_string()]);
        Ok(command)
    };
    let values = |port: u16| {
        vec![
            format!("http://127.0.0.1:{port}"),
            // The program has no other.
            "strongroom-test".to_owned(),
            format!("writer-{}", place.password),
            format!("operator-{}", place.password),
            format!("nobody-{}", place.password),
            credentials.display().to_string(),
        ]
    };
    place.start(Signal::TERM, server, ready, values)
}
