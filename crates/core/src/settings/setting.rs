//! One value of a configuration file, whatever the file's format.

use secrecy::SecretString;
use std::{collections::BTreeMap, fmt};

/// The keys of a section of the file, and what they are set to.
pub type Table = BTreeMap<String, Setting>;

/// What a key of the file is set to. Any text may be a password, so `Debug` shows the kind alone.
#[derive(Clone)]
pub enum Setting {
    /// Text.
    Text(SecretString),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// A list.
    List(Vec<Setting>),
    /// A table.
    Table(Table),
}

impl From<&str> for Setting {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Setting {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<SecretString> for Setting {
    fn from(text: SecretString) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Setting {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Setting {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<S: Into<Setting>> From<Vec<S>> for Setting {
    fn from(list: Vec<S>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Int(_) => "Int",
            Self::Float(_) => "Float",
            Self::Bool(_) => "Bool",
            Self::List(_) => "List",
            Self::Table(_) => "Table",
        })
    }
}
