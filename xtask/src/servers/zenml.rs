//! ZenML, its client and its server, for tests.

use std::path::PathBuf;

use rustix::process::Signal;

use crate::failure::Result;
use crate::venv::Environment;

use super::server::{Place, Server, USER};

/// The release that the contract was taken from.
pub(crate) const ENVIRONMENT: Environment =
    Environment { name: "zenml-0.98.0", requirements: &["zenml[server]==0.98.0"] };

/// The directory of its programs, its server's address and the name and password of its admin.
pub(crate) const VARIABLES: [&str; 4] = [
    "STRONGROOM_TEST_ZENML_BIN",
    "STRONGROOM_TEST_ZENML_URL",
    "STRONGROOM_TEST_ZENML_USERNAME",
    "STRONGROOM_TEST_ZENML_PASSWORD",
];

/// Asks whether the server is up, with nothing but what is in the environment.
const READY: &str = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5)";

/// Starts one on an empty SQLite database.
///
/// # Errors
/// It is not installed or does not come up, or we are interrupted.
pub(crate) fn start(place: &Place<'_>) -> Result<Server> {
    let programs: PathBuf =
        ENVIRONMENT.programs().ok_or_else(|| format!("{} is not installed", ENVIRONMENT.name))?;
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let server = |port: u16| {
        let mut command = place.command(&programs.join("uvicorn"), "TERM")?;
        command.args(["zenml.zen_server.zen_server_api:app", "--host=127.0.0.1", "--no-access-log"]);
        command.arg(format!("--port={port}"));
        command
            .env("ZENML_SERVER", "true")
            .env("ZENML_SERVER_DEPLOYMENT_TYPE", "other")
            .env("ZENML_SERVER_AUTO_ACTIVATE", "true")
            .env("ZENML_DEFAULT_USER_NAME", USER)
            .env("ZENML_DEFAULT_USER_PASSWORD", &place.password)
            .env("ZENML_STORE_TYPE", "sql")
            .env("ZENML_STORE_URL", format!("sqlite:///{}", place.path("zenml.db").display()))
            .env("ZENML_CONFIG_PATH", place.path("config"))
            // Nothing is to leave this machine.
            .env("ZENML_ANALYTICS_OPT_IN", "false");
        Ok(command)
    };
    let ready = |port: u16| {
        let mut command = place.command(&programs.join("python"), "TERM")?;
        command.args(["-c", READY, &format!("{}/health", url(port))]);
        Ok(command)
    };
    let values =
        |port| vec![programs.display().to_string(), url(port), USER.to_owned(), place.password.clone()];
    place.start(Signal::TERM, server, ready, values)
}
