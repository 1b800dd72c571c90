//! Paths in errors, and those that must not be written over.

use crate::{Error, ErrorKind, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A path as an error may show it: where one is expected, somebody may have put the content of the file itself, a root
/// key, an API key, a private key or a map of values.
#[must_use]
pub fn shown_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    let content = ["{", "strongroom-root-key:", "srk1_", "-----BEGIN"];
    if content.iter().any(|begin| text.trim_start().starts_with(begin))
        || text.trim().contains('\n')
        || text.contains(": ")
    {
        return "(not shown: a text that is no path)".to_owned();
    }
    text.into_owned()
}

/// Looks whether a file may take this name, from another one or anew: a directory cannot, a device must not be replaced; nor a
/// link of the system's, such as `/dev/stdout`, wherever that leads now.
///
/// # Errors
/// `InvalidInput` if not, which names the path.
pub fn check_replaceable(path: &Path) -> Result<()> {
    let systems_own = |target: PathBuf| target.starts_with("/proc") || target.starts_with("/dev/fd");
    let special = match fs::symlink_metadata(path) {
        Ok(there) if there.is_symlink() => {
            fs::read_link(path).is_ok_and(systems_own)
                || fs::metadata(path).is_ok_and(|there| !there.is_file())
        }
        Ok(there) => !there.is_file(),
        Err(_) => false,
    };
    if special {
        let text = format!("{} is no regular file; choose another one", shown_path(path));
        return Err(Error::new(ErrorKind::InvalidInput, text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_path_is_not_shown() {
        for text in [
            "strongroom-root-key:v1:00:hunter2",
            "srk1_hunter2",
            "{\"a\": \"hunter2\"}",
            "\n {a: hunter2}",
            "-----BEGIN PRIVATE KEY----- hunter2",
            "a: b\nc: hunter2\n",
            "a: hunter2",
        ] {
            let shown = shown_path(Path::new(text));
            assert!(shown.contains("no path") && !shown.contains("hunter2"), "{shown}");
        }
        for path in ["/etc/strongroom/root.key", "a {b}.yaml", "~/db.yaml", ""] {
            assert_eq!(shown_path(Path::new(path)), path);
        }
    }
}
