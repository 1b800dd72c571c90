//! Calls of the system that fail, which they seldom do where a test runs.

use crate::support::Home;
use std::{path::Path, process::Command};

impl Home {
    /// Lets calls fail in the programs that are started from now on: `faults/faults.c` knows which.
    pub(crate) fn set_fault(&mut self, fault: &str, value: &str) {
        let library = self.arg("faults.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/e2e/faults/faults.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o", &library]).arg(source);
        assert!(compiler.status().unwrap().success());
        self.set("LD_PRELOAD", library);
        self.set(fault, value);
    }
}
