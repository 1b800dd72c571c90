//! What was sent, read strictly: an object, nothing unknown in it, nothing of another type.

use crate::refusal::{Refusal, Result};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const TAGS: usize = 15;
const TAG_CHARACTERS: usize = 256;
const CONTENT_TYPE_CHARACTERS: usize = 255;
const VALUE_BYTES: usize = 25_600;

/// What may be set on a version. What is not given stays as it is.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) tags: Option<BTreeMap<String, String>>,
    pub(crate) content_type: Option<String>,
    pub(crate) enabled: Option<bool>,
    pub(crate) not_before: Option<i64>,
    pub(crate) expires: Option<i64>,
}

impl Change {
    /// Of a request that changes a version.
    pub(crate) fn read(body: &[u8]) -> Result<Self> {
        Self::of(&object(body)?, &["tags", "contentType", "attributes"])
    }

    fn of(fields: &Map<String, Value>, known: &[&str]) -> Result<Self> {
        only(fields, known)?;
        let nothing = Map::new();
        let attributes = match fields.get("attributes") {
            Some(value) => value.as_object().ok_or_else(|| mistyped("attributes"))?,
            None => &nothing,
        };
        only(attributes, &["enabled", "nbf", "exp"])?;
        Ok(Self {
            tags: fields.get("tags").map(tags).transpose()?,
            content_type: text(fields, "contentType", CONTENT_TYPE_CHARACTERS)?,
            enabled: given(attributes, "enabled", Value::as_bool)?,
            not_before: given(attributes, "nbf", Value::as_i64)?,
            expires: given(attributes, "exp", Value::as_i64)?,
        })
    }
}

/// A new version's value, and what is set on it.
pub(crate) fn new_version(body: &[u8]) -> Result<(String, Change)> {
    let fields = object(body)?;
    let change = Change::of(&fields, &["value", "tags", "contentType", "attributes"])?;
    let value = fields.get("value").and_then(Value::as_str);
    let value = value.ok_or_else(|| Refusal::bad("The parameter value is missing."))?;
    if value.len() > VALUE_BYTES {
        return Err(Refusal::too_long());
    }
    Ok((value.to_owned(), change))
}

/// The fields that are not null.
fn object(body: &[u8]) -> Result<Map<String, Value>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        _ => Err(Refusal::bad("The request body is not a JSON object.")),
    }
}

fn only(fields: &Map<String, Value>, known: &[&str]) -> Result<()> {
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(Refusal::bad(format!("The request body has an unknown property {name}."))),
        None => Ok(()),
    }
}

fn tags(value: &Value) -> Result<BTreeMap<String, String>> {
    let tags = value.as_object().ok_or_else(|| mistyped("tags"))?;
    let is_long = |text: &str| text.chars().count() > TAG_CHARACTERS;
    if tags.len() > TAGS {
        return Err(Refusal::too_long());
    }
    let one = |(key, value): (&String, &Value)| match value.as_str() {
        None => Err(mistyped("tags")),
        Some(text) if is_long(key) || is_long(text) => Err(Refusal::too_long()),
        Some(text) => Ok((key.clone(), text.to_owned())),
    };
    tags.iter().map(one).collect()
}

fn text(fields: &Map<String, Value>, name: &str, most: usize) -> Result<Option<String>> {
    let text = given(fields, name, Value::as_str)?;
    match text {
        Some(text) if text.chars().count() > most => Err(Refusal::too_long()),
        text => Ok(text.map(str::to_owned)),
    }
}

fn given<'a, T>(
    fields: &'a Map<String, Value>,
    name: &str,
    read: impl Fn(&'a Value) -> Option<T>,
) -> Result<Option<T>> {
    match fields.get(name).filter(|value| !value.is_null()) {
        Some(value) => read(value).map(Some).ok_or_else(|| mistyped(name)),
        None => Ok(None),
    }
}

fn mistyped(name: &str) -> Refusal {
    Refusal::bad(format!("The property {name} is of a wrong type."))
}
