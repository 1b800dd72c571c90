//! Reading: each answer comes from statements that start after the call.

use crate::{
    audit::number,
    connection::{Connection, Statement},
    dialect::{Dialect, MOST_AT_ONCE, padded, places},
    error::Failure,
    rows,
    value::{Record, Value, args},
};
use std::{collections::BTreeMap, sync::LazyLock};
use strongroom_core::{Revision, SecretId, SecretMeta, Timestamp, VersionUid};
use strongroom_engine::{Lookup, Misplaced, NameKey, Row, Stamp, VersionHead};
use uuid::Uuid;

/// The rows with their current versions.
pub(crate) async fn current(
    connection: &mut Connection,
    which: &[Lookup],
) -> Result<Vec<Option<Row>>, Failure> {
    let mut rows = Vec::with_capacity(which.len());
    for some in which.chunks(MOST_AT_ONCE) {
        let (by_id, by_name) = found(connection, some).await?;
        rows.extend(some.iter().map(|lookup| match lookup {
            Lookup::Id(id) => by_id.get(id).cloned(),
            Lookup::Name(key) => by_name.get(key).and_then(|id| by_id.get(id)).cloned(),
        }));
    }
    Ok(rows)
}

type Found = (BTreeMap<SecretId, Row>, BTreeMap<NameKey, SecretId>);

async fn found(connection: &mut Connection, which: &[Lookup]) -> Result<Found, Failure> {
    let (mut ids, mut names) = (Vec::new(), Vec::new());
    for lookup in which {
        match lookup {
            Lookup::Id(id) => ids.push(Value::from(id.0)),
            Lookup::Name(key) => names.push(Value::from(key.as_str())),
        }
    }
    let mut conditions = Vec::new();
    if !ids.is_empty() {
        conditions.push(format!("s.id IN ({})", places(ids.len())));
    }
    if !names.is_empty() {
        conditions.push(format!("s.name_key IN ({})", places(names.len())));
    }
    let sql =
        format!("SELECT {} FROM {} WHERE {}", rows::columns(), rows::CURRENT_FROM, conditions.join(" OR "));
    let values = padded(&ids).chain(padded(&names)).collect();
    let (mut by_id, mut by_name) = (BTreeMap::new(), BTreeMap::new());
    for record in connection.fetch(&sql, values).await? {
        let row = rows::row(record)?;
        by_name.insert(NameKey::of(&row.meta), row.meta.id);
        by_id.insert(row.meta.id, row);
    }
    Ok((by_id, by_name))
}

/// Looks one row up with its current version.
pub(crate) fn one(which: &Lookup) -> Statement {
    fn by(column: &str) -> String {
        format!("SELECT {} FROM {} WHERE {column} = ?", rows::columns(), rows::CURRENT_FROM)
    }
    static BY_ID: LazyLock<String> = LazyLock::new(|| by("s.id"));
    static BY_NAME: LazyLock<String> = LazyLock::new(|| by("s.name_key"));
    match which {
        Lookup::Id(id) => Statement::new(BY_ID.as_str(), args![id.0]),
        Lookup::Name(key) => Statement::new(BY_NAME.as_str(), args![key.as_str()]),
    }
}

/// What the first of these is, if there is one.
pub(crate) fn first<T>(
    records: Vec<Record>,
    read: impl FnOnce(Record) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    records.into_iter().next().map(read).transpose()
}

/// The columns that [`stamp`] reads, behind the id.
const STAMP: &str = "s.id, s.change_id, a.generation";

/// Looks the stamp of one secret up.
pub(crate) fn one_stamp(id: &SecretId) -> Statement {
    static SQL: LazyLock<String> =
        LazyLock::new(|| format!("SELECT {STAMP} FROM {} WHERE s.id = ?", rows::META_FROM));
    Statement::new(SQL.as_str(), args![id.0])
}

/// A stamp, behind the secret's id.
pub(crate) fn stamp(record: &Record) -> Result<Stamp, Failure> {
    Ok(Stamp { change: record.uuid(1)?, owner: record.i64(2)? })
}

/// The stamps of secrets.
pub(crate) async fn stamps(
    connection: &mut Connection,
    ids: &[SecretId],
) -> Result<Vec<Option<Stamp>>, Failure> {
    let mut stamps = BTreeMap::new();
    for some in ids.chunks(MOST_AT_ONCE) {
        let sql = format!("SELECT {STAMP} FROM {} WHERE s.id IN ({})", rows::META_FROM, places(some.len()));
        let values = padded(some).map(|id| Value::from(id.0)).collect();
        for record in connection.fetch(&sql, values).await? {
            stamps.insert(SecretId(record.uuid(0)?), stamp(&record)?);
        }
    }
    Ok(ids.iter().map(|id| stamps.get(id).copied()).collect())
}

/// The row with the newest kept version at or below a revision.
pub(crate) async fn version(
    connection: &mut Connection,
    id: SecretId,
    as_of: Revision,
) -> Result<Option<Row>, Failure> {
    let sql = format!(
        "SELECT {} FROM {} WHERE s.id = ? AND v.revision <= ? ORDER BY v.revision DESC LIMIT 1",
        rows::columns(),
        rows::ANY_FROM
    );
    first(connection.fetch(&sql, args![id.0, number(as_of.0)]).await?, rows::row)
}

/// The secret and its kept versions, newest first.
pub(crate) async fn history(
    connection: &mut Connection,
    id: SecretId,
) -> Result<Option<(SecretMeta, Vec<VersionHead>)>, Failure> {
    let sql = format!(
        "SELECT {}, {HEAD} FROM {} JOIN versions v ON v.secret = s.id WHERE s.id = ? ORDER BY v.revision DESC",
        rows::META,
        rows::META_FROM
    );
    let mut records = connection.fetch(&sql, args![id.0]).await?;
    let Some(first) = records.first_mut() else { return Ok(None) };
    let meta = rows::meta(first)?;
    let heads = records.iter().map(|record| head(record, 9));
    Ok(Some((meta, heads.collect::<Result<_, Failure>>()?)))
}

/// The columns that [`head`] reads, of `versions v` and `secrets s`.
const HEAD: &str = "v.uid, v.revision, v.created, s.current_version, v.visible_to_others";

/// A version without its place, from this column on.
fn head(record: &Record, at: usize) -> Result<VersionHead, Failure> {
    let uid = record.uuid(at)?;
    Ok(VersionHead {
        uid: VersionUid(uid),
        revision: Revision(record.u64(at + 1)?),
        created: Timestamp(record.i64(at + 2)?),
        current: uid == record.uuid(at + 3)?,
        visible_to_others: record.flag(at + 4)?,
    })
}

/// Kept versions that are not where, or not sealed as, they should be.
pub(crate) async fn to_move(
    connection: &mut Connection,
    after: Option<(SecretId, VersionUid)>,
    limit: u32,
    wanted: &Misplaced,
) -> Result<Vec<Row>, Failure> {
    let mut after = after;
    loop {
        // What names them first: with their payloads all that lie behind would be sorted for each page.
        let found = misplaced(connection, "s.id, v.uid", after, limit, wanted).await?;
        let uids = found.iter().map(|record| record.uuid(1)).collect::<Result<Vec<_>, _>>()?;
        let rows = versions_named(connection, &uids).await?;
        match found.last() {
            // All of them went meanwhile: only a page without any is the end.
            Some(last) if rows.is_empty() => {
                after = Some((SecretId(last.uuid(0)?), VersionUid(last.uuid(1)?)));
            }
            _ => return Ok(rows),
        }
    }
}

/// Those of these versions that are there, in this order.
async fn versions_named(connection: &mut Connection, uids: &[Uuid]) -> Result<Vec<Row>, Failure> {
    let mut by_uid = BTreeMap::new();
    for some in uids.chunks(MOST_AT_ONCE) {
        let (columns, from, places) = (rows::columns(), rows::ANY_FROM, places(some.len()));
        let sql = format!("SELECT {columns} FROM {from} WHERE v.uid IN ({places})");
        for record in connection.fetch(&sql, padded(some).map(Value::from).collect()).await? {
            let row = rows::row(record)?;
            by_uid.insert(row.version.uid.0, row);
        }
    }
    Ok(uids.iter().filter_map(|uid| by_uid.remove(uid)).collect())
}

/// The same versions, by what names them: nothing that may be long, or damaged in one alone, is read.
pub(crate) async fn heads_to_move(
    connection: &mut Connection,
    after: Option<(SecretId, VersionUid)>,
    limit: u32,
    wanted: &Misplaced,
) -> Result<Vec<(SecretId, VersionHead)>, Failure> {
    let found = misplaced(connection, &format!("s.id, {HEAD}"), after, limit, wanted).await?;
    found.iter().map(|record| Ok((SecretId(record.uuid(0)?), head(record, 1)?))).collect()
}

/// Columns of `versions v` and `secrets s`, secret by secret, the current version of each behind its older ones.
async fn misplaced(
    connection: &mut Connection,
    columns: &str,
    after: Option<(SecretId, VersionUid)>,
    limit: u32,
    wanted: &Misplaced,
) -> Result<Vec<Record>, Failure> {
    const LAST: &str = "CASE WHEN v.uid = s.current_version THEN 1 ELSE 0 END";
    let (misplaced, mut values) = match wanted {
        Misplaced::SealedWithOther(key) => ("v.key_id IS NOT NULL AND v.key_id <> ?", args![key.0]),
        Misplaced::NotIn(None) => ("v.store IS NOT NULL", Vec::new()),
        Misplaced::Inline => ("v.store IS NULL", Vec::new()),
        Misplaced::NotIn(Some(store)) => ("(v.store IS NULL OR v.store <> ?)", args![store.as_str()]),
    };
    let mut behind = String::new();
    if let Some((secret, uid)) = after {
        let sql = format!(
            "SELECT {LAST}, v.revision FROM versions v JOIN secrets s ON s.id = v.secret \
             WHERE v.uid = ? AND s.id = ?"
        );
        let at = connection.fetch(&sql, args![uid.0, secret.0]).await?;
        if let Some(record) = at.first() {
            let (last, revision) = (record.i64(0)?, record.i64(1)?);
            // A range of the secrets, without which all of them would be read for each page.
            behind = format!(
                "AND s.id >= ? AND NOT (s.id = ? AND ({LAST} < ? OR ({LAST} = ? AND v.revision <= ?)))"
            );
            values.extend(args![secret.0, secret.0, last, last, revision]);
        } else {
            behind.push_str("AND s.id > ?");
            values.extend(args![secret.0]);
        }
    }
    values.extend(args![limit]);
    // SQLite then goes through the secrets in this order, and sorts the versions of one at a time.
    let join = if connection.dialect() == Dialect::Sqlite { "CROSS JOIN" } else { "JOIN" };
    let sql = format!(
        "SELECT {columns} FROM secrets s {join} versions v ON v.secret = s.id WHERE {misplaced} {behind} \
         ORDER BY s.id, {LAST}, v.revision LIMIT ?"
    );
    connection.fetch(&sql, values).await
}
