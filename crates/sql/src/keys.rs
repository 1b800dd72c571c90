//! Data keys and their wraps.

use crate::{
    connection::{Connection, Statement},
    error::{Class, Failure},
    replicas,
    transaction::{Operation, Transaction, Verdict},
    value::{Record, args},
};
use strongroom_core::{Error, ErrorKind, Result, Timestamp, async_trait};
use strongroom_engine::{
    KeyRow, Keys, Replica, WrapRow,
    crypto::{KeyId, KeyKind, RootId},
};
use uuid::Uuid;

/// All keys and their wraps, from one statement.
pub(crate) async fn all(connection: &mut Connection) -> Result<Keys, Failure> {
    let sql = "SELECT k.id, k.kind, k.active, k.created, w.root, w.bytes FROM data_keys k \
               LEFT JOIN key_wraps w ON w.key_id = k.id ORDER BY k.created, k.id, w.root";
    let mut keys = Keys::default();
    for record in connection.fetch(sql, Vec::new()).await? {
        let id = KeyId(record.uuid(0)?);
        if keys.keys.last().is_none_or(|last| last.id != id) {
            keys.keys.push(KeyRow {
                id,
                kind: KeyKind::parse(&record.text(1)?)?,
                active: record.flag(2)?,
                created: Timestamp(record.i64(3)?),
            });
        }
        if let Some(root) = record.maybe(4, Record::uuid)? {
            let root = RootId::from_bytes(root.into_bytes());
            keys.wraps.push(WrapRow { key: id, root, bytes: record.bytes(5)? });
        }
    }
    Ok(keys)
}

/// Inserts keys as they are, and their wraps.
pub(crate) fn insert(keys: &[KeyRow], wraps: &[WrapRow], now: Timestamp) -> Vec<Statement> {
    let key = |key: &KeyRow| {
        let kind = key.kind.as_str();
        Statement::new(
            "INSERT INTO data_keys (id, kind, active, active_kind, created) VALUES (?, ?, ?, ?, ?)",
            args![key.id.0, kind, key.active, key.active.then_some(kind), now.0],
        )
    };
    keys.iter().map(key).chain(wraps.iter().map(wrap)).collect()
}

fn wrap(wrap: &WrapRow) -> Statement {
    Statement::new(
        "INSERT INTO key_wraps (key_id, root, bytes) VALUES (?, ?, ?)",
        args![wrap.key.0, root(wrap.root), wrap.bytes.as_slice()],
    )
}

/// A root key's id as the databases keep it.
pub(crate) fn root(id: RootId) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}

/// Has those who remember what they made with keys look at them again.
const KEYS_CHANGED: &str = "UPDATE auth_epoch SET epoch = epoch + 1 WHERE id = 1";

/// Adds a key and makes it the active one of its kind.
pub(crate) struct Add {
    pub(crate) key: KeyRow,
    pub(crate) wraps: Vec<WrapRow>,
    /// Although running processes could not unwrap it.
    pub(crate) force: bool,
}

#[async_trait]
impl Operation for Add {
    type Answer = Result<()>;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Result<()>>, Failure> {
        replicas::hold(tx).await?;
        let there = tx.fetch("SELECT active FROM data_keys WHERE id = ?", args![self.key.id.0]).await?;
        if !there.is_empty() {
            return Ok(Verdict::Undo(Ok(())));
        }
        let opens = |root| self.wraps.iter().any(|wrap| wrap.root == root);
        if let Some(error) = locks_out(tx, &self.wraps).await? {
            return Ok(Verdict::Undo(Err(error)));
        }
        if let Some(others) = in_the_way(tx, self.force, |root| !opens(root)).await? {
            return Ok(Verdict::Undo(Err(Replica::cannot_unwrap(&others))));
        }
        tx.forget();
        // Before any key is held, as in changes of accounts.
        tx.execute(KEYS_CHANGED, Vec::new()).await?;
        let retire = "UPDATE data_keys SET active = 0, active_kind = NULL WHERE active_kind = ?";
        tx.execute(retire, args![self.key.kind.as_str()]).await?;
        let key = KeyRow { active: true, ..self.key.clone() };
        let now = tx.now().await?;
        match tx.batch(insert(&[key], &self.wraps, now)).await {
            Ok(_) => Ok(Verdict::Keep(Ok(()))),
            // Somebody else made another key the active one meanwhile: the next look retires that.
            Err(batch) if batch.failure.class == Class::Unique => Err(Failure::again()),
            Err(batch) => Err(batch.failure),
        }
    }
}

/// Why nobody could open the database any more if a key with these wraps came: no root key of theirs opens the others. Those
/// of the one who adds it may have been dropped since it began.
async fn locks_out(tx: &mut Transaction, wraps: &[WrapRow]) -> Result<Option<Error>, Failure> {
    let mut first = None;
    for wrap in wraps {
        let sql = "SELECT (SELECT w.root FROM key_wraps w WHERE w.key_id = k.id ORDER BY w.root LIMIT 1) FROM data_keys k \
                   WHERE NOT EXISTS (SELECT 1 FROM key_wraps w WHERE w.key_id = k.id AND w.root = ?) LIMIT 1";
        let closed = tx.fetch(sql, args![root(wrap.root)]).await?;
        let Some(record) = closed.first() else { return Ok(None) };
        let needed = record.maybe(0, Record::uuid)?.map(|root| RootId::from_bytes(root.into_bytes()));
        first.get_or_insert_with(|| Replica::locked_out(wrap.root, needed));
    }
    Ok(first)
}

/// Destroys a key that is not active and that nothing refers to.
pub(crate) struct Remove(pub(crate) KeyId);

#[async_trait]
impl Operation for Remove {
    type Answer = bool;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<bool>, Failure> {
        let id = self.0.0;
        tx.forget();
        // Looked at before all who change accounts have to wait, since it may take long.
        if !self.is_free(tx).await? {
            return Ok(Verdict::Undo(false));
        }
        tx.execute(KEYS_CHANGED, Vec::new()).await?;
        tx.fetch("SELECT id FROM data_keys WHERE id = ? {lock}", args![id]).await?;
        if !self.is_free(tx).await? {
            return Ok(Verdict::Undo(false));
        }
        let wraps = Statement::new("DELETE FROM key_wraps WHERE key_id = ?", args![id]);
        let key = Statement::new("DELETE FROM data_keys WHERE id = ?", args![id]);
        match tx.batch(vec![wraps, key]).await {
            Ok(_) => Ok(Verdict::Keep(true)),
            Err(batch) if batch.failure.class == Class::ForeignKey => Ok(Verdict::Undo(false)),
            Err(batch) => Err(batch.failure),
        }
    }
}

impl Remove {
    /// Whether it is not active, and nothing refers to it.
    async fn is_free(&self, tx: &mut Transaction) -> Result<bool, Failure> {
        let id = self.0.0;
        let found = tx.fetch("SELECT active FROM data_keys WHERE id = ?", args![id]).await?;
        if found.first().map_or(Ok(false), |record| record.flag(0))? {
            return Ok(false);
        }
        // Foreign keys guard what a key seals; a digest names its key in its first bytes.
        let sql = "SELECT (SELECT COUNT(*) FROM versions WHERE SUBSTR(digest, 1, 16) = ?) + \
                   (SELECT COUNT(*) FROM pending WHERE SUBSTR(digest, 1, 16) = ?) + \
                   (SELECT COUNT(*) FROM audit WHERE key_id = ?)";
        let bytes = id.as_bytes().as_slice();
        let used = tx.fetch(sql, args![bytes, bytes, id]).await?;
        Ok(!used.first().map_or(Ok(false), |record| record.flag(0))?)
    }
}

/// Adds wraps; those that are there stay.
pub(crate) struct AddWraps(pub(crate) Vec<WrapRow>);

#[async_trait]
impl Operation for AddWraps {
    type Answer = ();

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<()>, Failure> {
        for new in &self.0 {
            let sql = "SELECT key_id FROM key_wraps WHERE key_id = ? AND root = ?";
            if !tx.fetch(sql, args![new.key.0, root(new.root)]).await?.is_empty() {
                continue;
            }
            match tx.batch(vec![wrap(new)]).await {
                Ok(_) => {}
                Err(batch) if batch.failure.class == Class::Unique => return Err(Failure::again()),
                Err(batch) => return Err(batch.failure),
            }
        }
        Ok(Verdict::Keep(()))
    }
}

/// The running processes whose root keys are such; `None` if there are none, or if they do not matter.
async fn in_the_way(
    tx: &mut Transaction,
    force: bool,
    such: impl Fn(RootId) -> bool,
) -> Result<Option<Vec<Replica>>, Failure> {
    if force {
        return Ok(None);
    }
    let running = replicas::running(tx).await?.into_iter().map(|(replica, _)| replica);
    let found: Vec<Replica> = running.filter(|replica| such(replica.root)).collect();
    Ok(Some(found).filter(|found| !found.is_empty()))
}

/// Drops all wraps under a root key.
pub(crate) struct DropWraps {
    pub(crate) root: RootId,
    /// Although running processes were opened with it.
    pub(crate) force: bool,
}

#[async_trait]
impl Operation for DropWraps {
    type Answer = Result<u64>;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Result<u64>>, Failure> {
        replicas::hold(tx).await?;
        // All keys locked, so that two that drop different root keys do not leave a key without any.
        tx.fetch("SELECT id FROM data_keys ORDER BY id {lock}", Vec::new()).await?;
        let sql = "SELECT COUNT(*) FROM data_keys k WHERE NOT EXISTS \
                   (SELECT 1 FROM key_wraps w WHERE w.key_id = k.id AND w.root <> ?)";
        let left = tx.fetch(sql, args![root(self.root)]).await?;
        if left.first().map_or(Ok(false), |record| record.flag(0))? {
            return Ok(Verdict::Undo(Err(only_root(self.root))));
        }
        if let Some(users) = in_the_way(tx, self.force, |root| root == self.root).await? {
            return Ok(Verdict::Undo(Err(Replica::need_their_root(&users))));
        }
        let dropped = tx.execute("DELETE FROM key_wraps WHERE root = ?", args![root(self.root)]).await?;
        Ok(Verdict::Keep(Ok(dropped)))
    }
}

/// What a refused [`DropWraps`] is told.
fn only_root(root: RootId) -> Error {
    Error::new(
        ErrorKind::Conflict,
        "this root key is the only one that opens some keys: add another one first",
    )
    .with("root key", root)
}
