//! Logins with a browser, from the moment that a program asks for one until it fetches what a person decided.
//!
//! A row is what all replicas know of one. It is gone when it was fetched, and ends by itself after some minutes.

use crate::{
    SqlCatalog,
    connection::Statement,
    error::Failure,
    transaction::{Note, Operation, Transaction, Verdict},
    value::{Record, args},
};
use std::{fmt, time::Duration};
use strongroom_core::{OwnerId, Result, Revision, Timestamp, async_trait};
use strongroom_engine::{Auditor, Noted, crypto::KeyId};
use uuid::Uuid;

const DEVICE: &str = "id, client, key_id, code, agent, address, created, expires, polled, pause, denied, account, \
                      generation";
/// By how much a program that asks too often has to slow down, as in RFC 8628.
const SLOWER: Duration = Duration::from_secs(5);
/// A program need not wait longer than this.
const SLOWEST: Duration = Duration::from_secs(60);
/// A clock may be so much ahead of the program's.
const SLACK: Duration = Duration::from_millis(500);

/// A login that a program asks for.
#[derive(Clone)]
pub struct NewDevice {
    /// Its id: fresh and random.
    pub id: Uuid,
    /// What the program calls itself.
    pub client: Uuid,
    /// The key of both hashes.
    pub key: KeyId,
    /// The keyed hash of what the program shows when it fetches the answer.
    pub code: Vec<u8>,
    /// The keyed hash of what the person types.
    pub user_code: Vec<u8>,
    /// What the program says that it is.
    pub agent: String,
    /// Where it is.
    pub address: Option<String>,
    /// How long it may wait.
    pub lifetime: Duration,
    /// How long it has to pause between two questions.
    pub pause: Duration,
    /// How many may wait at a time: from one address, and in all.
    pub most: (u32, u32),
}

impl fmt::Debug for NewDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NewDevice").field(&self.id).finish()
    }
}

/// A login that waits, or was decided.
#[derive(Clone)]
pub struct Device {
    /// Its id.
    pub id: Uuid,
    /// What the program calls itself.
    pub client: Uuid,
    /// The key of both hashes.
    pub key: KeyId,
    /// The keyed hash of what the program shows when it fetches the answer.
    pub code: Vec<u8>,
    /// What the program says that it is.
    pub agent: String,
    /// Where it is.
    pub address: Option<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// When the program last asked.
    polled: Option<Timestamp>,
    pause: Duration,
    /// What was decided; `None` while it waits.
    pub decided: Option<Decision>,
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Device").field(&self.id).finish()
    }
}

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The program may act as this account, while that has this generation.
    Approved(OwnerId, i64),
    /// It may not.
    Denied,
}

/// What a program is told that asks whether somebody decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// There is no such login any more.
    Gone,
    /// Its time is over.
    Expired,
    /// Nobody decided yet.
    Waiting,
    /// The same, and it has to ask less often.
    TooOften,
    /// Somebody did. It is told this one time.
    Decided(Decision),
}

impl SqlCatalog {
    /// Adds a login that waits; `false` if too many do.
    ///
    /// # Errors
    /// `Conflict` if its codes are taken; what the database says.
    pub async fn add_device(&self, new: NewDevice) -> Result<bool> {
        self.database.write(Add(new)).await
    }

    /// A login, whatever became of it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn device(&self, id: Uuid) -> Result<Option<Device>> {
        let sql = format!("SELECT {DEVICE} FROM devices WHERE id = ?");
        Ok(self.read(&sql, args![id]).await?.first().map(device).transpose()?)
    }

    /// The login with this keyed hash of what the person types, whatever became of it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn device_by_user_code(&self, hash: &[u8]) -> Result<Option<Device>> {
        let sql = format!("SELECT {DEVICE} FROM devices WHERE user_code = ?");
        Ok(self.read(&sql, args![hash]).await?.first().map(device).transpose()?)
    }

    /// Decides about a login, with the audit entry; `false` if it is gone, over, or was decided before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn decide_device(&self, id: Uuid, decision: Decision, noted: Noted) -> Result<bool> {
        self.database.write(Decide { id, decision, noted }).await?
    }

    /// What is known of a login, for the program that waits for it. A decision is told once: the row goes with it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn poll_device(&self, id: Uuid) -> Result<Polled> {
        self.database.write(Poll(id)).await
    }

    /// Forgets logins whose time is over.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_devices(&self) -> Result<()> {
        self.database.write(Forget).await
    }
}

fn device(record: &Record) -> Result<Device, Failure> {
    let account = record.maybe(11, Record::uuid)?;
    let decided = match (record.flag(10)?, account, record.maybe(12, Record::i64)?) {
        (true, _, _) => Some(Decision::Denied),
        (false, Some(account), Some(generation)) => Some(Decision::Approved(OwnerId(account), generation)),
        _ => None,
    };
    Ok(Device {
        id: record.uuid(0)?,
        client: record.uuid(1)?,
        key: KeyId(record.uuid(2)?),
        code: record.bytes(3)?,
        agent: record.text(4)?,
        address: record.maybe(5, Record::text)?,
        created: Timestamp(record.i64(6)?),
        expires: Timestamp(record.i64(7)?),
        polled: record.maybe(8, Record::i64)?.map(Timestamp),
        pause: Duration::from_micros(record.u64(9)?),
        decided,
    })
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

async fn locked(tx: &mut Transaction, id: Uuid) -> Result<Option<Device>, Failure> {
    let sql = format!("SELECT {DEVICE} FROM devices WHERE id = ? {{lock}}");
    tx.fetch(&sql, args![id]).await?.first().map(device).transpose()
}

async fn count(
    tx: &mut Transaction,
    condition: &str,
    values: Vec<crate::value::Value>,
) -> Result<u64, Failure> {
    let found = tx.fetch(&format!("SELECT COUNT(*) FROM devices {condition}"), values).await?;
    found.first().map_or(Ok(0), |record| record.u64(0))
}

struct Add(NewDevice);

#[async_trait]
impl Operation for Add {
    type Answer = bool;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<bool>, Failure> {
        let Self(new) = self;
        let now = tx.now().await?;
        tx.execute("DELETE FROM devices WHERE expires < ?", args![now.0]).await?;
        let (from_one, in_all) = new.most;
        let here = match &new.address {
            Some(address) => count(tx, "WHERE address = ?", args![address.as_str()]).await?,
            None => 0,
        };
        if here >= u64::from(from_one) || count(tx, "", Vec::new()).await? >= u64::from(in_all) {
            return Ok(Verdict::Undo(false));
        }
        tx.execute(
            "INSERT INTO devices (id, client, key_id, code, user_code, agent, address, created, expires, pause, denied) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            args![
                new.id,
                new.client,
                new.key.0,
                new.code.as_slice(),
                new.user_code.as_slice(),
                new.agent.as_str(),
                new.address.as_deref(),
                now.0,
                now.plus(new.lifetime).0,
                micros(new.pause),
            ],
        )
        .await?;
        Ok(Verdict::Keep(true))
    }
}

struct Decide {
    id: Uuid,
    decision: Decision,
    noted: Noted,
}

#[async_trait]
impl Operation for Decide {
    type Answer = Result<bool>;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Result<bool>>, Failure> {
        if !tx.keys_hold(None, &[Some(self.noted.auditor.key())]).await? {
            return Ok(Verdict::Undo(Err(Auditor::key_replaced())));
        }
        let now = tx.now().await?;
        let waits = |device: &Device| now < device.expires && device.decided.is_none();
        if locked(tx, self.id).await?.filter(waits).is_none() {
            return Ok(Verdict::Undo(Ok(false)));
        }
        let decided = match self.decision {
            Decision::Denied => Statement::new("UPDATE devices SET denied = 1 WHERE id = ?", args![self.id]),
            Decision::Approved(account, generation) => Statement::new(
                "UPDATE devices SET account = ?, generation = ? WHERE id = ?",
                args![account.0, generation, self.id],
            ),
        };
        let note =
            Note { entry: &self.noted.entry, auditor: &self.noted.auditor, at: now, revision: Revision(0) };
        tx.write(vec![decided], &note).await?;
        Ok(Verdict::Keep(Ok(true)))
    }
}

struct Poll(Uuid);

#[async_trait]
impl Operation for Poll {
    type Answer = Polled;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Polled>, Failure> {
        let now = tx.now().await?;
        let Some(device) = locked(tx, self.0).await? else { return Ok(Verdict::Undo(Polled::Gone)) };
        let over = device.expires <= now;
        if over || device.decided.is_some() {
            tx.execute("DELETE FROM devices WHERE id = ?", args![self.0]).await?;
            let decided = device.decided.filter(|_| !over);
            return Ok(Verdict::Keep(decided.map_or(Polled::Expired, Polled::Decided)));
        }
        let early = device.polled.is_some_and(|last| now.since(last) + SLACK < device.pause);
        let pause = if early { (device.pause + SLOWER).min(SLOWEST) } else { device.pause };
        let sql = "UPDATE devices SET polled = ?, pause = ? WHERE id = ?";
        tx.execute(sql, args![now.0, micros(pause), self.0]).await?;
        Ok(Verdict::Keep(if early { Polled::TooOften } else { Polled::Waiting }))
    }
}

struct Forget;

#[async_trait]
impl Operation for Forget {
    type Answer = ();

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<()>, Failure> {
        let now = tx.now().await?;
        let old = tx.fetch("SELECT id FROM devices WHERE expires < ? LIMIT 1", args![now.0]).await?;
        if old.is_empty() {
            return Ok(Verdict::Undo(()));
        }
        tx.execute("DELETE FROM devices WHERE expires < ?", args![now.0]).await?;
        Ok(Verdict::Keep(()))
    }
}
