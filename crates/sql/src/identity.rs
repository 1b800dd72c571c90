//! Whose database it is, and what its store names stand for.

use crate::{
    accounts::{self, Purpose},
    connection::{Connection, Statement},
    error::{Class, Failure},
    keys, replicas,
    transaction::{Operation, Transaction, Verdict},
    value::{Record, args},
};
use strongroom_core::{NamespaceId, Owner, OwnerId, Result, Timestamp, async_trait};
use strongroom_engine::{Identity, NewIdentity, Replica, StoreBinding, crypto::RootId};

const SELECT: &str = "SELECT i.namespace, i.owner, a.name, a.full_name, i.root, i.created FROM identity i \
                      JOIN accounts a ON a.id = i.owner";

/// Who the database belongs to.
pub(crate) async fn get(connection: &mut Connection) -> Result<Option<Identity>, Failure> {
    connection.fetch(SELECT, Vec::new()).await?.first().map(identity).transpose()
}

fn identity(record: &Record) -> Result<Identity, Failure> {
    Ok(Identity {
        namespace: NamespaceId(record.uuid(0)?),
        owner: Owner { id: OwnerId(record.uuid(1)?), name: record.text(2)?, full_name: record.shown(3)? },
        root: RootId::from_bytes(record.uuid(4)?.into_bytes()),
        created: Timestamp(record.i64(5)?),
    })
}

/// Claims an empty database.
pub(crate) struct Initialise(pub(crate) NewIdentity);

#[async_trait]
impl Operation for Initialise {
    type Answer = Identity;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Identity>, Failure> {
        if let Some(record) = tx.fetch(SELECT, Vec::new()).await?.first() {
            return Ok(Verdict::Undo(identity(record)?));
        }
        let NewIdentity { namespace, owner, root, keys: new_keys, wraps } = &self.0;
        let now = tx.now().await?;
        tx.forget();
        let claim = "INSERT INTO identity (id, namespace, owner, root, created) VALUES (1, ?, ?, ?, ?)";
        let mut statements = vec![
            accounts::insert(owner, Purpose::Owner, now),
            Statement::new(claim, args![namespace.0, owner.id.0, keys::root(*root), now.0]),
        ];
        statements.extend(keys::insert(new_keys, wraps, now));
        match tx.batch(statements).await {
            Ok(_) => {
                let identity =
                    Identity { namespace: *namespace, owner: owner.clone(), root: *root, created: now };
                Ok(Verdict::Keep(identity))
            }
            // Another process was faster: the next look sees its claim.
            Err(batch) if batch.failure.class == Class::Unique => Err(Failure::again()),
            Err(batch) => Err(batch.failure),
        }
    }
}

/// Records what a store name stands for.
pub(crate) struct Bind(pub(crate) StoreBinding);

#[async_trait]
impl Operation for Bind {
    type Answer = Result<()>;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Result<()>>, Failure> {
        let new = &self.0;
        let name = new.name.as_str();
        let sql = "SELECT kind, endpoint, namespace FROM stores WHERE name = ?";
        let found = tx.fetch(sql, args![name]).await?;
        if let Some(record) = found.first() {
            let (kind, endpoint) = (record.text(0)?, record.text(1)?);
            if kind == new.kind && endpoint == new.endpoint && record.uuid(2)? == new.namespace.0 {
                return Ok(Verdict::Undo(Ok(())));
            }
            let sql = "SELECT (SELECT COUNT(*) FROM versions WHERE store = ?), \
                       (SELECT COUNT(*) FROM pending WHERE store = ?)";
            let counted = tx.fetch(sql, args![name, name]).await?;
            let count =
                |column| counted.first().map_or(Ok(0), |record| record.i64(column)).map(i64::unsigned_abs);
            let (versions, removals) = (count(0)?, count(1)?);
            if (versions, removals) != (0, 0) {
                let recorded = format!("{kind} {endpoint}");
                return Ok(Verdict::Undo(Err(new.elsewhere(&recorded, versions, removals))));
            }
        }
        let sql = "SELECT name FROM stores WHERE kind = ? AND endpoint = ? AND namespace = ? \
                   AND (EXISTS (SELECT 1 FROM versions WHERE store = stores.name) \
                   OR EXISTS (SELECT 1 FROM pending WHERE store = stores.name))";
        let place = args![new.kind.as_str(), new.endpoint.as_str(), new.namespace.0];
        if let Some(other) = tx.fetch(sql, place).await?.first() {
            return Ok(Verdict::Undo(Err(new.second_name(&other.text(0)?))));
        }
        if !found.is_empty() {
            return rebind(tx, new).await;
        }
        let insert = Statement::new(
            "INSERT INTO stores (name, kind, endpoint, namespace) VALUES (?, ?, ?, ?)",
            args![name, new.kind.as_str(), new.endpoint.as_str(), new.namespace.0],
        );
        match tx.batch(vec![insert]).await {
            Ok(_) => Ok(Verdict::Keep(Ok(()))),
            Err(batch) if batch.failure.class == Class::Unique => Err(Failure::again()),
            Err(batch) => Err(batch.failure),
        }
    }
}

/// Records what a store name stands for from now on.
pub(crate) struct Rebind(pub(crate) StoreBinding);

#[async_trait]
impl Operation for Rebind {
    type Answer = Result<()>;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Result<()>>, Failure> {
        rebind(tx, &self.0).await
    }
}

async fn rebind(tx: &mut Transaction, new: &StoreBinding) -> Result<Verdict<Result<()>>, Failure> {
    replicas::hold(tx).await?;
    let running: Vec<_> = replicas::running(tx).await?.into_iter().map(|(replica, _)| replica).collect();
    if !running.is_empty() {
        return Ok(Verdict::Undo(Err(Replica::write_elsewhere(&running))));
    }
    let sql = "UPDATE stores SET kind = ?, endpoint = ?, namespace = ? WHERE name = ?";
    let values = args![new.kind.as_str(), new.endpoint.as_str(), new.namespace.0, new.name.as_str()];
    tx.execute(sql, values).await?;
    Ok(Verdict::Keep(Ok(())))
}

/// Proves that the database can be written, down to the disk: a change that is undone never gets there, and a full disk
/// would not show. The row stays as it was; MySQL and MariaDB write nothing then.
pub(crate) struct Check;

#[async_trait]
impl Operation for Check {
    type Answer = ();

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<()>, Failure> {
        tx.execute("UPDATE meta SET schema_version = schema_version WHERE id = 1", Vec::new()).await?;
        Ok(Verdict::Keep(()))
    }
}
