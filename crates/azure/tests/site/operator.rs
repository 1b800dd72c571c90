//! Somebody with rights of their own, who uses Microsoft's client for Python.

use super::{authority, variable};
use std::process::{Command, Output};

/// Works on the vault that tests use.
pub(crate) struct Operator;

impl Operator {
    fn run(arguments: &[&str]) -> Output {
        let https = |name| variable(name).replace("http://", "https://");
        Command::new(variable("PYTHON"))
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/azure_operator.py"))
            .args([&https("ENDPOINT"), &https("AUTHORITY"), &*authority()])
            .args([&variable("TENANT_ID"), &variable("OPERATOR_CLIENT_ID")])
            .args(arguments)
            .env("AZURE_SECRET", variable("CLIENT_SECRET"))
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .unwrap()
    }

    /// Does it; answers what the client tells.
    #[track_caller]
    pub(crate) fn does(&self, arguments: &[&str]) -> String {
        let output = Self::run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Tries it; answers the status and the codes with which it is refused.
    #[track_caller]
    pub(crate) fn is_refused(&self, arguments: &[&str]) -> String {
        let output = Self::run(arguments);
        assert!(!output.status.success(), "{arguments:?} succeeded");
        String::from_utf8(output.stderr).unwrap()
    }
}
