//! Somebody with rights of their own, who uses Microsoft's client for Python.

use super::variable;
use std::process::{Command, Output};

/// Works on one vault.
pub(crate) struct Operator {
    endpoint: String,
}

impl Operator {
    /// On the vault at this address.
    pub(crate) fn at(endpoint: &str) -> Self {
        Self { endpoint: endpoint.replace("http://", "https://") }
    }

    /// On the one that tests use.
    pub(crate) fn new() -> Self {
        Self::at(&variable("ENDPOINT"))
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(variable("PYTHON"))
            .args([&variable("SCRIPT"), "operate", &self.endpoint, &variable("CA")])
            .args(arguments)
            .env("AZURE_SECRET", variable("CLIENT_SECRET"))
            .output()
            .unwrap()
    }

    /// Does it; answers what the client tells.
    #[track_caller]
    pub(crate) fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Tries it; answers the status and the codes with which it is refused.
    #[track_caller]
    pub(crate) fn is_refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?} succeeded");
        String::from_utf8(output.stderr).unwrap()
    }
}
