//! A payload as the object that a version of KV holds, and back.
//!
//! A flat JSON object of strings is kept as it is, so that people and programs read its keys in Vault. Everything else
//! (sealed payloads above all) is one text under one key.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use strongroom_core::{Error, ErrorKind, Payload, Result};
use zeroize::{Zeroize as _, Zeroizing};

/// The key of a payload that is no flat object.
const SEALED: &str = "strongroom_sealed";

/// The object to store. [`wipe`] it after use.
///
/// # Errors
/// [`ErrorKind::Corrupt`] if it is not text.
pub(crate) fn encode(payload: &Payload) -> Result<Value> {
    let text = payload.expose_text()?;
    if let Ok(mut value) = serde_json::from_str::<Value>(text) {
        if is_kept(&value) && bytes(&value).as_slice() == payload.expose() {
            return Ok(value);
        }
        wipe(&mut value);
    }
    Ok(Value::Object(Map::from_iter([(SEALED.to_owned(), Value::String(text.to_owned()))])))
}

/// The payload that an object was made of; the object is wiped.
///
/// # Errors
/// [`ErrorKind::Corrupt`] if we never made such an object.
pub(crate) fn decode(mut value: Value) -> Result<Payload> {
    let payload = match &mut value {
        Value::Object(map) if map.len() == 1 && map.contains_key(SEALED) => match map.remove(SEALED) {
            Some(Value::String(text)) => Some(Payload::new(text.into_bytes())),
            _ => None,
        },
        Value::Object(map) if map.values().all(Value::is_string) => {
            Some(Payload::new(std::mem::take(&mut *bytes(&value))))
        }
        _ => None,
    };
    wipe(&mut value);
    payload.ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, "the version in HashiCorp Vault is no flat object of strings")
    })
}

/// Overwrites every text in it.
pub(crate) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(map) => map.values_mut().for_each(wipe),
        _ => {}
    }
}

/// Whether it reads back as itself: an object that looks like one of ours around a text does not.
fn is_kept(value: &Value) -> bool {
    value.as_object().is_some_and(|map| {
        map.values().all(Value::is_string) && !(map.len() == 1 && map.contains_key(SEALED))
    })
}

/// Compact, the keys sorted, as Vault keeps them.
fn bytes(value: &Value) -> Zeroizing<Vec<u8>> {
    // Whatever order the map has: a feature of the library that anybody may switch on decides that.
    let value: BTreeMap<_, _> = value.as_object().into_iter().flatten().collect();
    let mut size = Counter(0);
    // Neither writer fails, and an object of strings can be written.
    let _ = serde_json::to_writer(&mut size, &value);
    // Enough from the start: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(size.0));
    let _ = serde_json::to_writer(&mut *bytes, &value);
    bytes
}

struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_byte_for_byte() {
        for (text, plain) in [
            (r#"{"a":"1","b":"<é\u0000"}"#, true),
            ("{}", true),
            (r#"{"b":"1","a":"2"}"#, false),
            (r#"{ "a":"1"}"#, false),
            (r#"{"a":"1","a":"2"}"#, false),
            (r#"{"a":1}"#, false),
            (r#"{"a":{"b":"c"}}"#, false),
            (r#"{"strongroom_sealed":"x"}"#, false),
            (r#"{"a":"1","strongroom_sealed":"x"}"#, true),
            ("null", false),
            ("U1JTMQ==", false),
            ("", false),
        ] {
            let value = encode(&Payload::new(text.into())).unwrap();
            assert_eq!(value.get(SEALED).is_some_and(|inner| *inner == *text), !plain, "{text}");
            assert_eq!(decode(value).unwrap().expose(), text.as_bytes());
        }
    }

    #[test]
    fn what_we_never_made_is_corrupt() {
        for text in ["null", "[]", r#"{"a":1}"#, r#"{"strongroom_sealed":{}}"#] {
            let error = decode(serde_json::from_str(text).unwrap()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{text}");
        }
        assert_eq!(encode(&Payload::new(vec![0xff])).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
