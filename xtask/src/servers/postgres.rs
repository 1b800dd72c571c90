//! PostgreSQL for tests.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::failure::Result;

use super::account::program;
use super::server::{DATABASE, Place, Server, USER};

/// Where Debian keeps its versions side by side, outside the path.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Nothing here is to survive a crash, so nothing waits for the disk.
const SETTINGS: [&str; 7] = [
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "shared_buffers=64MB",
    "log_min_messages=fatal",
];

/// The directory of the programs of the newest version.
///
/// # Errors
/// There is none.
pub(crate) fn find() -> Result<PathBuf> {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, programs)| programs.join("initdb").is_file())
        .max();
    newest
        .map(|(_, programs)| programs)
        .or_else(|| program("initdb").and_then(|file| file.parent().map(PathBuf::from)))
        .ok_or_else(|| "initdb is not there: install PostgreSQL".to_owned().into())
}

/// Starts one.
///
/// # Errors
/// It is not installed or does not come up, or we are interrupted.
pub(crate) fn start(place: &Place<'_>) -> Result<Server> {
    let programs = find()?;
    let data = place.path("data");
    let password = place.file("password", &place.password)?;

    let mut init = place.command(&programs.join("initdb"), "TERM")?;
    init.args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--username", USER]);
    init.arg("--pwfile").arg(password).arg("--pgdata").arg(&data);
    place.run("initdb failed", &mut init)?;

    // A fast shutdown; on SIGTERM it would wait for every client to leave.
    let (stop, end) = (Signal::INT, "INT");
    let server = |port: u16| {
        let mut command = place.command(&programs.join("postgres"), end)?;
        command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-k", "."]);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        Ok(command)
    };
    let query = |port: u16, sql: &str| {
        let mut command = place.command(&programs.join("psql"), "TERM")?;
        command.args(["--no-psqlrc", "--quiet", "--no-password", "--host=127.0.0.1", "--dbname=postgres"]);
        command.args(["--port", &port.to_string(), "--username", USER, "--command", sql]);
        command.env("PGPASSWORD", &place.password).env("PGCONNECT_TIMEOUT", "5");
        Ok(command)
    };
    // To create the database is the first thing that succeeds, and it tells that the account may.
    let ready = |port| query(port, &format!("CREATE DATABASE {DATABASE}"));
    let values = |port| vec![format!("postgres://{USER}:{}@127.0.0.1:{port}/{DATABASE}", place.password)];
    place.start(stop, server, ready, values)
}
