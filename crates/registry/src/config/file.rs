//! The text of the configuration file.

use strongroom_core::{
    Error, ErrorKind, Result,
    settings::{Setting, Table},
};

/// Reads TOML. The parser's own error shows the line, which may hold a password: only its position and the
/// parser's words about the syntax are taken over.
pub(super) fn parse(text: &str) -> Result<Table> {
    let table = text.parse::<toml::Table>().map_err(|e| {
        let at = text.get(..e.span().map_or(0, |span| span.start)).unwrap_or(text);
        let line = at.matches('\n').count() + 1;
        let column = at.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let text = format!("line {line}, column {column}: not TOML: {}", e.message());
        Error::new(ErrorKind::ConfigInvalid, text)
    })?;
    Ok(self::table(table))
}

fn table(table: toml::Table) -> Table {
    table.into_iter().map(|(key, value)| (key, setting(value))).collect()
}

fn setting(value: toml::Value) -> Setting {
    match value {
        toml::Value::String(text) => Setting::Text(text.into()),
        toml::Value::Integer(number) => Setting::Int(number),
        toml::Value::Float(number) => Setting::Float(number),
        toml::Value::Boolean(value) => Setting::Bool(value),
        toml::Value::Datetime(time) => Setting::Text(time.to_string().into()),
        toml::Value::Array(list) => Setting::List(list.into_iter().map(setting).collect()),
        toml::Value::Table(inner) => Setting::Table(table(inner)),
    }
}
