//! A key of a section: where its value comes from.

use super::{
    Setting, Table,
    error::ReadError,
    kubernetes::{is_injected, is_numbered_port},
    level::{Level, variable},
    reader::Reader,
    vars::file_form,
};
use secrecy::SecretString;
use std::rc::Rc;

/// What a key is set to.
pub(super) enum Source<'a> {
    Unset,
    File(&'a Setting),
    /// By a variable.
    Text(SecretString),
}

/// A key, with those variables that can only be meant for it or for something below it.
pub(super) struct Node<'a> {
    pub(super) reader: &'a Reader<'a>,
    /// In the file: `store.auth.token`.
    pub(super) path: String,
    /// In the environment; `None` for what no variable sets.
    pub(super) name: Option<String>,
    pub(super) source: Source<'a>,
    pub(super) vars: Vec<&'a str>,
    pub(super) is_root: bool,
    /// The keys that it is one of.
    level: Option<Rc<Level>>,
}

impl<'a> Node<'a> {
    pub(super) fn new(
        reader: &'a Reader<'a>,
        path: String,
        name: Option<String>,
        file: Option<&'a Setting>,
        vars: Vec<&'a str>,
    ) -> Self {
        let source = file.map_or(Source::Unset, Source::File);
        Self { reader, path, name, source, vars, is_root: false, level: None }
    }

    /// A whole section.
    pub(super) fn root(
        reader: &'a Reader<'a>,
        section: String,
        prefix: Option<String>,
        table: &'a Setting,
        vars: Vec<&'a str>,
    ) -> Self {
        Self { is_root: true, ..Self::new(reader, section, prefix, Some(table), vars) }
    }

    /// An element of a list or an entry of a map, where no variable reaches.
    pub(super) fn element(&self, path: String, source: Source<'a>) -> Self {
        Self { reader: self.reader, path, name: None, source, vars: Vec::new(), is_root: false, level: None }
    }

    /// What an error calls it: the variable if that decides, else the key.
    pub(super) fn label(&self) -> String {
        self.own().last().map_or_else(|| self.path.clone(), |var| (*var).to_owned())
    }

    /// Whether it is set, in the file or by a variable, itself or something below it.
    pub(super) fn is_present(&self) -> bool {
        !matches!(self.source, Source::Unset)
            || self.own().next().is_some()
            || self.vars.iter().any(|var| !self.is_of_a_service(var))
    }

    /// Whether Kubernetes injected a variable for a service that is called like this: it has more than one for each, so that a
    /// key `port` below is none by itself.
    fn is_of_a_service(&self, var: &str) -> bool {
        const ENDS: [&str; 3] = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT"];
        let ends_with = |service: &str, end: &str| {
            self.vars.iter().any(|other| other.strip_suffix(end).is_some_and(|rest| rest == service))
        };
        let mut services = ENDS.iter().filter_map(|end| var.strip_suffix(end));
        is_numbered_port(var)
            || var.contains("_SERVICE_PORT_")
            || services.any(|service| ENDS.iter().take(2).all(|end| ends_with(service, end)))
    }

    /// A variable that sets something below it.
    pub(super) fn set_below(&self) -> Option<&'a str> {
        let below = |var: &&&str| !self.own().any(|own| own == *var) && !is_injected(var);
        self.vars.iter().find(below).copied()
    }

    /// The variables that set it itself.
    fn own(&self) -> impl Iterator<Item = &&'a str> {
        let name = self.name.as_deref().filter(|_| !self.is_root);
        self.vars.iter().filter(move |var| {
            name.and_then(|name| var.strip_prefix(name)).is_some_and(|rest| matches!(rest, "" | "_FILE"))
        })
    }

    /// Puts its own variable over the file.
    pub(super) fn overlay(&mut self) -> Result<(), ReadError> {
        let Some(name) = self.name.clone() else { return Ok(()) };
        let file = file_form(&name);
        let own: Vec<&str> = self.own().copied().collect();
        self.vars.retain(|var| !own.contains(var));
        if let Some(text) =
            self.reader.vars.pick(&name, own.contains(&name.as_str()), own.contains(&file.as_str()))?
        {
            self.source = Source::Text(text);
        }
        Ok(())
    }

    /// Puts its own variable over the file, for a key with nothing below it.
    pub(super) fn leaf(mut self) -> Result<Self, ReadError> {
        self.overlay()?;
        if let Some(level) = &self.level {
            level.refuse(&self.vars)?;
        }
        if let Source::Text(text) = &self.source {
            self.reader.saw(text.clone());
        }
        Ok(self)
    }

    /// The table of the file.
    pub(super) fn table(&self) -> Result<Option<&'a Table>, ReadError> {
        match &self.source {
            Source::Unset => Ok(None),
            Source::File(Setting::Table(table)) => Ok(Some(table)),
            _ => Err(ReadError::wrong("expected a table")),
        }
    }

    /// One child for each key, set or not; refuses whatever in the table or the variables is none of theirs.
    pub(super) fn children(
        &self,
        keys: &'static [&'static str],
        table: Option<&'a Table>,
    ) -> Result<Vec<(&'static str, Self)>, ReadError> {
        let taken = if self.is_root { self.reader.taken } else { &[] };
        let known = taken.iter().chain(keys).copied().collect();
        let level = Rc::new(Level::new(self.path.clone(), self.name.clone(), known));
        if let Some(unknown) = table.and_then(|t| t.keys().find(|key| !keys.contains(&key.as_str()))) {
            return Err(level.unknown_key(unknown));
        }
        let mut children: Vec<_> = keys.iter().map(|key| (*key, self.child(key, table, &level))).collect();
        let mut unknown = Vec::new();
        for var in &self.vars {
            // The longest name wins: `AUTH_MOUNT` is the key `auth_mount`, not something below `auth`.
            let owner = children
                .iter_mut()
                .filter(|(_, child)| child.name.as_deref().is_some_and(|name| covers(name, var)))
                .max_by_key(|(_, child)| child.name.as_ref().map(String::len));
            match owner {
                Some((_, child)) => child.vars.push(var),
                None => unknown.push(*var),
            }
        }
        level.refuse(&unknown)?;
        Ok(children)
    }

    fn child(&self, key: &str, table: Option<&'a Table>, level: &Rc<Level>) -> Self {
        let file = table.and_then(|table| table.get(key));
        let source = file.map_or(Source::Unset, Source::File);
        let name = self.name.as_deref().map(|name| variable(name, key));
        Self { name, level: Some(level.clone()), ..self.element(format!("{}.{key}", self.path), source) }
    }
}

/// Whether a variable is the key's own or one below it.
fn covers(name: &str, var: &str) -> bool {
    var.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}
