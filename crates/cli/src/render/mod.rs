//! Results as JSON, YAML, tables and tab-separated values.

mod json;
mod table;
mod time;
mod yaml;

pub(crate) use table::Table;
pub(crate) use time::short;
pub(crate) use yaml::flat_map;

use crate::{
    args::Format,
    console::Console,
    failure::{Failure, Outcome},
    secret_text::SecretText,
};
use secrecy::SecretString;
use strongroom_core::SecretValues;

/// A result.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(u64),
    /// Text that anybody may see.
    Text(String),
    /// A value.
    Secret(SecretString),
    /// Several.
    List(Vec<Data>),
    /// By name.
    Map(Vec<(String, Data)>),
}

/// A result in the form for programs and in the form for people.
pub(crate) struct View {
    /// For `-o json` and `-o yaml`.
    pub(crate) data: Data,
    /// For terminals and pipes.
    pub(crate) table: Table,
    /// A line over the table, on terminals alone.
    pub(crate) caption: Option<String>,
}

impl View {
    /// Prints it in the asked format; without one, as a table on a terminal and tab-separated elsewhere.
    pub(crate) fn print(&self, console: &mut dyn Console, format: Option<Format>) -> Outcome {
        let text = match format {
            Some(Format::Json) => json::write(&self.data),
            Some(Format::Yaml) => yaml::write(&self.data),
            Some(Format::Table) => self.table.aligned(self.caption.as_deref()),
            None if console.shows_results() => self.table.aligned(self.caption.as_deref()),
            None => self.table.separated(),
        };
        print(console, &text)
    }
}

/// Prints text as it is.
pub(crate) fn print(console: &mut dyn Console, text: &SecretText) -> Outcome {
    console.write(text.as_str().as_bytes()).map_err(|error| Failure::output(&error))
}

/// One piece of data as a document of its own.
pub(crate) fn document(data: &Data, format: Format) -> SecretText {
    match format {
        Format::Json => json::write(data),
        Format::Yaml | Format::Table => yaml::write(data),
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Data {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Data {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<&SecretString> for Data {
    fn from(value: &SecretString) -> Self {
        Self::Secret(value.clone())
    }
}

impl From<&SecretValues> for Data {
    /// By key; withheld values are null.
    fn from(values: &SecretValues) -> Self {
        let pair = |key: &str| (key.to_owned(), values.get(key).map_or(Self::Null, Self::from));
        Self::Map(values.keys().map(pair).collect())
    }
}

impl<K: Into<String>, const N: usize> From<[(K, Data); N]> for Data {
    fn from(pairs: [(K, Data); N]) -> Self {
        Self::Map(pairs.into_iter().map(|(key, data)| (key.into(), data)).collect())
    }
}
