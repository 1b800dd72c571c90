//! What is sent and what is answered, as JSON.

use crate::{buffer::Buffer, error};
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap as _};
use std::collections::BTreeMap;
use strongroom_core::{
    Error, ErrorKind, Owner, OwnerId, Result, Revision, Secret, SecretId, SecretMeta, SecretName,
    SecretValues, Timestamp, Version,
};
use time::{PrimitiveDateTime, format_description::BorrowedFormatItem, macros::format_description};
use uuid::Uuid;

const TIME: &[BorrowedFormatItem<'_>] = format_description!(
    version = 2,
    "[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]"
);

/// A secret as servers answer it.
#[derive(Deserialize)]
pub(crate) struct SecretView {
    id: Uuid,
    name: String,
    body: SecretBody,
    #[serde(default)]
    resources: Option<Resources>,
}

#[derive(Deserialize)]
struct SecretBody {
    created: String,
    updated: String,
    #[serde(default)]
    user_id: Option<Uuid>,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    values: Option<BTreeMap<String, Option<SecretString>>>,
    /// ZenML has none.
    #[serde(default)]
    revision: Option<u64>,
    /// The revision that wrote the values.
    #[serde(default)]
    values_revision: Option<u64>,
}

#[derive(Deserialize)]
struct Resources {
    #[serde(default)]
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    id: Uuid,
    name: String,
    #[serde(default)]
    body: Option<UserBody>,
}

#[derive(Deserialize)]
struct UserBody {
    #[serde(default)]
    full_name: Option<String>,
}

/// A page of anything.
#[derive(Deserialize)]
pub(crate) struct PageView<T> {
    pub(crate) index: u32,
    pub(crate) max_size: u32,
    pub(crate) total_pages: u32,
    pub(crate) total: u64,
    pub(crate) items: Vec<T>,
}

/// A kept version.
#[derive(Deserialize)]
pub(crate) struct VersionView {
    revision: u64,
    created: String,
    current: bool,
}

/// The answer about many secrets.
#[derive(Deserialize)]
pub(crate) struct Many {
    pub(crate) items: Vec<Item>,
}

#[derive(Deserialize)]
pub(crate) struct Item {
    #[serde(default)]
    pub(crate) secret: Option<SecretView>,
    #[serde(default)]
    pub(crate) error: Option<serde_json::Value>,
}

impl SecretView {
    pub(crate) fn id(&self) -> SecretId {
        SecretId(self.id)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What a change can be bound to; `None` if the server has no revisions.
    pub(crate) fn revision(&self) -> Option<Revision> {
        self.body.revision.map(Revision)
    }

    /// Everything but the values.
    pub(crate) fn meta(&self) -> Result<SecretMeta> {
        let user = self.resources.as_ref().and_then(|resources| resources.user.as_ref());
        let id = self.body.user_id.or(user.map(|user| user.id)).unwrap_or_default();
        let full_name = user.and_then(|user| user.body.as_ref()?.full_name.clone());
        let owner = Owner {
            id: OwnerId(id),
            name: user.map(|user| user.name.clone()).unwrap_or_default(),
            full_name: full_name.unwrap_or_default(),
        };
        let name = SecretName::new(self.name.as_str()).map_err(|_| nonsense("name"))?;
        let mut meta =
            SecretMeta::new(SecretId(self.id), name, self.body.private, owner, time(&self.body.created)?);
        meta.updated = time(&self.body.updated)?;
        meta.revision = Revision(self.body.revision.unwrap_or(0));
        Ok(meta)
    }

    /// The whole secret. Values that the server withholds are the caller's to see only if it wants the keys alone.
    pub(crate) fn secret(self, keys_only: bool) -> Result<Secret> {
        let meta = self.meta()?;
        let version = self.body.values_revision.map_or(meta.revision, Revision);
        let pairs = self.body.values.unwrap_or_default();
        let withheld = pairs.values().any(Option::is_none);
        if withheld && !keys_only {
            return Err(error::hidden());
        }
        let values = if keys_only {
            SecretValues::hidden(pairs.into_keys())
        } else {
            pairs.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
        };
        Ok(Secret::new(meta, values, version))
    }
}

impl VersionView {
    pub(crate) fn version(&self) -> Result<Version> {
        Ok(Version::new(Revision(self.revision), time(&self.created)?, self.current))
    }
}

impl Item {
    /// The exception and the text of an item's error.
    pub(crate) fn told(&self) -> Option<(&str, &str)> {
        let pair = self.error.as_ref()?.as_array()?;
        Some((pair.first()?.as_str()?, pair.get(1)?.as_str()?))
    }
}

/// A moment as the contract writes it: UTC, with or without saying so.
pub(crate) fn time(text: &str) -> Result<Timestamp> {
    let bare = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00")).unwrap_or(text);
    let at = PrimitiveDateTime::parse(bare, TIME).map_err(|_| nonsense("time"))?;
    let micros = at.assume_utc().unix_timestamp_nanos() / 1000;
    Ok(Timestamp(i64::try_from(micros).map_err(|_| nonsense("time"))?))
}

fn nonsense(what: &str) -> Error {
    Error::new(ErrorKind::Unexpected, format!("the server's answer holds no {what} where one belongs"))
}

/// A secret to be made, or what is to change of one.
#[derive(Default, Serialize)]
pub(crate) struct Change<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) private: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) values: Option<Values<'a>>,
}

/// Values on their way to the server: the one place where they leave as text.
pub(crate) struct Values<'a>(BTreeMap<&'a str, Option<&'a SecretString>>);

impl<'a> Values<'a> {
    pub(crate) fn all(values: &'a SecretValues) -> Result<Self> {
        values.check_writable()?;
        Ok(Self(values.iter().map(|(key, value)| (key, Some(value))).collect()))
    }

    /// Of a key that is named twice the last one counts.
    pub(crate) fn merged(pairs: &'a [(String, Option<SecretString>)]) -> Self {
        Self(pairs.iter().map(|(key, value)| (key.as_str(), value.as_ref())).collect())
    }
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, &value.map(|value| value.expose_secret()))?;
        }
        map.end()
    }
}

/// JSON in memory that is wiped.
pub(crate) fn json(value: &impl Serialize) -> Result<Bytes> {
    let mut buffer = Buffer::default();
    serde_json::to_writer(&mut buffer, value)
        .map_err(|_| Error::new(ErrorKind::Unexpected, "the request did not become JSON"))?;
    Ok(buffer.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_in_all_its_forms() {
        for (text, micros) in [
            ("2026-11-21T20:59:24.355844", 1_795_294_764_355_844),
            ("2026-11-21T20:59:24.3", 1_795_294_764_300_000),
            ("2026-11-21T20:59:24", 1_795_294_764_000_000),
            ("2026-11-21T20:59:24.000001Z", 1_795_294_764_000_001),
            ("1969-12-31T23:59:59.999999+00:00", -1),
        ] {
            assert_eq!(time(text).unwrap(), Timestamp(micros), "{text}");
        }
        assert!(time("yesterday").is_err() && time("2026-11-21T20:59:24+02:00").is_err());
    }

    #[test]
    fn the_least_that_a_server_answers_is_enough() {
        let text = r#"{"id":"eaa6bcf9-c418-407a-8a13-4f2a30521ba6","name":"a","more":[1],
            "body":{"created":"2026-11-21T20:59:24","updated":"2026-11-21T20:59:24","values":{"k":"v"}}}"#;
        let secret = serde_json::from_str::<SecretView>(text).unwrap().secret(false).unwrap();
        assert_eq!((secret.meta.revision, secret.version), (Revision(0), Revision(0)));
        assert_eq!(secret.values.get("k").unwrap().expose_secret(), "v");
    }

    #[test]
    fn withheld_values_are_refused_unless_keys_are_enough() {
        let text = r#"{"id":"eaa6bcf9-c418-407a-8a13-4f2a30521ba6","name":"a","resources":{"user":null},
            "body":{"created":"2026-11-21T20:59:24","updated":"2026-11-21T20:59:24","values":{"k":null}}}"#;
        let read = |keys_only| serde_json::from_str::<SecretView>(text).unwrap().secret(keys_only);
        assert_eq!(read(false).unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert!(read(true).unwrap().values.is_hidden());
    }
}
