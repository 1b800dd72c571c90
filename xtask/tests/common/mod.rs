//! What tests that call cargo share.

use std::env;
use std::path::Path;
use std::process::{Command, Output};

/// Runs a cargo command there, as a person would; what it compiles is kept where everything is.
pub(crate) fn cargo<'a>(place: &Path, args: impl IntoIterator<Item = &'a str>) -> Output {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut command = Command::new(env!("CARGO"));
    command.args(args).current_dir(place).env("CARGO_TARGET_DIR", target);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command.output().unwrap()
}
