//! moto, which speaks the API of AWS, for tests: started by a script of ours that mends what it does otherwise.

use rustix::process::Signal;

use crate::failure::Result;
use crate::venv::Environment;

use super::server::{Place, Server};

/// With the command line of AWS, since tests look at what it sees.
pub(crate) const ENVIRONMENT: Environment =
    Environment { name: "moto-5.2.5", requirements: &["moto[server]==5.2.5", "awscli==1.46.3"] };

/// Where it is; who may write, who may do nothing, who may read, who may assume a role; that role; the command line
/// program; the file with the authority that vouches for it, which answers HTTPS on the same port.
pub(crate) const VARIABLES: [&str; 14] = [
    "STRONGROOM_TEST_AWS_ENDPOINT",
    "STRONGROOM_TEST_AWS_REGION",
    "STRONGROOM_TEST_AWS_ACCESS_KEY_ID",
    "STRONGROOM_TEST_AWS_SECRET_ACCESS_KEY",
    "STRONGROOM_TEST_AWS_DENIED_ACCESS_KEY_ID",
    "STRONGROOM_TEST_AWS_DENIED_SECRET_ACCESS_KEY",
    "STRONGROOM_TEST_AWS_READER_ACCESS_KEY_ID",
    "STRONGROOM_TEST_AWS_READER_SECRET_ACCESS_KEY",
    "STRONGROOM_TEST_AWS_ASSUMER_ACCESS_KEY_ID",
    "STRONGROOM_TEST_AWS_ASSUMER_SECRET_ACCESS_KEY",
    "STRONGROOM_TEST_AWS_ROLE_ARN",
    "STRONGROOM_TEST_AWS_EXTERNAL_ID",
    "STRONGROOM_TEST_AWS_BIN",
    "STRONGROOM_TEST_AWS_CA",
];

/// In the temporary directory, where the server finds them whoever owns the repository.
const SCRIPT: &str = include_str!("../../../tests/emulators/moto_server.py");
const POLICY: &str = include_str!("../../../crates/aws/policy.json");

/// Starts one that keeps everything in memory.
///
/// # Errors
/// It is not installed or does not come up, or we are interrupted.
pub(crate) fn start(place: &Place<'_>) -> Result<Server> {
    let programs = ENVIRONMENT.programs().ok_or_else(|| format!("{} is not installed", ENVIRONMENT.name))?;
    let python = programs.join("python");
    let script = place.file("moto_server.py", SCRIPT)?;
    let policy = place.file("policy.json", POLICY)?;
    let authority = place.path("authority.pem");
    let server = |port: u16| {
        let mut command = place.command(&python, "TERM")?;
        command.arg(&script).args(["serve", &port.to_string()]).arg(&policy).arg(&authority);
        // Not as an argument, which everybody on this machine may read.
        command.env("MOTO_SECRET", &place.password);
        Ok(command)
    };
    let ready = |port: u16| {
        let mut command = place.command(&python, "TERM")?;
        command.arg(&script).args(["ready", &port.to_string()]);
        Ok(command)
    };
    let values = |port: u16| {
        let url = format!("http://127.0.0.1:{port}");
        let program = programs.join("aws").display().to_string();
        // The script makes them.
        let fixed = |text: &str| text.to_owned();
        vec![
            url,
            fixed("eu-west-1"),
            fixed("AKIASTRONGROOMWRITER"),
            place.password.clone(),
            fixed("AKIASTRONGROOMNOBODY"),
            place.password.clone(),
            fixed("AKIASTRONGROOMREADER"),
            place.password.clone(),
            fixed("AKIASTRONGROOMASSUME"),
            place.password.clone(),
            fixed("arn:aws:iam::123456789012:role/strongroom"),
            fixed("strongroom-external-id"),
            program,
            authority.display().to_string(),
        ]
    };
    place.start(Signal::TERM, server, ready, values)
}
