//! The environment as a value.

use crate::{Error, ErrorKind, Result};
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, fmt, io, path::Path, sync::Arc};

/// How the file that a `NAME_FILE` names is read.
type ReadFile = dyn Fn(&Path) -> io::Result<String> + Send + Sync;

/// The environment, handed in by the program: nothing here looks at the process, and a test needs none.
///
/// Each variable `NAME` may instead be given as `NAME_FILE`, the path of a file with its value.
#[derive(Clone)]
pub struct Vars {
    vars: BTreeMap<String, SecretString>,
    read_file: Arc<ReadFile>,
}

impl Vars {
    /// These variables; `read_file` answers the content of a file that one of them names.
    pub fn new<N: Into<String>, V: Into<SecretString>>(
        vars: impl IntoIterator<Item = (N, V)>,
        read_file: impl Fn(&Path) -> io::Result<String> + Send + Sync + 'static,
    ) -> Self {
        let vars = vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { vars, read_file: Arc::new(read_file) }
    }

    /// An environment in which nothing is set.
    #[must_use]
    pub fn empty() -> Self {
        Self::new::<String, String>([], |_| Err(io::ErrorKind::NotFound.into()))
    }

    /// The value of `NAME`, or the content of the file that `NAME_FILE` names, without line ends behind it;
    /// `None` if neither is set.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] if both are set, or the file cannot be read.
    pub fn lookup(&self, name: &str) -> Result<Option<SecretString>> {
        let file = file_form(name);
        self.pick(name, self.vars.contains_key(name), self.vars.contains_key(&file))
    }

    /// Whether `NAME` or `NAME_FILE` is set.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.vars.contains_key(name) || self.vars.contains_key(&file_form(name))
    }

    /// Sets `NAME` in place of `NAME` or `NAME_FILE`: how a flag of the command line wins over the environment.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<SecretString>) {
        let name = name.into();
        self.vars.remove(&file_form(&name));
        self.vars.insert(name, value.into());
    }

    /// The names that start with `prefix`, sorted.
    pub fn names<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.vars
            .range::<str, _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded))
            .map(|(name, _)| name.as_str())
            .take_while(move |name| name.starts_with(prefix))
    }

    /// The value of a variable of which the caller knows in which form it is set: where a section has a key
    /// `x` and another one `x_file`, the variable of the latter is not the former's file.
    pub(super) fn pick(&self, name: &str, plain: bool, file: bool) -> Result<Option<SecretString>> {
        match (plain, file) {
            (false, false) => Ok(None),
            (true, false) => Ok(self.vars.get(name).cloned()),
            (false, true) => self.content(&file_form(name)),
            (true, true) => {
                Err(invalid(format!("both {name} and {} are set; unset one of them", file_form(name))))
            }
        }
    }

    fn content(&self, name: &str) -> Result<Option<SecretString>> {
        let Some(path) = self.vars.get(name) else { return Ok(None) };
        let text =
            (self.read_file)(Path::new(path.expose_secret())).map(SecretString::from).map_err(|e| {
                invalid(format!("{name}: cannot read the file that it names: {}; correct the path", e.kind()))
            })?;
        Ok(Some(text.expose_secret().trim_end_matches(['\r', '\n']).into()))
    }
}

/// `NAME_FILE`.
pub(super) fn file_form(name: &str) -> String {
    format!("{name}_FILE")
}

fn invalid(text: String) -> Error {
    Error::new(ErrorKind::ConfigInvalid, text)
}

impl fmt::Debug for Vars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.vars.keys()).finish()
    }
}
