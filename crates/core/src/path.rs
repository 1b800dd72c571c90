//! Paths in errors.

use std::path::Path;

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
