//! The audit log as its readers need it: entries of reads and denials, chains, pruning.

use crate::{
    SqlCatalog,
    audit::{self, number},
    connection::Statement,
    error::{Class, Failure},
    transaction::{Note, Operation, Transaction, Verdict},
    value::{Record, args},
};
use std::collections::{BTreeMap, BTreeSet};
use strongroom_core::{OwnerId, Result, Revision, Timestamp, async_trait};
use strongroom_engine::{AuditRow, Auditor, Noted, crypto::KeyId};
use uuid::Uuid;

/// A chain and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Its name.
    pub name: String,
    /// The sequence number of its last entry; 0 if it has none.
    pub sequence: u64,
    /// The MAC of its last entry.
    pub mac: Vec<u8>,
    /// Where it begins if older entries were pruned.
    pub anchor: Option<Anchor>,
}

/// What is left of entries that were pruned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The sequence number of the last entry that was pruned.
    pub sequence: u64,
    /// Its MAC, which the first kept entry's covers.
    pub previous: Vec<u8>,
    /// The audit key of `mac`.
    pub key: KeyId,
    /// The MAC over chain, sequence and `previous`.
    pub mac: Vec<u8>,
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default)]
pub struct TrailFilter {
    /// Of this chain.
    pub chain: Option<String>,
    /// Of this account.
    pub actor: Option<OwnerId>,
    /// About this secret.
    pub secret: Option<strongroom_core::SecretId>,
    /// With this action, or an action that starts with it and a dot.
    pub action: Option<String>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub before: Option<Timestamp>,
}

impl SqlCatalog {
    /// Writes entries that go with no change: of reads, of what was denied.
    ///
    /// # Errors
    /// What the database says.
    pub async fn append_audit(&self, entries: Vec<Noted>) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        self.database.write(Append(entries)).await?
    }

    /// All chains, by name.
    ///
    /// # Errors
    /// What the database says.
    pub async fn audit_chains(&self) -> Result<Vec<Chain>> {
        let sql = "SELECT c.chain, c.seq, c.mac, a.seq, a.previous, a.key_id, a.mac FROM audit_chains c \
                   LEFT JOIN audit_anchors a ON a.chain = c.chain ORDER BY c.chain";
        let found = self.read(sql, Vec::new()).await?;
        let named = |record: &Record| chain(record).map_err(|failure| audit::placed(failure, record, None));
        Ok(found.iter().map(named).collect::<Result<_, _>>()?)
    }

    /// The chains that entries say they are of, each with the lowest sequence number that is there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn audit_firsts(&self) -> Result<Vec<(String, i64)>> {
        let found =
            self.read("SELECT chain, MIN(seq) FROM audit GROUP BY chain ORDER BY chain", Vec::new()).await?;
        let firsts = found.iter().map(|record| Ok((record.shown(0)?, record.i64(1)?)));
        Ok(firsts.collect::<Result<Vec<_>, Failure>>()?)
    }

    /// Entries, the newest first, at most `limit`, after the first `skip`. One that cannot be read is there with the action
    /// `audit.damaged`, chain and sequence number, and what is wrong as its detail.
    ///
    /// # Errors
    /// What the database says.
    pub async fn audit_trail(&self, filter: &TrailFilter, skip: u64, limit: u32) -> Result<Vec<AuditRow>> {
        let (mut conditions, mut values) = (vec!["1 = 1"], Vec::new());
        if let Some(chain) = &filter.chain {
            conditions.push("chain = ?");
            values.extend(args![chain.as_str()]);
        }
        if let Some(actor) = filter.actor {
            conditions.push("actor = ?");
            values.extend(args![actor.0]);
        }
        if let Some(secret) = filter.secret {
            // Entries about very many secrets name no single one, but all of them in the text.
            conditions.push("(secret = ? OR (secret = ? AND detail LIKE ?))");
            values.extend(args![secret.0, Uuid::nil(), format!("% secrets:% {secret}%")]);
        }
        // None has this character, and PostgreSQL would take the question for an error.
        if filter.action.as_ref().is_some_and(|action| action.contains('\0')) {
            conditions.push("1 = 0");
        } else if let Some(action) = &filter.action {
            // Everything that starts with the word and a dot lies between these two: `/` comes after `.`.
            conditions.push("(action = ? OR (action > ? AND action < ?))");
            values.extend(args![action.as_str(), format!("{action}."), format!("{action}/")]);
        }
        if let Some(from) = filter.from {
            conditions.push("at >= ?");
            values.extend(args![from.0]);
        }
        if let Some(before) = filter.before {
            conditions.push("at < ?");
            values.extend(args![before.0]);
        }
        values.extend(args![limit, number(skip)]);
        let sql = format!(
            "SELECT {} FROM audit WHERE {} ORDER BY at DESC, chain, seq DESC LIMIT ? OFFSET ?",
            audit::COLUMNS,
            conditions.join(" AND ")
        );
        let found = self.read(&sql, values).await?;
        Ok(found.iter().map(audit::listed).collect())
    }

    /// The names of the accounts that these entries are of, as far as they are there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn actor_names(&self, rows: &[AuditRow]) -> Result<BTreeMap<OwnerId, String>> {
        let actors: BTreeSet<OwnerId> = rows.iter().map(|row| row.actor).collect();
        self.account_names(&actors.into_iter().collect::<Vec<_>>()).await
    }

    /// The sequence number and MAC of the last entry of a chain before a moment, and with a number of at most `most`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn audit_last_before(
        &self,
        chain: &str,
        before: Timestamp,
        most: u64,
    ) -> Result<Option<(u64, Vec<u8>)>> {
        // By sequence, not by time: clocks go back, chains do not.
        let sql = "SELECT seq, mac FROM audit WHERE chain = ? AND seq < COALESCE((SELECT MIN(seq) FROM audit \
                   WHERE chain = ? AND at >= ? AND seq <= ?), 9223372036854775807) AND seq <= ? ORDER BY seq DESC LIMIT 1";
        let most = number(most);
        let found = self.read(sql, args![chain, chain, before.0, most, most]).await?;
        let Some(record) = found.first() else { return Ok(None) };
        Ok(Some((record.u64(0)?, record.bytes(1)?)))
    }

    /// Removes the entries of a chain up to the anchor's, which stays in their place, and notes it; `false` if as many or more
    /// were removed before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn prune_audit(&self, chain: &str, anchor: Anchor, noted: Noted) -> Result<bool> {
        self.database.write(Prune { chain: chain.to_owned(), anchor, noted }).await?
    }
}

fn chain(record: &Record) -> Result<Chain, Failure> {
    let anchor = match record.maybe(3, Record::u64)? {
        Some(sequence) => Some(Anchor {
            sequence,
            previous: record.bytes(4)?,
            key: KeyId(record.uuid(5)?),
            mac: record.bytes(6)?,
        }),
        None => None,
    };
    Ok(Chain { name: record.shown(0)?, sequence: record.u64(1)?, mac: record.bytes(2)?, anchor })
}

struct Append(Vec<Noted>);

#[async_trait]
impl Operation for Append {
    type Answer = Result<()>;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Result<()>>, Failure> {
        let now = tx.now().await?;
        for Noted { entry, auditor } in &self.0 {
            if !tx.keys_hold(None, &[Some(auditor.key())]).await? {
                return Ok(Verdict::Undo(Err(Auditor::key_replaced())));
            }
            tx.write(Vec::new(), &Note { entry, auditor, at: now, revision: Revision(0) }).await?;
        }
        Ok(Verdict::Keep(Ok(())))
    }
}

struct Prune {
    chain: String,
    anchor: Anchor,
    noted: Noted,
}

#[async_trait]
impl Operation for Prune {
    type Answer = Result<bool>;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Result<bool>>, Failure> {
        if !tx.keys_hold(None, &[Some(self.noted.auditor.key()), Some(self.anchor.key)]).await? {
            return Ok(Verdict::Undo(Err(Auditor::key_replaced())));
        }
        let now = tx.now().await?;
        let (chain, last) = (self.chain.as_str(), number(self.anchor.sequence));
        let there = tx.fetch("SELECT seq FROM audit_anchors WHERE chain = ? {lock}", args![chain]).await?;
        let there = there.first().map(|record| record.i64(0)).transpose()?;
        if there.is_some_and(|there| there >= last) {
            // Somebody else pruned more meanwhile: an anchor before the first entry that is left would call the rest missing.
            return Ok(Verdict::Undo(Ok(false)));
        }
        // One that is there is changed in its place, where others wait for it.
        let sql = if there.is_some() {
            "UPDATE audit_anchors SET seq = ?, previous = ?, key_id = ?, mac = ? WHERE chain = ?"
        } else {
            "INSERT INTO audit_anchors (seq, previous, key_id, mac, chain) VALUES (?, ?, ?, ?, ?)"
        };
        let (previous, mac) = (self.anchor.previous.as_slice(), self.anchor.mac.as_slice());
        let anchor = Statement::new(sql, args![last, previous, self.anchor.key.0, mac, chain]);
        let delete = Statement::new("DELETE FROM audit WHERE chain = ? AND seq <= ?", args![chain, last]);
        let Noted { entry, auditor } = &self.noted;
        let note = Note { entry, auditor, at: now, revision: Revision(0) };
        match tx.write(vec![anchor, delete], &note).await {
            Ok(()) => Ok(Verdict::Keep(Ok(true))),
            // Somebody else made the first anchor meanwhile.
            Err(batch) if batch.failure.class == Class::Unique => Err(Failure::again()),
            Err(batch) => Err(batch.failure),
        }
    }
}
