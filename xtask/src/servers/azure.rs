//! A stand-in for Azure Key Vault and Entra ID, for tests: a script of ours, and Microsoft's own client beside it.

use rustix::process::Signal;

use crate::failure::Result;
use crate::venv::Environment;

use super::server::{Place, Server};

/// Microsoft's client for Python, since tests look at what it sees. What the script itself needs comes with it.
pub(crate) const ENVIRONMENT: Environment = Environment {
    name: "azure-keyvault-4.12.0",
    requirements: &["azure-keyvault-secrets==4.12.0", "azure-identity==1.27.0"],
};

/// Where it is, and who gives tokens; the tenant; who may do everything, nothing, everything but purge, and whoever shows an assertion; the
/// secret of the first three; that assertion; the file with the authority that vouches for it, which answers HTTPS on
/// the same port; the interpreter and the script with which an operator works on it.
pub(crate) const VARIABLES: [&str; 12] = [
    "STRONGROOM_TEST_AZURE_ENDPOINT",
    "STRONGROOM_TEST_AZURE_AUTHORITY",
    "STRONGROOM_TEST_AZURE_TENANT_ID",
    "STRONGROOM_TEST_AZURE_CLIENT_ID",
    "STRONGROOM_TEST_AZURE_DENIED_CLIENT_ID",
    "STRONGROOM_TEST_AZURE_KEEPER_CLIENT_ID",
    "STRONGROOM_TEST_AZURE_FEDERATED_CLIENT_ID",
    "STRONGROOM_TEST_AZURE_CLIENT_SECRET",
    "STRONGROOM_TEST_AZURE_ASSERTION",
    "STRONGROOM_TEST_AZURE_CA",
    "STRONGROOM_TEST_AZURE_PYTHON",
    "STRONGROOM_TEST_AZURE_SCRIPT",
];

/// In the temporary directory, where the server finds it whoever owns the repository.
const SCRIPT: &str = include_str!("../../../tests/emulators/azure_server.py");

/// Starts one that keeps everything in memory.
///
/// # Errors
/// It is not installed or does not come up, or we are interrupted.
pub(crate) fn start(place: &Place<'_>) -> Result<Server> {
    let programs = ENVIRONMENT.programs().ok_or_else(|| format!("{} is not installed", ENVIRONMENT.name))?;
    let python = programs.join("python");
    let script = place.file("azure_server.py", SCRIPT)?;
    let authority = place.path("authority.pem");
    let server = |port: u16| {
        let mut command = place.command(&python, "TERM")?;
        command.arg(&script).args(["serve", &port.to_string()]).arg(&authority);
        // Not as an argument, which everybody on this machine may read.
        command.env("AZURE_SECRET", &place.password);
        Ok(command)
    };
    let ready = |port: u16| {
        let mut command = place.command(&python, "TERM")?;
        command.arg(&script).args(["ready", &port.to_string()]);
        Ok(command)
    };
    let values = |port: u16| {
        let url = format!("http://127.0.0.1:{port}");
        // The script knows them.
        let fixed = |text: &str| text.to_owned();
        vec![
            url.clone(),
            url,
            fixed("11111111-2222-3333-4444-555555555555"),
            fixed("a0000000-0000-0000-0000-000000000000"),
            fixed("b0000000-0000-0000-0000-000000000000"),
            fixed("c0000000-0000-0000-0000-000000000000"),
            fixed("f0000000-0000-0000-0000-000000000000"),
            place.password.clone(),
            fixed("strongroom-assertion"),
            authority.display().to_string(),
            python.display().to_string(),
            script.display().to_string(),
        ]
    };
    place.start(Signal::TERM, server, ready, values)
}
