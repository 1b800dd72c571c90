//! Changing API keys.

use super::{
    apply::{Step, refuse, take, there},
    change::{ApiKeyPatch, Changed, NewApiKey, NewMac},
    rows::{self, API_KEY, ApiKey},
};
use crate::{
    connection::Statement,
    error::Failure,
    receipts,
    transaction::{Operation, Transaction, Verdict},
    value::args,
};
use std::time::Duration;
use strongroom_core::{ErrorKind, Receipt, Result, Revision, SecretId, Timestamp, async_trait};
use uuid::Uuid;

pub(super) async fn add(
    tx: &mut Transaction,
    new: &NewApiKey,
    receipt: Option<Receipt>,
    now: Timestamp,
) -> Step {
    if !there(tx, new.account).await? {
        return refuse(ErrorKind::NotFound, "account: there is no such account");
    }
    let key = ApiKey {
        id: new.id,
        account: new.account,
        name: new.name.clone(),
        description: new.description.clone(),
        active: true,
        generation: 1,
        key: new.mac.key,
        mac: new.mac.mac.clone(),
        previous: None,
        retain_minutes: 0,
        expires: new.expires,
        last_used: None,
        rotated: None,
        created: now,
        updated: now,
    };
    let noted = receipt.map(|receipt| receipts::insert(&receipt, SecretId(key.id), Revision(1), now));
    let statements = [insert(&key)].into_iter().chain(noted).collect();
    Ok((Ok(Changed::Key(Box::new(key))), statements))
}

pub(super) async fn patch(tx: &mut Transaction, id: Uuid, patch: &ApiKeyPatch, now: Timestamp) -> Step {
    let Some(mut key) = find(tx, id).await? else { return gone() };
    if !take!(key, patch: name, description, active, expires) {
        return Ok((Ok(Changed::Key(Box::new(key))), Vec::new()));
    }
    key.updated = now;
    replace(key)
}

pub(super) async fn rotate(
    tx: &mut Transaction,
    id: Uuid,
    mac: &NewMac,
    minutes: u32,
    receipt: Option<Receipt>,
    now: Timestamp,
) -> Step {
    let Some(mut key) = find(tx, id).await? else { return gone() };
    let before = receipts::revision(tx, receipt).await?;
    match before {
        // Nobody has the text of the first time: were it kept as the previous one, the one in use would be good no more.
        Some(generation) if generation.0 == key.generation.unsigned_abs() => {}
        Some(_) => {
            return refuse(ErrorKind::Conflict, "the API key was rotated again since: rotate it once more");
        }
        None => {
            let until = now.plus(Duration::from_secs(u64::from(minutes) * 60));
            key.previous = (minutes > 0).then(|| (key.key, std::mem::take(&mut key.mac), until));
            key.retain_minutes = i64::from(minutes);
            key.generation += 1;
            key.rotated = Some(now);
        }
    }
    (key.key, key.mac) = (mac.key, mac.mac.clone());
    key.updated = now;
    let generation = Revision(key.generation.unsigned_abs());
    let first = receipt.filter(|_| before.is_none());
    let noted = first.map(|receipt| receipts::insert(&receipt, SecretId(key.id), generation, now));
    let (answer, mut statements) = replace(key)?;
    statements.extend(noted);
    Ok((answer, statements))
}

pub(super) async fn remove(tx: &mut Transaction, id: Uuid) -> Step {
    if find(tx, id).await?.is_none() {
        return gone();
    }
    Ok((Ok(Changed::Done), vec![delete(id)]))
}

fn gone() -> Step {
    refuse(ErrorKind::NotFound, "key: there is no such API key")
}

async fn find(tx: &mut Transaction, id: Uuid) -> Result<Option<ApiKey>, Failure> {
    let sql = format!("SELECT {API_KEY} FROM api_keys WHERE id = ? {{lock}}");
    tx.fetch(&sql, args![id]).await?.first().map(rows::api_key).transpose()
}

fn replace(key: ApiKey) -> Step {
    let statements = vec![delete(key.id), insert(&key)];
    Ok((Ok(Changed::Key(Box::new(key))), statements))
}

fn delete(id: Uuid) -> Statement {
    Statement::new("DELETE FROM api_keys WHERE id = ?", args![id])
}

fn insert(key: &ApiKey) -> Statement {
    let previous = key.previous.as_ref();
    Statement::new(
        format!(
            "INSERT INTO api_keys ({API_KEY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ),
        args![
            key.id,
            key.account.0,
            key.name.as_str(),
            key.description.as_str(),
            key.active,
            key.generation,
            key.key.0,
            key.mac.as_slice(),
            previous.map(|(key, _, _)| key.0),
            previous.map(|(_, mac, _)| mac.as_slice()),
            previous.map(|(_, _, until)| until.0),
            key.retain_minutes,
            key.expires.map(|at| at.0),
            key.last_used.map(|at| at.0),
            key.rotated.map(|at| at.0),
            key.created.0,
            key.updated.0,
        ],
    )
}

/// Notes a use, unless one was noted less than this ago.
pub(super) struct Touch(pub(super) Uuid, pub(super) Duration);

#[async_trait]
impl Operation for Touch {
    type Answer = ();

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<()>, Failure> {
        let now = tx.now().await?;
        let pace = i64::try_from(self.1.as_micros()).unwrap_or(i64::MAX);
        let sql = "UPDATE api_keys SET last_used = ? WHERE id = ? AND (last_used IS NULL OR last_used <= ?)";
        tx.execute(sql, args![now.0, self.0, now.0.saturating_sub(pace)]).await?;
        Ok(Verdict::Keep(()))
    }
}
