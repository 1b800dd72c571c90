//! JSON maps.

use super::map::{Pairs, Wrong, not_text};
use secrecy::SecretString;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::{cell::RefCell, fmt};
use strongroom_core::SecretValues;

/// Reads a JSON object of strings.
pub(super) fn read(text: &str) -> Result<SecretValues, Wrong> {
    // What is wrong with the content is kept aside: the library's error would wrap it in words of its own.
    let wrong = RefCell::new(None);
    let mut json = serde_json::Deserializer::from_str(text);
    let read = json.deserialize_map(Object { wrong: &wrong }).and_then(|values| json.end().map(|()| values));
    read.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        wrong.take().unwrap_or(Wrong::Syntax { line, column })
    })
}

struct Object<'a> {
    wrong: &'a RefCell<Option<Wrong>>,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = SecretValues;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretValues, A::Error> {
        let mut pairs = Pairs::default();
        while let Some(key) = map.next_key::<String>()? {
            let added = match map.next_value_seed(Value)? {
                Ok(value) => pairs.add(&key, value),
                Err(what) => Err(not_text(&key, what)),
            };
            if let Err(wrong) = added {
                self.wrong.replace(Some(wrong));
                return Err(de::Error::custom("content"));
            }
        }
        Ok(pairs.finish())
    }
}

/// A value: a text, or what it is instead.
struct Value;

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Result<SecretString, &'static str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Result<SecretString, &'static str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Ok(text.into()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Err("true or false"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Err("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Err("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Err("a number"))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Err("null"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Err("a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Err("a map"))
    }
}
