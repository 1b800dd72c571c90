//! What was sent, read as Google's APIs read JSON: names in either form, nothing unknown, nothing of another type.

use crate::refusal::{Refusal, Result};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const INDIFFERENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, INDIFFERENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, INDIFFERENT);

/// A message of the API.
#[derive(Debug, Default)]
pub(crate) struct Message {
    /// Its path in what was sent, for refusals.
    path: String,
    /// By the names in camel case. What is null is not there.
    fields: Map<String, Value>,
}

impl Message {
    /// A body; an empty one is an empty message.
    pub(crate) fn parse(body: &[u8], path: &str) -> Result<Self> {
        let body = if body.is_empty() { b"{}" } else { body };
        let wrong = |_| Refusal::invalid("Invalid JSON payload received. Unexpected token.");
        Self::of(serde_json::from_slice(body).map_err(wrong)?, path.to_owned())
    }

    fn of(value: Value, path: String) -> Result<Self> {
        let Value::Object(given) = value else { return Err(mistyped(&path)) };
        let mut fields = Map::new();
        for (name, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
            let name = camel(&name);
            if fields.insert(name.clone(), value).is_some() {
                let text = format!("Invalid JSON payload received. {name} is set twice at '{path}'.");
                return Err(Refusal::invalid(text));
            }
        }
        Ok(Self { path, fields })
    }

    /// Refuses what is not among these names.
    pub(crate) fn only(&self, known: &[&str]) -> Result<()> {
        match self.fields.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Refusal::invalid(format!(
                "Invalid JSON payload received. Unknown name \"{name}\" at '{}': Cannot find field.",
                self.path
            ))),
            None => Ok(()),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.fields.get(name) {
            Some(value) => value.as_str().map(Some).ok_or_else(|| self.mistyped(name)),
            None => Ok(None),
        }
    }

    /// A 64 bit number: JSON has it as text.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>> {
        let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
        match self.fields.get(name) {
            Some(value) => number(value).map(Some).ok_or_else(|| self.mistyped(name)),
            None => Ok(None),
        }
    }

    /// Bytes: JSON has them in base64, in either alphabet, padded or not.
    pub(crate) fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        let text = self.text(name)?.unwrap_or_default();
        let decoded = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text));
        decoded.map_err(|_| {
            Refusal::invalid(format!(
                "Invalid value at '{}.{name}' (TYPE_BYTES), Base64 decoding failed",
                self.path
            ))
        })
    }

    pub(crate) fn message(&self, name: &str) -> Result<Option<Self>> {
        self.fields.get(name).map(|value| Self::of(value.clone(), self.at(name))).transpose()
    }

    pub(crate) fn messages(&self, name: &str) -> Result<Vec<Self>> {
        let Some(value) = self.fields.get(name) else { return Ok(Vec::new()) };
        let list = value.as_array().ok_or_else(|| self.mistyped(name))?;
        list.iter().map(|value| Self::of(value.clone(), self.at(name))).collect()
    }

    /// A list of texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>> {
        let Some(value) = self.fields.get(name) else { return Ok(Vec::new()) };
        let list = value.as_array().ok_or_else(|| self.mistyped(name))?;
        let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| self.mistyped(name));
        list.iter().map(text).collect()
    }

    /// A map of texts, whose keys are as they were sent.
    pub(crate) fn map(&self, name: &str) -> Result<BTreeMap<String, String>> {
        let Some(value) = self.fields.get(name) else { return Ok(BTreeMap::new()) };
        let map = value.as_object().ok_or_else(|| self.mistyped(name))?;
        map.iter()
            .map(|(key, value)| match value.as_str() {
                Some(text) => Ok((key.clone(), text.to_owned())),
                None => Err(self.mistyped(name)),
            })
            .collect()
    }

    fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    fn mistyped(&self, name: &str) -> Refusal {
        mistyped(&self.at(name))
    }
}

fn mistyped(path: &str) -> Refusal {
    Refusal::invalid(format!("Invalid value at '{path}'"))
}

/// `version_destroy_ttl` as `versionDestroyTtl`.
pub(crate) fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut whole, word| {
        let mut letters = word.chars();
        whole.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        whole.push_str(letters.as_str());
        whole
    })
}
