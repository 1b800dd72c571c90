//! The keys that stand side by side, and what to say about one that is not among them.

use super::{error::ReadError, kubernetes::is_injected, nearest};

/// The keys of one table.
pub(super) struct Level {
    path: String,
    prefix: Option<String>,
    keys: Vec<&'static str>,
}

impl Level {
    /// `prefix` is that of the variables; `None` where no variable reaches.
    pub(super) fn new(path: String, prefix: Option<String>, keys: Vec<&'static str>) -> Self {
        Self { path, prefix, keys }
    }

    /// The error about a key of the file.
    pub(super) fn unknown_key(&self, key: &str) -> ReadError {
        let near = nearest(key, self.keys.iter().copied());
        let near = near.map(|key| format!(" (did you mean `{key}`?)")).unwrap_or_default();
        let key = key.escape_debug();
        ReadError::whole(format!("{}: unknown key `{key}`{near}; {}", self.path, self.known()))
    }

    /// Refuses variables that no key asked for, unless Kubernetes set them.
    pub(super) fn refuse(&self, vars: &[&str]) -> Result<(), ReadError> {
        let (Some(var), Some(prefix)) = (vars.iter().find(|var| !is_injected(var)), &self.prefix) else {
            return Ok(());
        };
        let names: Vec<String> = self.keys.iter().map(|key| variable(prefix, key)).collect();
        let near = nearest(var, names.iter().map(String::as_str));
        let near = near.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
        let (path, known) = (&self.path, self.known());
        Err(ReadError::whole(format!("{var} is set, but [{path}] has no such key{near}; {known}")))
    }

    fn known(&self) -> String {
        if self.keys.is_empty() {
            return "it has no keys".to_owned();
        }
        format!("known: {}", self.keys.join(", "))
    }
}

/// The variable of a key.
pub(super) fn variable(prefix: &str, key: &str) -> String {
    format!("{prefix}_{}", key.to_ascii_uppercase().replace('-', "_"))
}
