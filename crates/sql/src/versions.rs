//! Version rows and inline payloads.

use crate::{
    audit, connection::Statement, error::Failure, read, rows, transaction::Transaction, value::args,
};
use strongroom_core::{SecretId, SecretMeta, Timestamp};
use strongroom_engine::{NewVersionRow, Place, Row, VersionRow, crypto::KeyId};

/// A secret with its current version.
pub(crate) async fn current(tx: &mut Transaction, secret: SecretId) -> Result<Option<Row>, Failure> {
    let sql = format!("SELECT {} FROM {} WHERE s.id = ?", rows::columns(), rows::CURRENT_FROM);
    read::first(tx.fetch(&sql, args![secret.0]).await?, rows::row)
}

/// The versions of a secret but the newest `kept`.
pub(crate) async fn beyond(
    tx: &mut Transaction,
    secret: SecretId,
    kept: u32,
) -> Result<Vec<VersionRow>, Failure> {
    let sql = format!(
        "SELECT {} FROM {} WHERE s.id = ? ORDER BY v.revision DESC LIMIT 10000 OFFSET ?",
        rows::columns(),
        rows::ANY_FROM
    );
    let found = tx.fetch(&sql, args![secret.0, kept]).await?;
    found.into_iter().map(|record| rows::row(record).map(|row| row.version)).collect()
}

/// Adds a payload, if the version is inline.
pub(crate) fn payload(place: &Place, key: Option<KeyId>) -> Option<Statement> {
    let Place::Inline { payload, sealed } = place else { return None };
    let sql = "INSERT INTO payloads (id, key_id, bytes) VALUES (?, ?, ?)";
    Some(Statement::new(sql, args![payload.0, key.map(|key| key.0), sealed.as_slice()]))
}

/// Adds a version with its payload.
pub(crate) fn insert(
    new: &NewVersionRow,
    meta: &SecretMeta,
    now: Timestamp,
) -> impl Iterator<Item = Statement> {
    let (payload_id, store, object, at) = place(&new.place);
    let version = Statement::new(
        "INSERT INTO versions (payload, store, object, at_ref, key_id, digest, size, uid, secret, revision, created, placed, \
         visible_to_others) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        args![
            payload_id,
            store,
            object,
            at,
            new.key.map(|key| key.0),
            new.digest.as_deref(),
            new.size,
            new.uid.0,
            meta.id.0,
            audit::number(meta.revision.0),
            now.0,
            now.0,
            !meta.private,
        ],
    );
    payload(&new.place, new.key).into_iter().chain([version])
}

/// Puts a version elsewhere. The new payload must be there.
pub(crate) fn relocate(to: &NewVersionRow, now: Timestamp) -> Statement {
    let (payload_id, store, object, at) = place(&to.place);
    Statement::new(
        "UPDATE versions SET payload = ?, store = ?, object = ?, at_ref = ?, key_id = ?, digest = ?, size = ?, \
         placed = ? WHERE uid = ?",
        args![
            payload_id,
            store,
            object,
            at,
            to.key.map(|key| key.0),
            to.digest.as_deref(),
            to.size,
            now.0,
            to.uid.0,
        ],
    )
}

/// The version as it is once it is inserted.
pub(crate) fn row(new: &NewVersionRow, meta: &SecretMeta, now: Timestamp) -> VersionRow {
    VersionRow {
        uid: new.uid,
        revision: meta.revision,
        created: now,
        placed: now,
        place: new.place.clone(),
        key: new.key,
        digest: new.digest.clone(),
        size: new.size,
        visible_to_others: !meta.private,
    }
}

type Columns<'a> = (Option<uuid::Uuid>, Option<&'a str>, Option<uuid::Uuid>, Option<&'a str>);

fn place(place: &Place) -> Columns<'_> {
    match place {
        Place::Inline { payload, .. } => (Some(payload.0), None, None, None),
        Place::External { store, object, at } => {
            (None, Some(store.as_str()), Some(object.0), Some(at.as_str()))
        }
    }
}
