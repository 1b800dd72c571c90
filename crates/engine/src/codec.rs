//! Values to payloads and back.
//!
//! - Plain: a compact JSON object of strings, keys sorted.
//! - Sealed for a back-end: the sealed bytes in base64; inline: the sealed bytes as they are.

use crate::{
    crypto::{
        Digest, KeyId, KeyKind, digest_values, open_values, seal_values, sealed_by, value_binding,
        verify_values,
    },
    ring::KeyRing,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor},
    ser::SerializeMap,
};
use std::fmt;
use strongroom_core::{Error, ErrorKind, NamespaceId, Payload, Result, SecretId, SecretValues, VersionUid};

/// What values are bound to: they cannot be moved to another secret, version or deployment unseen.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) namespace: NamespaceId,
    pub(crate) secret: SecretId,
    pub(crate) version: VersionUid,
}

impl Bound {
    fn binding(&self) -> impl AsRef<[u8]> {
        value_binding(self.namespace, self.secret, self.version)
    }
}

/// Seals for the catalog's own rows, with the active key.
pub(crate) fn seal_inline(ring: &KeyRing, bound: &Bound, values: &SecretValues) -> Result<(KeyId, Vec<u8>)> {
    let active = ring.active(KeyKind::Seal)?;
    let sealed = seal_values(active.row.id, &active.key, bound.binding().as_ref(), values)?;
    Ok((active.row.id, sealed))
}

pub(crate) async fn open_inline(
    ring: &KeyRing,
    bound: &Bound,
    key: KeyId,
    sealed: &[u8],
) -> Result<SecretValues> {
    // The row says which key it was: another one means that other bytes were put in their place.
    if sealed_by(sealed)? != key {
        return Err(corrupt("the sealed value is not the one that was written"));
    }
    let data_key = ring.get(key).await?;
    open_values(key, &data_key, bound.binding().as_ref(), sealed)
}

/// Encodes for a back-end; sealed with the active key if asked for.
pub(crate) fn encode(
    ring: &KeyRing,
    bound: &Bound,
    sealed: bool,
    values: &SecretValues,
) -> Result<(Option<KeyId>, Payload)> {
    if sealed {
        let (key, bytes) = seal_inline(ring, bound, values)?;
        return Ok((Some(key), Payload::new(STANDARD.encode(bytes).into_bytes())));
    }
    // A buffer that grew would leave pieces of values behind: room for every character escaped.
    let mut json = Vec::with_capacity(values.size() * 6 + values.len() * 6 + 2);
    serde_json::to_writer(&mut json, &Plain(values))
        .map_err(|_| Error::new(ErrorKind::Unexpected, "the values could not be encoded"))?;
    Ok((None, Payload::new(json)))
}

pub(crate) async fn decode(
    ring: &KeyRing,
    bound: &Bound,
    key: Option<KeyId>,
    payload: &Payload,
) -> Result<SecretValues> {
    match key {
        None => decode_plain(payload.expose()),
        Some(key) => {
            let sealed =
                STANDARD.decode(payload.expose()).map_err(|_| corrupt("the sealed value is not base64"))?;
            open_inline(ring, bound, key, &sealed).await
        }
    }
}

pub(crate) fn digest(ring: &KeyRing, bound: &Bound, values: &SecretValues) -> Result<Vec<u8>> {
    let active = ring.active(KeyKind::Digest)?;
    let digest = digest_values(active.row.id, &active.key, bound.binding().as_ref(), values)?;
    Ok(digest.as_bytes().to_vec())
}

/// Whether these are the values that were pinned; `Corrupt` if not.
pub(crate) async fn verify(
    ring: &KeyRing,
    bound: &Bound,
    pinned: &[u8],
    values: &SecretValues,
) -> Result<()> {
    let pinned = Digest::from_bytes(pinned)?;
    let key = ring.get(pinned.key_id()).await?;
    verify_values(&pinned, pinned.key_id(), &key, bound.binding().as_ref(), values)
}

fn corrupt(text: &'static str) -> Error {
    Error::new(ErrorKind::Corrupt, text)
}

fn decode_plain(bytes: &[u8]) -> Result<SecretValues> {
    // serde_json's texts quote what they met: ours does not.
    let parsed: Result<Parsed, _> = serde_json::from_slice(bytes);
    parsed
        .map(|parsed| parsed.0)
        .map_err(|_| corrupt("the stored value is not a flat JSON object of strings"))
}

struct Plain<'a>(&'a SecretValues);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.0.iter() {
            map.serialize_entry(key, value.expose_secret())?;
        }
        map.end()
    }
}

struct Parsed(SecretValues);

/// A text, copied once and exactly: an owned one might be moved to shrink it.
struct Text(SecretString);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;
        impl Visitor<'_> for Borrowed {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(SecretString::from(text)))
            }
        }
        deserializer.deserialize_str(Borrowed)
    }
}

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Flat;
        impl<'de> Visitor<'de> for Flat {
            type Value = Parsed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a flat object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parsed, A::Error> {
                let mut values = SecretValues::new();
                while let Some(key) = map.next_key::<String>()? {
                    if values.contains_key(&key) {
                        return Err(A::Error::custom("a key twice"));
                    }
                    values.set(key, map.next_value::<Text>()?.0);
                }
                Ok(Parsed(values))
            }
        }
        deserializer.deserialize_map(Flat)
    }
}
