//! What the rows hold.

use crate::{error::Failure, value::Record};
use secrecy::SecretString;
use std::fmt;
use strongroom_core::{AccountKind, OwnerId, Role, Scope, Timestamp};
use strongroom_engine::crypto::KeyId;
use uuid::Uuid;

/// An account.
#[derive(Clone)]
pub struct Account {
    /// Names it for ever: never used again.
    pub id: OwnerId,
    /// What people call it.
    pub name: String,
    /// The person's or machine's full name; may be empty.
    pub full_name: String,
    /// What it is.
    pub kind: AccountKind,
    /// Whether it can be used.
    pub active: bool,
    /// What it may do.
    pub role: Role,
    /// With which secrets.
    pub scope: Scope,
    /// A remark; may be empty.
    pub description: String,
    /// An e-mail address.
    pub email: Option<String>,
    /// The hash of its password, in PHC form.
    pub password: Option<SecretString>,
    /// When the password was last set.
    pub password_changed: Option<Timestamp>,
    /// The keyed hash of its activation token.
    pub activation: Option<Vec<u8>>,
    /// Moves when what was issued to it must end: a new password, a deactivation.
    pub generation: i64,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Account");
        shown.field("id", &self.id).field("name", &self.name).field("kind", &self.kind);
        shown.field("active", &self.active).field("role", &self.role).finish_non_exhaustive()
    }
}

/// How an account is named.
#[derive(Clone, Copy, Debug)]
pub enum AccountRef<'a> {
    /// By its id.
    Id(OwnerId),
    /// By its name, in any case of letters.
    Name(&'a str),
}

/// An API key, without the key.
#[derive(Clone)]
pub struct ApiKey {
    /// Names it; part of the key's text.
    pub id: Uuid,
    /// The account that it logs in.
    pub account: OwnerId,
    /// What people call it; unique within the account.
    pub name: String,
    /// A remark; may be empty.
    pub description: String,
    /// Whether it can be used.
    pub active: bool,
    /// Moves when it is rotated.
    pub generation: i64,
    /// The credential key of `mac`.
    pub key: KeyId,
    /// The keyed hash of the key's secret.
    pub mac: Vec<u8>,
    /// The one before the last rotation, and until when it is accepted.
    pub previous: Option<(KeyId, Vec<u8>, Timestamp)>,
    /// For how long the one before was to be accepted, in minutes.
    pub retain_minutes: i64,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// When it was last used, to about ten minutes.
    pub last_used: Option<Timestamp>,
    /// When it was last rotated.
    pub rotated: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ApiKey");
        shown.field("id", &self.id).field("account", &self.account).field("name", &self.name);
        shown.field("active", &self.active).field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// Names that an account's role is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The account.
    pub account: OwnerId,
    /// Which names.
    pub glob: String,
    /// When it was made.
    pub created: Timestamp,
}

/// An account with everything that decides what it may do, as of an epoch.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Read before everything else.
    pub epoch: i64,
    /// The account, if there is one.
    pub account: Option<Account>,
    /// Its grants.
    pub grants: Vec<Grant>,
    /// The API key that was asked for, if it is there and the account's.
    pub key: Option<ApiKey>,
}

/// The columns that [`account`] reads.
pub(crate) const ACCOUNT: &str = "a.id, a.name, a.full_name, a.kind, a.active, a.role, a.scope, a.created, \
     l.description, l.email, l.password, l.password_changed, l.activation, l.generation, l.updated";

/// The tables of [`ACCOUNT`].
pub(crate) const ACCOUNT_FROM: &str = "accounts a LEFT JOIN logins l ON l.account = a.id";

pub(crate) fn account(record: &Record) -> Result<Account, Failure> {
    let created = Timestamp(record.i64(7)?);
    Ok(Account {
        id: OwnerId(record.uuid(0)?),
        name: record.text(1)?,
        full_name: record.shown(2)?,
        kind: AccountKind::parse(&record.text(3)?)?,
        active: record.flag(4)?,
        role: Role::parse(&record.text(5)?)?,
        scope: Scope::parse(&record.text(6)?)?,
        created,
        description: record.maybe(8, Record::shown)?.unwrap_or_default(),
        email: record.maybe(9, Record::text)?,
        password: record.maybe(10, Record::text)?.map(SecretString::from),
        password_changed: record.maybe(11, Record::i64)?.map(Timestamp),
        activation: record.maybe(12, Record::bytes)?,
        generation: record.maybe(13, Record::i64)?.unwrap_or(1),
        updated: record.maybe(14, Record::i64)?.map_or(created, Timestamp),
    })
}

/// The columns that [`api_key`] reads.
pub(crate) const API_KEY: &str = "id, account, name, description, active, generation, key_id, mac, previous_key_id, \
     previous_mac, previous_until, retain_minutes, expires, last_used, rotated, created, updated";

pub(crate) fn api_key(record: &Record) -> Result<ApiKey, Failure> {
    let previous = match record.maybe(8, Record::uuid)? {
        Some(key) => Some((KeyId(key), record.bytes(9)?, Timestamp(record.i64(10)?))),
        None => None,
    };
    Ok(ApiKey {
        id: record.uuid(0)?,
        account: OwnerId(record.uuid(1)?),
        name: record.text(2)?,
        description: record.shown(3)?,
        active: record.flag(4)?,
        generation: record.i64(5)?,
        key: KeyId(record.uuid(6)?),
        mac: record.bytes(7)?,
        previous,
        retain_minutes: record.i64(11)?,
        expires: record.maybe(12, Record::i64)?.map(Timestamp),
        last_used: record.maybe(13, Record::i64)?.map(Timestamp),
        rotated: record.maybe(14, Record::i64)?.map(Timestamp),
        created: Timestamp(record.i64(15)?),
        updated: Timestamp(record.i64(16)?),
    })
}

pub(crate) fn grant(record: &Record) -> Result<Grant, Failure> {
    Ok(Grant { account: OwnerId(record.uuid(0)?), glob: record.text(1)?, created: Timestamp(record.i64(2)?) })
}
