//! The command line over a server: the same commands, the same output, the same exit codes.

mod accounts;
mod commands;
mod leaks;
mod login;

use crate::support::Home;
use std::{
    fs::File,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

const PASSWORD: &str = "first-Admin-password";

/// A server over its own home's database, and what it logs.
struct Server {
    pub(super) home: Home,
    child: Child,
    pub(super) url: String,
}

impl Server {
    pub(super) fn start() -> Self {
        Self::over(Home::new())
    }

    pub(super) fn over(home: Home) -> Self {
        let log = File::create(home.path("server.log")).unwrap();
        let mut command = home.command(["serve", "--listen", "127.0.0.1:0"]);
        command
            .env("STRONGROOM_ADMIN_PASSWORD", PASSWORD)
            .env("STRONGROOM_LOG", "trace")
            .env("RUST_LOG", "trace");
        let child = command.stderr(Stdio::from(log)).spawn().unwrap();
        let mut server = Self { url: String::new(), home, child };
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let log = std::fs::read_to_string(server.home.path("server.log")).unwrap();
            if let Some(line) = log.lines().find_map(|line| line.strip_prefix("listening on ")) {
                server.url = line.to_owned();
                return server;
            }
            assert!(Instant::now() < end, "it does not listen: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A key of a new account, made on the database beside the server.
    pub(super) fn key(&self, name: &str, role: &str) -> String {
        self.home.ok(["service-account", "create", name, "--role", role]);
        self.home.ok(["api-key", "create", name]).trim().to_owned()
    }

    /// A home that is logged in as the admin.
    pub(super) fn admin(&self) -> Home {
        let home = Home::new();
        let ended = home.run_with(PASSWORD, ["login", &self.url, "--username", "admin", "--password-stdin"]);
        assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (0, "", ""));
        home
    }

    /// A home that is logged in with this key.
    pub(super) fn with_key(&self, key: &str) -> Home {
        let home = Home::new();
        let ended = home.run_with(format!("{key}\n"), ["login", &self.url, "--api-key-stdin"]);
        assert_eq!(ended.code, 0, "{}", ended.err);
        home
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
