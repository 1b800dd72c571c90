//! MariaDB for tests.

use std::path::PathBuf;

use rustix::process::Signal;

use crate::failure::Result;

use super::account::program;
use super::server::{DATABASE, Place, Server, USER};

/// Nothing here is to survive a crash, so nothing waits for the disk. Names are not looked up: an address is
/// what the account is granted for.
const SETTINGS: [&str; 11] = [
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--socket=mariadb.sock",
    "--character-set-server=utf8mb4",
    "--debug-no-sync",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-buffer-pool-size=64M",
    "--performance-schema=OFF",
    "--max-connections=300",
];

/// The programs needed.
#[derive(Debug)]
pub(crate) struct Programs {
    server: PathBuf,
    install: PathBuf,
    client: PathBuf,
}

/// Finds them.
///
/// # Errors
/// One is not there.
pub(crate) fn find() -> Result<Programs> {
    let one = |name: &str| program(name).ok_or_else(|| format!("{name} is not there: install MariaDB"));
    Ok(Programs { server: one("mariadbd")?, install: one("mariadb-install-db")?, client: one("mariadb")? })
}

/// Starts one.
///
/// # Errors
/// It is not installed or does not come up, or we are interrupted.
pub(crate) fn start(place: &Place<'_>) -> Result<Server> {
    let programs = find()?;
    let data = place.path("data");
    let password = &place.password;

    // The root of the server is for the operating system's root only, through the socket; no test needs it.
    let mut init = place.command(&programs.install, "TERM")?;
    init.args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=socket"]);
    init.arg("--skip-name-resolve").arg(joined("--datadir=", &data));
    place.run("mariadb-install-db failed", &mut init)?;

    // Run at each start, so it must not mind having been run; the server takes one statement a line.
    let account = format!("'{USER}'@'127.0.0.1'");
    let first = place.file(
        "init.sql",
        &format!(
            "CREATE DATABASE IF NOT EXISTS {DATABASE};\n\
             CREATE OR REPLACE USER {account} IDENTIFIED BY '{password}';\n\
             GRANT ALL PRIVILEGES ON *.* TO {account} WITH GRANT OPTION;\n"
        ),
    )?;

    let server = |port: u16| {
        let mut command = place.command(&programs.server, "TERM")?;
        command.args(SETTINGS).arg(format!("--port={port}")).arg(joined("--datadir=", &data));
        command.arg(joined("--init-file=", &first)).arg(joined("--pid-file=", &place.path("pid")));
        command.arg(joined("--tmpdir=", &place.path("")));
        Ok(command)
    };
    let ready = |port: u16| {
        let mut command = place.command(&programs.client, "TERM")?;
        command.args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--connect-timeout=5"]);
        command.args([&format!("--port={port}"), &format!("--user={USER}"), "--execute=SELECT 1", DATABASE]);
        command.env("MYSQL_PWD", password);
        Ok(command)
    };
    let values = |port| vec![format!("mysql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}")];
    place.start(Signal::TERM, server, ready, values)
}

fn joined(option: &str, path: &std::path::Path) -> std::ffi::OsString {
    let mut text = std::ffi::OsString::from(option);
    text.push(path);
    text
}
