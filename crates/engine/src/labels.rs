//! What goes along with an object in a back-end, so that a catalog can be rebuilt from it.
//!
//! The record is base64url of: version 1, the key's id, a MAC, and the fields; believed only with a valid MAC. In a
//! sealed store the fields are sealed. Where no database says which versions there are, a zero byte and the list of
//! them follows the fields.

use crate::{
    crypto::{KeyId, KeyKind, Purpose, equal, mac, open, seal, sealed_by},
    kept::{self, Kept},
    ring::KeyRing,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use strongroom_core::{
    Error, ErrorKind, Labels, NamespaceId, ObjectId, OwnerId, Result, SecretId, SecretMeta, SecretName,
};
use uuid::Uuid;

const PLAIN: u8 = 1;
const SEALED: u8 = 2;
const DOMAIN: &str = "labels v1";
/// Between the fields and the versions.
const BORDER: u8 = 0;

/// What labels tell about a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRecord {
    /// Its name.
    pub name: String,
    /// Whether it is private.
    pub private: bool,
    /// The owner's id.
    pub owner: Uuid,
    /// When it was made, in microseconds since 1970.
    pub created: i64,
    /// When it was last changed, in microseconds since 1970.
    pub updated: i64,
    /// Its revision.
    pub revision: u64,
}

impl LabelRecord {
    pub(crate) fn of(meta: &SecretMeta) -> Self {
        Self {
            name: meta.name.as_str().to_owned(),
            private: meta.private,
            owner: meta.owner.id.0,
            created: meta.created.0,
            updated: meta.updated.0,
            revision: meta.revision.0,
        }
    }

    /// The owner.
    #[must_use]
    pub fn owner(&self) -> OwnerId {
        OwnerId(self.owner)
    }

    /// The name, checked.
    ///
    /// # Errors
    /// `InvalidInput` if it breaks the rules of names.
    pub fn name(&self) -> Result<SecretName> {
        SecretName::new(self.name.clone())
    }
}

/// What the catalog is told about the labels that were put along. It leaves a row to bring them up to date if they say
/// otherwise than the secret does: so they do, on purpose, if the back-end wants to be told once more.
pub(crate) fn labelled(meta: &SecretMeta, relabel: bool) -> (SecretName, bool) {
    (meta.name.clone(), meta.private != relabel)
}

/// What is told of an object, and the versions in it where no database lists them.
pub(crate) struct Told {
    pub(crate) record: LabelRecord,
    pub(crate) kept: Option<(ObjectId, Vec<Kept>)>,
}

pub(crate) fn labels(
    ring: &KeyRing,
    namespace: NamespaceId,
    secret: SecretId,
    told: &Told,
    sealed: bool,
) -> Result<Labels> {
    let mut fields = fields(&told.record)?;
    if let Some((object, versions)) = &told.kept {
        let kept = kept::encode(*object, versions, fields.len());
        if kept.len() == 16 && !versions.is_empty() {
            let text = "name: too long to be kept in the labels of this store, as it is without a database";
            return Err(Error::new(ErrorKind::InvalidInput, text));
        }
        fields.push(BORDER);
        fields.extend(kept);
    }
    let mut bytes = Vec::with_capacity(fields.len() + 160);
    if sealed {
        let key = ring.active(KeyKind::Seal)?;
        bytes.push(SEALED);
        bytes.extend(seal(key.row.id, &key.key, Purpose::Metadata, &binding(namespace, secret), &fields)?);
    } else {
        let key = ring.active(KeyKind::Digest)?;
        bytes.push(PLAIN);
        bytes.extend(key.row.id.0.as_bytes());
        bytes.extend(mac(&key.key, DOMAIN, &[&binding(namespace, secret), &fields]));
        bytes.extend(fields);
    }
    Ok(Labels::new(secret, URL_SAFE_NO_PAD.encode(bytes)))
}

/// How many versions the labels of such a secret can list, whose references have so many bytes.
pub(crate) fn room(record: &LabelRecord, reference: usize) -> Result<usize> {
    Ok(kept::room(fields(record)?.len(), reference))
}

fn fields(record: &LabelRecord) -> Result<Vec<u8>> {
    serde_json::to_vec(record)
        .map_err(|_| Error::new(ErrorKind::Unexpected, "the labels could not be encoded"))
}

/// Reads labels back.
///
/// # Errors
/// `Corrupt` if they were not made by this deployment, or were changed.
pub(crate) async fn read(ring: &KeyRing, namespace: NamespaceId, labels: &Labels) -> Result<Told> {
    let corrupt = || Error::new(ErrorKind::Corrupt, "the labels are not as this deployment wrote them");
    let bytes = URL_SAFE_NO_PAD.decode(&labels.record).map_err(|_| corrupt())?;
    let binding = binding(namespace, labels.secret);
    let fields = match bytes.split_first() {
        Some((&SEALED, sealed)) => {
            let id = sealed_by(sealed)?;
            open(id, &*ring.get(id).await?, Purpose::Metadata, &binding, sealed)?.to_vec()
        }
        Some((&PLAIN, rest)) => {
            let (id, rest) = rest.split_first_chunk::<16>().ok_or_else(corrupt)?;
            let (tag, fields) = rest.split_first_chunk::<32>().ok_or_else(corrupt)?;
            let key = ring.get(KeyId(Uuid::from_bytes(*id))).await?;
            if !equal(tag, &mac(&key, DOMAIN, &[&binding, fields])) {
                return Err(corrupt());
            }
            fields.to_vec()
        }
        _ => return Err(corrupt()),
    };
    // No zero byte is in JSON.
    let (record, kept) = match fields.iter().position(|byte| *byte == BORDER) {
        Some(border) => (&fields[..border], Some(kept::decode(&fields[border + 1..]).ok_or_else(corrupt)?)),
        None => (&fields[..], None),
    };
    Ok(Told { record: serde_json::from_slice(record).map_err(|_| corrupt())?, kept })
}

/// Of a fixed length, as sealing metadata needs it.
fn binding(namespace: NamespaceId, secret: SecretId) -> [u8; 32] {
    let mut binding = [0; 32];
    binding[..16].copy_from_slice(namespace.0.as_bytes());
    binding[16..].copy_from_slice(secret.0.as_bytes());
    binding
}
