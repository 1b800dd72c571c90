//! From records to the engine's rows.

use crate::{
    error::Failure,
    value::{Record, damaged},
};
use strongroom_core::{
    Error, ErrorKind, ObjectId, Owner, OwnerId, Revision, SecretId, SecretMeta, SecretName, Timestamp,
    VersionRef, VersionUid,
};
use strongroom_engine::{
    Debris, PayloadRef, Pending, Place, Row, Stamp, StoreName, VersionRow, crypto::KeyId,
};

/// The columns that [`meta`] reads, of [`META_FROM`].
pub(crate) const META: &str =
    "s.id, s.name, s.private, s.owner, a.name, a.full_name, s.created, s.updated, s.revision";

/// The tables of [`META`].
pub(crate) const META_FROM: &str = "secrets s JOIN accounts a ON a.id = s.owner";

/// How many columns [`META`] has.
const AFTER_META: usize = 9;

/// The columns that [`row`] reads. They need `secrets s`, `accounts a`, `versions v` and `payloads p`.
pub(crate) fn columns() -> String {
    format!(
        "{META}, s.change_id, a.generation, v.uid, v.revision, v.created, v.payload, p.bytes, v.store, v.object, \
         v.at_ref, v.key_id, v.digest, v.size, v.visible_to_others, v.placed"
    )
}

/// The tables of [`columns`], with the current version.
pub(crate) const CURRENT_FROM: &str = "secrets s JOIN accounts a ON a.id = s.owner \
     JOIN versions v ON v.uid = s.current_version LEFT JOIN payloads p ON p.id = v.payload";

/// The tables of [`columns`], with any version.
pub(crate) const ANY_FROM: &str = "secrets s JOIN accounts a ON a.id = s.owner \
     JOIN versions v ON v.secret = s.id LEFT JOIN payloads p ON p.id = v.payload";

/// Everything about a secret but its values; its texts are taken out of the record. What is damaged in it names the secret.
pub(crate) fn meta(record: &mut Record) -> Result<SecretMeta, Failure> {
    let id = SecretId(record.uuid(0)?);
    fields(id, record).map_err(|failure| failure.about("secret", id))
}

fn fields(secret: SecretId, record: &mut Record) -> Result<SecretMeta, Failure> {
    let id = OwnerId(record.uuid(3)?);
    let full_name = record.take_text(5).or_else(|_| record.shown(5))?;
    let owner = Owner { id, name: record.take_text(4)?, full_name };
    let name = SecretName::new(record.take_text(1)?).map_err(|_| damaged("a name", 1))?;
    let created = Timestamp(record.i64(6)?);
    let mut meta = SecretMeta::new(secret, name, record.flag(2)?, owner, created);
    meta.updated = Timestamp(record.i64(7)?);
    meta.revision = Revision(record.u64(8)?);
    Ok(meta)
}

/// A secret with one of its versions.
pub(crate) fn row(mut record: Record) -> Result<Row, Failure> {
    let stamp = Stamp { change: record.uuid(AFTER_META)?, owner: record.i64(AFTER_META + 1)? };
    let meta = meta(&mut record)?;
    let version = version(&mut record, AFTER_META + 2).map_err(|failure| failure.about("secret", meta.id))?;
    Ok(Row { meta, stamp, version })
}

fn version(record: &mut Record, at: usize) -> Result<VersionRow, Failure> {
    let place = if record.is_null(at + 3) {
        Place::External {
            store: StoreName::new(record.take_text(at + 5)?)?,
            object: ObjectId(record.uuid(at + 6)?),
            at: VersionRef::new(record.take_text(at + 7)?),
        }
    } else {
        // Bytes that are gone are as good as none: whoever reads them is told whose they were, and lists go on.
        let sealed = if record.is_null(at + 4) { Vec::new() } else { record.take_bytes(at + 4)? };
        Place::Inline { payload: PayloadRef(record.uuid(at + 3)?), sealed }
    };
    Ok(VersionRow {
        uid: VersionUid(record.uuid(at)?),
        revision: Revision(record.u64(at + 1)?),
        created: Timestamp(record.i64(at + 2)?),
        placed: Timestamp(record.i64(at + 12)?),
        place,
        key: record.maybe(at + 8, Record::uuid)?.map(KeyId),
        digest: record.maybe(at + 9, Record::bytes)?,
        size: u32::try_from(record.i64(at + 10)?).unwrap_or(u32::MAX),
        visible_to_others: record.flag(at + 11)?,
    })
}

/// The columns that [`pending`] reads.
pub(crate) const PENDING: &str = "uid, version, secret, locked, store, object, debris, at_ref, attempted, key_id, \
     digest, due, born, claimed";

/// A pending row.
pub(crate) fn pending(record: &Record) -> Result<Pending, Failure> {
    let debris = match record.i64(6)? {
        0 => Debris::Unknown,
        1 => Debris::Version(VersionRef::new(record.text(7)?)),
        2 => Debris::Object,
        3 => Debris::Labels,
        other => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "pending: a row of a kind that this program does not know; upgrade it",
            )
            .with("kind", other)
            .into());
        }
    };
    Ok(Pending {
        uid: VersionUid(record.uuid(0)?),
        version: VersionUid(record.uuid(1)?),
        secret: SecretId(record.uuid(2)?),
        locked: !record.is_null(3),
        store: StoreName::new(record.text(4)?)?,
        object: ObjectId(record.uuid(5)?),
        debris,
        attempted: record.flag(8)?,
        key: record.maybe(9, Record::uuid)?.map(KeyId),
        digest: record.maybe(10, Record::bytes)?,
        due: Timestamp(record.i64(11)?),
        born: Timestamp(record.i64(12)?),
        claimed: record.maybe(13, Record::i64)?.map(Timestamp),
    })
}

/// How [`Debris`] stands in a row: a number, and the version.
pub(crate) fn debris(debris: &Debris) -> (i64, Option<&str>) {
    match debris {
        Debris::Unknown => (0, None),
        Debris::Version(at) => (1, Some(at.as_str())),
        Debris::Object => (2, None),
        Debris::Labels => (3, None),
    }
}
