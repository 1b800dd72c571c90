//! One transaction, seen from the operations that run in it.

use crate::{
    connection::{BatchFailure, Connection, Statement},
    dialect::{Dialect, padded, places},
    error::{Class, Failure},
    value::{Record, Value, args},
};
use std::{collections::BTreeMap, sync::Arc};
use strongroom_core::{Owner, OwnerId, Revision, SecretId, Timestamp, async_trait};
use strongroom_engine::{AuditEntry, Auditor, Env, crypto::KeyId};
use uuid::Uuid;

/// What an operation makes of its transaction.
pub(crate) enum Verdict<T> {
    /// Everything that it did is to be committed.
    Keep(T),
    /// Nothing that it did is to remain.
    Undo(T),
}

/// Something that runs in one transaction, from its beginning as often as needed.
#[async_trait]
pub(crate) trait Operation: Send + Sync + 'static {
    /// What it answers.
    type Answer: Send + 'static;

    /// Runs it.
    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Self::Answer>, Failure>;
}

/// The last entry of an audit chain.
#[derive(Clone, Debug, Default)]
struct Head {
    sequence: u64,
    mac: Vec<u8>,
    /// It is to be written before the commit.
    moved: bool,
}

/// The audit entry of a change.
pub(crate) struct Note<'a> {
    pub(crate) entry: &'a AuditEntry,
    pub(crate) auditor: &'a Auditor,
    pub(crate) at: Timestamp,
    pub(crate) revision: Revision,
}

/// What operations of one transaction need not read twice. Whoever changes accounts or keys forgets it.
#[derive(Clone, Debug, Default)]
struct Known {
    heads: BTreeMap<String, Head>,
    owners: BTreeMap<OwnerId, (Owner, i64)>,
    /// Whether they are active.
    keys: BTreeMap<KeyId, bool>,
}

/// An open transaction. Each operation in it can be undone alone.
pub(crate) struct Transaction {
    connection: Connection,
    env: Arc<dyn Env>,
    /// Statements that go with the next ones, so that they cost no round trip of their own.
    ahead: Vec<Statement>,
    known: Known,
    #[cfg(feature = "sqlite")]
    before: Known,
}

impl Transaction {
    /// Begins one. On SQLite this fails at once while somebody else writes; the connection is still good then.
    pub(crate) async fn begin(
        mut connection: Connection,
        env: Arc<dyn Env>,
    ) -> Result<Self, (Connection, Failure)> {
        connection.set_in_transaction(true);
        if let Err(failure) = connection.raw(connection.dialect().begin()).await {
            if connection.dialect() == Dialect::Sqlite && failure.class == Class::Again {
                connection.set_in_transaction(false);
            }
            return Err((connection, failure));
        }
        Ok(Self {
            connection,
            env,
            ahead: Vec::new(),
            known: Known::default(),
            #[cfg(feature = "sqlite")]
            before: Known::default(),
        })
    }

    /// Which database it is.
    pub(crate) fn dialect(&self) -> Dialect {
        self.connection.dialect()
    }

    /// A fresh random id.
    pub(crate) fn fresh(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.env.random().to_be_bytes()).into_uuid()
    }

    /// The database's clock; on SQLite, which has none, the host's.
    pub(crate) async fn now(&mut self) -> Result<Timestamp, Failure> {
        let Some(clock) = self.dialect().clock() else { return Ok(self.env.now()) };
        let records = self.fetch(&format!("SELECT {clock}"), Vec::new()).await?;
        records.first().map_or(Ok(0), |record| record.i64(0)).map(Timestamp)
    }

    /// Runs a statement and answers how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &str, args: Vec<Value>) -> Result<u64, Failure> {
        let done = self.batch(vec![Statement::new(sql.to_owned(), args)]).await?;
        Ok(done.into_iter().next().unwrap_or(0))
    }

    /// Runs a statement and answers the rows that it reads.
    pub(crate) async fn fetch(&mut self, sql: &str, args: Vec<Value>) -> Result<Vec<Record>, Failure> {
        if self.ahead.is_empty() {
            return self.connection.fetch(sql, args).await;
        }
        let mut statements = std::mem::take(&mut self.ahead);
        statements.push(Statement::new(sql.to_owned(), args));
        Ok(self.connection.batch(statements).await?.1)
    }

    /// Runs statements that read nothing: how many rows each changed.
    pub(crate) async fn batch(&mut self, statements: Vec<Statement>) -> Result<Vec<u64>, BatchFailure> {
        let mut all = std::mem::take(&mut self.ahead);
        let ahead = all.len();
        all.extend(statements);
        match self.connection.batch(all).await {
            Ok((mut changed, _)) => Ok(changed.split_off(ahead.min(changed.len()))),
            Err(batch) => Err(BatchFailure { at: batch.at.saturating_sub(ahead), ..batch }),
        }
    }

    /// Locks a secret's row, which is the first lock that an operation takes.
    pub(crate) async fn lock_secret(&mut self, id: SecretId) -> Result<(), Failure> {
        // On SQLite whoever writes is alone.
        if self.dialect() != Dialect::Sqlite {
            self.fetch("SELECT id FROM secrets WHERE id = ? {lock}", args![id.0]).await?;
        }
        Ok(())
    }

    async fn head(&mut self, chain: &str) -> Result<Head, Failure> {
        if let Some(head) = self.known.heads.get(chain) {
            return Ok(head.clone());
        }
        const READ: &str = "SELECT seq, mac FROM audit_chains WHERE chain = ? {lock}";
        let mut found = self.fetch(READ, args![chain]).await?;
        if found.is_empty() {
            let insert = match self.dialect() {
                Dialect::MySql => "INSERT IGNORE INTO audit_chains (chain, seq, mac) VALUES (?, 0, ?)",
                _ => "INSERT INTO audit_chains (chain, seq, mac) VALUES (?, 0, ?) ON CONFLICT DO NOTHING",
            };
            self.execute(insert, args![chain, &b""[..]]).await?;
            found = self.fetch(READ, args![chain]).await?;
        }
        let head = match found.first() {
            Some(record) => Head { sequence: record.u64(0)?, mac: record.bytes(1)?, moved: false },
            None => return Err(Failure::again()),
        };
        self.known.heads.insert(chain.to_owned(), head.clone());
        Ok(head)
    }

    /// Runs statements together with the audit entry of what they do.
    pub(crate) async fn write(
        &mut self,
        mut statements: Vec<Statement>,
        note: &Note<'_>,
    ) -> Result<(), BatchFailure> {
        if let Some(receipt) = note.entry.receipt {
            statements.push(crate::receipts::insert(&receipt, note.entry.secret, note.revision, note.at));
        }
        // On SQLite all goes at once. Elsewhere the chain's head is locked last, since all writers wait for it.
        if self.dialect() == Dialect::Sqlite {
            let entry = self.link(note).await.map_err(|failure| BatchFailure { at: usize::MAX, failure })?;
            let last = statements.len();
            statements.push(entry);
            return self.batch(statements).await.map(drop).map_err(|batch| match batch.at {
                at if at == last => BatchFailure { failure: unwritable(batch.failure), ..batch },
                _ => batch,
            });
        }
        self.batch(statements).await?;
        let late = |failure| BatchFailure { at: usize::MAX, failure };
        let entry = self.link(note).await.map_err(late)?;
        self.batch(vec![entry]).await.map(drop).map_err(|batch| late(unwritable(batch.failure)))
    }

    /// Links an entry to its chain; the head is written once, before the commit.
    async fn link(&mut self, note: &Note<'_>) -> Result<Statement, Failure> {
        let chain = note.auditor.chain();
        let head = self.head(chain).await?;
        let row = note.auditor.link(note.entry, head.sequence, &head.mac, note.at, note.revision);
        let moved = Head { sequence: row.sequence, mac: row.mac.clone(), moved: true };
        self.known.heads.insert(chain.to_owned(), moved);
        Ok(crate::audit::insert(&row))
    }

    /// An account and its generation; `None` if there is no such account.
    pub(crate) async fn owner(&mut self, id: OwnerId) -> Result<Option<(Owner, i64)>, Failure> {
        if let Some(known) = self.known.owners.get(&id) {
            return Ok(Some(known.clone()));
        }
        let found =
            self.fetch("SELECT name, full_name, generation FROM accounts WHERE id = ?", args![id.0]).await?;
        let Some(record) = found.first() else { return Ok(None) };
        let owner = (Owner { id, name: record.text(0)?, full_name: record.shown(1)? }, record.i64(2)?);
        self.known.owners.insert(id, owner.clone());
        Ok(Some(owner))
    }

    /// Whether these keys can be used, and can be until the commit: what is sealed needs an active key, everything
    /// else one that is there.
    pub(crate) async fn keys_hold(
        &mut self,
        seal: Option<KeyId>,
        others: &[Option<KeyId>],
    ) -> Result<bool, Failure> {
        let mut unknown: Vec<KeyId> = others.iter().copied().chain([seal]).flatten().collect();
        unknown.retain(|id| !self.known.keys.contains_key(id));
        // One order for everybody, in which the rows are locked.
        unknown.sort_unstable();
        unknown.dedup();
        if !unknown.is_empty() {
            let list = places(unknown.len());
            let sql = format!("SELECT id, active FROM data_keys WHERE id IN ({list}) ORDER BY id {{share}}");
            let found = self.fetch(&sql, padded(&unknown).map(|id| Value::from(id.0)).collect()).await?;
            for record in found {
                self.known.keys.insert(KeyId(record.uuid(0)?), record.flag(1)?);
            }
        }
        let active = |id: KeyId| self.known.keys.get(&id).copied().unwrap_or(false);
        let there = |id: &KeyId| self.known.keys.contains_key(id);
        Ok(seal.is_none_or(active) && others.iter().flatten().all(there))
    }

    /// Forgets what was read of accounts and keys, because they change now.
    pub(crate) fn forget(&mut self) {
        self.known.owners.clear();
        self.known.keys.clear();
    }

    /// From here on [`undo`](Self::undo) undoes.
    #[cfg(feature = "sqlite")]
    pub(crate) fn mark(&mut self) {
        self.before = self.known.clone();
        self.ahead.push(Statement::new("SAVEPOINT operation", Vec::new()));
    }

    /// What was done since the mark stays.
    #[cfg(feature = "sqlite")]
    pub(crate) fn keep(&mut self) {
        self.ahead.push(Statement::new("RELEASE SAVEPOINT operation", Vec::new()));
    }

    /// What was done since the mark is undone.
    #[cfg(feature = "sqlite")]
    pub(crate) async fn undo(&mut self) -> Result<(), Failure> {
        self.known = std::mem::take(&mut self.before);
        // A mark that never left has nothing behind it.
        if self.ahead.last().is_some_and(|statement| statement.sql == "SAVEPOINT operation") {
            self.ahead.pop();
            return Ok(());
        }
        self.execute("ROLLBACK TO SAVEPOINT operation", Vec::new()).await?;
        self.keep();
        Ok(())
    }

    /// Commits. The flag tells whether a failure left it open whether it was committed.
    pub(crate) async fn commit(mut self) -> Result<Connection, (bool, Failure)> {
        const HEAD: &str = "UPDATE audit_chains SET seq = ?, mac = ? WHERE chain = ?";
        let moved = self.known.heads.iter().filter(|(_, head)| head.moved);
        let mut last: Vec<Statement> = moved
            .map(|(chain, head)| {
                let sequence = i64::try_from(head.sequence).unwrap_or(i64::MAX);
                Statement::new(HEAD, args![sequence, head.mac.as_slice(), chain.as_str()])
            })
            .collect();
        let commit = last.len();
        last.push(Statement::new("COMMIT", Vec::new()));
        match self.batch(last).await {
            Ok(_) => {
                self.connection.set_in_transaction(false);
                Ok(self.connection)
            }
            Err(batch) if batch.at < commit => Err((false, unwritable(batch.failure))),
            Err(batch) => Err((in_doubt(&batch.failure), batch.failure)),
        }
    }

    /// Undoes everything.
    pub(crate) async fn rollback(mut self) -> Result<Connection, Failure> {
        self.connection.raw("ROLLBACK").await?;
        self.connection.set_in_transaction(false);
        Ok(self.connection)
    }
}

/// What is in the way of the audit entry alone, and would be of the next one: the change is not done without it.
fn unwritable(failure: Failure) -> Failure {
    if !matches!(failure.class, Class::Other | Class::Schema | Class::Denied) {
        return failure;
    }
    let error = Auditor::unwritable().with("because", failure.error.message());
    let error = failure.error.context().fold(error, |error, (key, value)| error.with(key, value));
    Failure { error, ..failure }
}

/// Whether a COMMIT that failed like this may have taken effect: the answer was lost, or not waited for, or the file could
/// not be synced. Any other answer says that it did not.
fn in_doubt(failure: &Failure) -> bool {
    matches!(failure.class, Class::Lost | Class::Slow | Class::Io | Class::Other)
}
