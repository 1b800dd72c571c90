//! One section, before it is typed.

use super::{
    Setting, Table, Vars, error::ReadError, level::variable, node::Node, reader::Reader, vars::file_form,
};
use crate::Result;
use serde::{Deserialize as _, de::DeserializeOwned};
use std::{fmt, sync::Arc};

/// One section of the configuration: a table from the file, overlaid key by key with the variables
/// `PREFIX_KEY`, or `PREFIX_KEY_FILE` for a file with the value.
///
/// A list may be given as one variable with commas. A nested table's keys are variables too
/// (`PREFIX_TABLE_KEY`); the entries of a map with free keys are for the file alone.
pub struct Settings {
    section: String,
    prefix: Option<String>,
    table: Table,
    names: Vec<String>,
    vars: Arc<Vars>,
    taken: Vec<&'static str>,
}

impl Settings {
    /// The section that errors call `section`, whose variables start with `prefix` and an underscore.
    #[must_use]
    pub fn new(
        section: impl Into<String>,
        prefix: impl Into<String>,
        table: Table,
        vars: impl Into<Arc<Vars>>,
    ) -> Self {
        let (prefix, vars) = (prefix.into(), vars.into());
        let names = vars.names(&format!("{prefix}_")).map(str::to_owned).collect();
        Self { section: section.into(), prefix: Some(prefix), table, names, vars, taken: Vec::new() }
    }

    /// The section that errors call `section`, with these keys and nothing else: no variable is looked at.
    ///
    /// ```
    /// use strongroom_core::{Settings, settings::Setting};
    ///
    /// let mut store = Settings::of("store", [("region", Setting::from("eu-central-1")), ("recovery_days", 30.into())]);
    /// assert_eq!(store.take::<String>("region")?.as_deref(), Some("eu-central-1"));
    /// # Ok::<(), strongroom_core::Error>(())
    /// ```
    #[must_use]
    pub fn of<K: Into<String>, V: Into<Setting>>(
        section: impl Into<String>,
        keys: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let table = keys.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        let (names, taken, vars) = (Vec::new(), Vec::new(), Arc::new(Vars::empty()));
        Self { section: section.into(), prefix: None, table, names, vars, taken }
    }

    /// What errors call the section: `store`, `stores.prod`.
    #[must_use]
    pub fn section(&self) -> &str {
        &self.section
    }

    /// Reads one plain key that is not the typed configuration's, and takes it out; `None` if it is not set.
    ///
    /// # Errors
    /// [`ConfigInvalid`](crate::ErrorKind::ConfigInvalid) if it is mistyped; the text names the key.
    pub fn take<T: DeserializeOwned>(&mut self, key: &'static str) -> Result<Option<T>> {
        self.taken.push(key);
        let file = self.table.remove(key);
        let name = self.prefix.as_deref().map(|prefix| variable(prefix, key));
        let is_own = |var: &String| name.as_ref().is_some_and(|name| var == name || *var == file_form(name));
        let (own, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.names).into_iter().partition(is_own);
        self.names = rest;
        let reader = Reader::new(&self.vars, &[]);
        let own = own.iter().map(String::as_str).collect();
        let node = Node::new(&reader, format!("{}.{key}", self.section), name, file.as_ref(), own);
        let at = node.label();
        Option::<T>::deserialize(node).map_err(|e: ReadError| e.at(&at).into_error(&reader))
    }

    /// The typed configuration: a struct with named fields, or an enum of such (externally tagged, the
    /// default).
    ///
    /// - A key of the file or a variable under the prefix that `T` does not have is an error. Of these, what
    ///   Kubernetes injects ([`is_injected`](super::is_injected)) is ignored; a variable that is a key never is.
    /// - `#[serde(flatten)]`, and enums that are untagged or internally tagged, are refused where they stand for
    ///   a table: behind them nobody can tell a typo from a key.
    /// - The text of an error that a `Deserialize` implementation makes itself is shown unless it quotes a value.
    ///
    /// # Errors
    /// [`ConfigInvalid`](crate::ErrorKind::ConfigInvalid) for a wrong, missing or unknown key, which it names;
    /// [`Unexpected`](crate::ErrorKind::Unexpected) for a `T` that cannot be read safely.
    pub fn parse<T: DeserializeOwned>(self) -> Result<T> {
        let table = Setting::Table(self.table);
        let reader = Reader::new(&self.vars, &self.taken);
        let names = self.names.iter().map(String::as_str).collect();
        let node = Node::root(&reader, self.section.clone(), self.prefix, &table, names);
        T::deserialize(node).map_err(|e: ReadError| e.at(&self.section).into_error(&reader))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("section", &self.section)
            .field("keys", &self.table.keys().collect::<Vec<_>>())
            .field("variables", &self.names)
            .finish()
    }
}
