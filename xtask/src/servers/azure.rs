//! The emulator of Azure Key Vault as a program. Tests have one of their own unless these variables are set.

use rustix::process::Signal;

use crate::failure::Result;

use super::server::{Place, Server};

/// The package with the program.
pub(crate) const PACKAGE: &str = "strongroom-emulator-azure";

/// Where it is, and who gives tokens; the tenant; who has the role, may do nothing, has the role and may purge, may do
/// everything, and who has the role and shows an assertion; the secret of all but the last; that assertion; the file
/// with the authority that vouches for it, which answers HTTPS on the same port.
pub(crate) const VARIABLES: [&str; 11] = [
    "STRONGROOM_TEST_AZURE_ENDPOINT",
    "STRONGROOM_TEST_AZURE_AUTHORITY",
    "STRONGROOM_TEST_AZURE_TENANT_ID",
    "STRONGROOM_TEST_AZURE_CLIENT_ID",
    "STRONGROOM_TEST_AZURE_DENIED_CLIENT_ID",
    "STRONGROOM_TEST_AZURE_PURGER_CLIENT_ID",
    "STRONGROOM_TEST_AZURE_OPERATOR_CLIENT_ID",
    "STRONGROOM_TEST_AZURE_FEDERATED_CLIENT_ID",
    "STRONGROOM_TEST_AZURE_CLIENT_SECRET",
    "STRONGROOM_TEST_AZURE_ASSERTION",
    "STRONGROOM_TEST_AZURE_CA",
];

/// In the temporary directory, where the program finds it whoever owns the repository.
const ROLE: &str = include_str!("../../../crates/azure/role.json");

/// Starts one.
///
/// # Errors
/// It cannot be built or does not come up, or we are interrupted.
pub(crate) fn start(place: &Place<'_>) -> Result<Server> {
    let program = place.built(PACKAGE)?;
    let role = place.file("role.json", ROLE)?;
    let authority = place.path("authority.pem");
    let server = |port: u16| {
        let mut command = place.command(&program, "TERM")?;
        command.args(["serve", &port.to_string()]).arg(&role).arg(&authority);
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
        let url = format!("http://127.0.0.1:{port}");
        // The program knows them.
        let fixed = |text: &str| text.to_owned();
        vec![
            url.clone(),
            url,
            fixed("11111111-2222-3333-4444-555555555555"),
            fixed("a0000000-0000-0000-0000-000000000000"),
            fixed("b0000000-0000-0000-0000-000000000000"),
            fixed("c0000000-0000-0000-0000-000000000000"),
            fixed("d0000000-0000-0000-0000-000000000000"),
            fixed("f0000000-0000-0000-0000-000000000000"),
            place.password.clone(),
            format!("assertion-{}", place.password),
            authority.display().to_string(),
        ]
    };
    place.start(Signal::TERM, server, ready, values)
}
