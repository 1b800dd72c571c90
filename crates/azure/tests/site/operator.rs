//! Somebody with rights of their own, who uses Microsoft's client for Python.

use super::{authority, variable};
use std::process::Command;

/// Works on the vault that tests use.
pub(crate) struct Operator;

impl Operator {
    /// Does it; answers what the client tells.
    #[track_caller]
    pub(crate) fn does(&self, arguments: &[&str]) -> String {
        self.follows("azure_operator.py", arguments)
    }

    /// Follows a script of this directory; answers what it prints.
    #[track_caller]
    pub(crate) fn follows(&self, script: &str, arguments: &[&str]) -> String {
        let https = |name| variable(name).replace("http://", "https://");
        let output = Command::new(variable("PYTHON"))
            .arg(format!("{}/tests/{script}", env!("CARGO_MANIFEST_DIR")))
            .args([&https("ENDPOINT"), &https("AUTHORITY"), &*authority()])
            .args([&variable("TENANT_ID"), &variable("OPERATOR_CLIENT_ID")])
            .args(arguments)
            .env("AZURE_SECRET", variable("CLIENT_SECRET"))
            .env("NO_PROXY", "127.0.0.1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}
