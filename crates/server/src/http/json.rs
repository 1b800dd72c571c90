//! Request bodies: JSON read strictly, and asked for field by field.
//!
//! Error texts name a field and what it has to be; they never repeat what was sent, which may be a value.

use secrecy::SecretString;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::{cell::Cell, collections::BTreeSet, fmt};
use strongroom_core::{Error, ErrorKind, Result, filter::yes_or_no};
use uuid::Uuid;

/// How deep lists and objects may lie in each other.
const DEPTH: u8 = 32;
/// The most keys of all objects, and items of all lists, together: more than a secret's 65,536 bytes have room for.
const NODES: u32 = 30_000;

/// A JSON value.
pub(crate) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    /// Another number: no field of ours takes one.
    Number,
    Text(SecretString),
    /// A list of texts, or of anything else, which no field of ours takes.
    List(Vec<Json>),
    Object(Object),
}

/// Texts by key, of which some may be null.
pub(crate) type Texts = Vec<(String, Option<SecretString>)>;

/// A JSON object.
#[derive(Default)]
pub(crate) struct Object(Vec<(String, Json)>);

impl Object {
    /// Reads a whole body.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let left = Cell::new(NODES);
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let parsed = Seed { depth: DEPTH, left: &left }
            .deserialize(&mut deserializer)
            .and_then(|json| deserializer.end().map(|()| json));
        match parsed {
            Ok(Json::Object(object)) => Ok(object),
            Ok(_) => Err(invalid("body: it must be a JSON object")),
            // Only the place is taken over: the parser's text repeats what it found.
            Err(error) if error.is_data() => Err(invalid(&format!(
                "body: it is nested deeper than {DEPTH}, has more than {NODES} keys, or names a key twice (line {}, \
                 column {})",
                error.line(),
                error.column()
            ))),
            Err(error) => Err(invalid(&format!(
                "body: it is not JSON (line {}, column {})",
                error.line(),
                error.column()
            ))),
        }
    }

    fn get(&self, field: &str) -> Option<&Json> {
        self.0.iter().find(|(key, _)| key == field).map(|(_, value)| value)
    }

    fn take(&mut self, field: &str) -> Option<Json> {
        let at = self.0.iter().position(|(key, _)| key == field)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Whether the field is there, null or not.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.get(field).is_some()
    }

    /// Whether the field is there and null.
    pub(crate) fn is_null(&self, field: &str) -> bool {
        matches!(self.get(field), Some(Json::Null))
    }

    /// A text that may hold a value or a password; `None` if the field is not there or null.
    pub(crate) fn secret(&mut self, field: &'static str) -> Result<Option<SecretString>> {
        match self.take(field) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(_) => Err(must_be(field, "a string")),
        }
    }

    /// A text; `None` if the field is not there or null.
    pub(crate) fn text(&mut self, field: &'static str) -> Result<Option<String>> {
        Ok(self.secret(field)?.map(|text| secrecy::ExposeSecret::expose_secret(&text).to_owned()))
    }

    /// A text that has to be there.
    pub(crate) fn required_text(&mut self, field: &'static str) -> Result<String> {
        self.text(field)?.ok_or_else(|| must_be(field, "a string, and is required"))
    }

    /// A boolean, also as one of the words and numbers for it; `None` if the field is not there or null.
    pub(crate) fn boolean(&mut self, field: &'static str) -> Result<Option<bool>> {
        let said = match self.take(field) {
            None | Some(Json::Null) => return Ok(None),
            Some(Json::Bool(value)) => Some(value),
            Some(Json::Int(number)) => yes_or_no(&number.to_string()),
            Some(Json::Text(text)) => yes_or_no(secrecy::ExposeSecret::expose_secret(&text)),
            Some(_) => None,
        };
        said.map(Some).ok_or_else(|| must_be(field, "true or false"))
    }

    /// A whole number, also as digits; `None` if the field is not there or null.
    pub(crate) fn integer(&mut self, field: &'static str) -> Result<Option<i64>> {
        match self.take(field) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Int(number)) => Ok(Some(number)),
            Some(Json::Text(text)) => secrecy::ExposeSecret::expose_secret(&text)
                .parse()
                .map(Some)
                .map_err(|_| must_be(field, "a whole number")),
            Some(_) => Err(must_be(field, "a whole number")),
        }
    }

    /// Texts by key, of which some may be null; `None` if the field is not there or null.
    pub(crate) fn texts(&mut self, field: &'static str) -> Result<Option<Texts>> {
        let what = "an object whose values are strings or null";
        let object = match self.take(field) {
            None | Some(Json::Null) => return Ok(None),
            Some(Json::Object(object)) => object,
            Some(_) => return Err(must_be(field, what)),
        };
        let texts = object.0.into_iter().map(|(key, value)| match value {
            Json::Null => Ok((key, None)),
            Json::Text(text) => Ok((key, Some(text))),
            _ => Err(must_be(field, what)),
        });
        texts.collect::<Result<_>>().map(Some)
    }

    /// A list of texts; empty if the field is not there or null.
    pub(crate) fn list(&mut self, field: &'static str) -> Result<Vec<String>> {
        let items = match self.take(field) {
            None | Some(Json::Null) => return Ok(Vec::new()),
            Some(Json::List(items)) => items,
            Some(_) => return Err(must_be(field, "a list of strings")),
        };
        let texts = items.into_iter().map(|item| match item {
            Json::Text(text) => Ok(secrecy::ExposeSecret::expose_secret(&text).to_owned()),
            _ => Err(must_be(field, "a list of strings")),
        });
        texts.collect()
    }
}

fn must_be(field: &str, what: &str) -> Error {
    invalid(&format!("{field}: it must be {what}"))
}

fn invalid(text: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, text.to_owned())
}

/// Reads an id as it stands in a body or a path: with or without hyphens.
pub(crate) fn id(field: &str, text: &str) -> Result<Uuid> {
    Uuid::parse_str(text).map_err(|_| must_be(field, "a UUID"))
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    depth: u8,
    left: &'a Cell<u32>,
}

impl Seed<'_> {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => Err(E::custom("too deep")),
        }
    }

    fn count<E: de::Error>(self) -> Result<(), E> {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(E::custom("too many")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(i64::try_from(value).map_or(Json::Number, Json::Int))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(SecretString::from(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(inner)? {
            self.count()?;
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let (mut pairs, mut seen) = (Vec::new(), BTreeSet::new());
        while let Some(key) = map.next_key::<String>()? {
            self.count()?;
            if !seen.insert(key.clone()) {
                return Err(de::Error::custom("twice"));
            }
            pairs.push((key, map.next_value_seed(inner)?));
        }
        Ok(Json::Object(Object(pairs)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Object::parse(text.as_bytes()).err().expect("it was accepted").to_string()
    }

    #[test]
    fn what_is_no_plain_object_is_refused_without_being_repeated() {
        for text in
            ["", "[]", "1", "{", "{\"canary\":1,}", "\"canary\"", "{\"canary\":1,\"canary\":2}", "{}{}"]
        {
            assert!(!refused(text).contains("canary"), "{text}");
        }
        let deep = format!("{}{}", "{\"a\":".repeat(40), "1");
        assert!(refused(&deep).contains("nested"));
        let many: Vec<String> = (0..=NODES).map(|n| format!("\"{n}\":1")).collect();
        assert!(refused(&format!("{{{}}}", many.join(","))).contains("30000 keys"));
    }

    #[test]
    fn fields_are_what_they_have_to_be() {
        let parse = |text: &str| Object::parse(text.as_bytes()).unwrap();
        assert_eq!(parse("{\"a\":\"x\"}").text("a").unwrap().unwrap(), "x");
        assert!(parse("{\"a\":null}").text("a").unwrap().is_none());
        for wrong in ["1", "true", "[]", "{}", "1.5"] {
            let error = parse(&format!("{{\"a\":{wrong}}}")).text("a").unwrap_err();
            assert_eq!(error.to_string(), "a: it must be a string");
        }
        for (text, value) in [("true", true), ("\"Yes\"", true), ("0", false), ("\"off\"", false)] {
            assert_eq!(parse(&format!("{{\"a\":{text}}}")).boolean("a").unwrap(), Some(value));
        }
        assert!(parse("{\"a\":\"maybe\"}").boolean("a").is_err());
        assert_eq!(parse("{\"a\":\"15\"}").integer("a").unwrap(), Some(15));
        assert!(parse("{\"a\":1.5}").integer("a").is_err());
        assert!(parse("{\"a\":{\"k\":1}}").texts("a").is_err());
        assert_eq!(parse("{\"a\":{\"k\":null}}").texts("a").unwrap().unwrap().len(), 1);
    }
}
