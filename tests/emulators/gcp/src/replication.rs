//! Where a secret's payloads are kept, and under which keys.

use crate::{
    body::Message,
    refusal::{Refusal, Result},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Where payloads are kept.
#[derive(Clone, Debug)]
pub(crate) enum Replication {
    /// Wherever Google likes, under this key or Google's.
    Automatic(Option<String>),
    /// In these locations, each with a key of its own, or none of them.
    UserManaged(Vec<(String, Option<String>)>),
}

impl Replication {
    pub(crate) fn read(message: &Message) -> Result<Self> {
        message.only(&["automatic", "userManaged"])?;
        match (message.message("automatic")?, message.message("userManaged")?) {
            (Some(automatic), None) => {
                automatic.only(&["customerManagedEncryption"])?;
                Ok(Self::Automatic(key(&automatic, "global")?))
            }
            (None, Some(managed)) => {
                managed.only(&["replicas"])?;
                replicas(&managed).map(Self::UserManaged)
            }
            _ => Err(Refusal::invalid("The replication must be either automatic or user managed.")),
        }
    }

    pub(crate) fn shown(&self) -> Value {
        match self {
            Self::Automatic(key) => json!({"automatic": encrypted(json!({}), key.as_deref())}),
            Self::UserManaged(replicas) => {
                let replica = |(location, key): &(String, Option<String>)| {
                    encrypted(json!({"location": location}), key.as_deref())
                };
                json!({"userManaged": {"replicas": replicas.iter().map(replica).collect::<Vec<_>>()}})
            }
        }
    }

    /// What a version that is added now says about it.
    pub(crate) fn status(&self) -> Value {
        match self {
            Self::Automatic(key) => json!({"automatic": used(json!({}), key.as_deref())}),
            Self::UserManaged(replicas) => {
                let replica = |(location, key): &(String, Option<String>)| {
                    used(json!({"location": location}), key.as_deref())
                };
                json!({"userManaged": {"replicas": replicas.iter().map(replica).collect::<Vec<_>>()}})
            }
        }
    }
}

fn replicas(managed: &Message) -> Result<Vec<(String, Option<String>)>> {
    let mut replicas = Vec::new();
    for replica in managed.messages("replicas")? {
        replica.only(&["location", "customerManagedEncryption"])?;
        let location = replica.text("location")?.unwrap_or_default().to_owned();
        let key = key(&replica, &location)?;
        replicas.push((location, key));
    }
    let locations: BTreeSet<_> = replicas.iter().map(|(location, _)| location).collect();
    if replicas.is_empty() || locations.len() < replicas.len() || locations.iter().any(|one| one.is_empty()) {
        return Err(Refusal::invalid("Each replica must be in a location of its own."));
    }
    let keys = replicas.iter().filter(|(_, key)| key.is_some()).count();
    if keys != 0 && keys != replicas.len() {
        return Err(Refusal::invalid("Either all replicas must have a KMS key, or none."));
    }
    Ok(replicas)
}

/// The key of a message, which must be one of this location.
pub(crate) fn key(message: &Message, location: &str) -> Result<Option<String>> {
    let Some(encryption) = message.message("customerManagedEncryption")? else { return Ok(None) };
    encryption.only(&["kmsKeyName"])?;
    let name = encryption.text("kmsKeyName")?.unwrap_or_default();
    match name.split('/').collect::<Vec<_>>()[..] {
        ["projects", project, "locations", place, "keyRings", ring, "cryptoKeys", key]
            if ![project, ring, key].contains(&"") && place == location =>
        {
            Ok(Some(name.to_owned()))
        }
        _ => Err(Refusal::invalid(format!("[{name}] is no KMS key of the location {location}."))),
    }
}

/// With the key that is set.
pub(crate) fn encrypted(mut shown: Value, key: Option<&str>) -> Value {
    if let Some(key) = key {
        shown["customerManagedEncryption"] = json!({"kmsKeyName": key});
    }
    shown
}

/// With the key that was used.
pub(crate) fn used(mut shown: Value, key: Option<&str>) -> Value {
    if let Some(key) = key {
        let version = format!("{key}/cryptoKeyVersions/1");
        shown["customerManagedEncryption"] = json!({"kmsKeyVersionName": version});
    }
    shown
}
