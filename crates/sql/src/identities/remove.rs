//! Removing an account.

use super::{
    apply::{LAST_ADMIN, Step, another_admin, find, refuse},
    change::Changed,
    rows::Role,
};
use crate::{
    connection::Statement,
    delete,
    error::Failure,
    transaction::{Note, Transaction},
    value::args,
};
use strongroom_core::{ErrorKind, OwnerId, Revision, SecretId, Timestamp};
use strongroom_engine::{AuditEntry, Noted};

/// Removes an account that owns no secrets; its private ones go with it if there is an entry to note each after.
pub(super) async fn account(
    tx: &mut Transaction,
    id: OwnerId,
    secrets_too: Option<(&Noted, Timestamp)>,
) -> Step {
    let Some(account) = find(tx, id).await? else {
        return refuse(ErrorKind::NotFound, "account: there is no such account");
    };
    if account.active && account.role == Role::Admin && !another_admin(tx, id).await? {
        return refuse(ErrorKind::Conflict, LAST_ADMIN);
    }
    let (private, public) = owned(tx, id).await?;
    if public > 0 || (private > 0 && secrets_too.is_none()) {
        return refuse(ErrorKind::Conflict, owns_secrets(private, public));
    }
    if let Some((noted, now)) = secrets_too {
        remove_private_secrets(tx, id, noted, now).await?;
    }
    let statements = [
        "DELETE FROM grants WHERE account = ?",
        "DELETE FROM api_keys WHERE account = ?",
        "DELETE FROM logins WHERE account = ?",
        "DELETE FROM accounts WHERE id = ?",
    ];
    let one = |sql: &'static str| Statement::new(sql, args![id.0]);
    Ok((Ok(Changed::Done), statements.into_iter().map(one).collect()))
}

/// How many private and public secrets an account owns.
async fn owned(tx: &mut Transaction, id: OwnerId) -> Result<(i64, i64), Failure> {
    let sql = "SELECT (SELECT COUNT(*) FROM secrets WHERE owner = ? AND private = 1), \
               (SELECT COUNT(*) FROM secrets WHERE owner = ? AND private = 0)";
    let found = tx.fetch(sql, args![id.0, id.0]).await?;
    let Some(record) = found.first() else { return Ok((0, 0)) };
    Ok((record.i64(0)?, record.i64(1)?))
}

/// Counts and the way on, and no names: what is private is not the admin's.
fn owns_secrets(private: i64, public: i64) -> String {
    let way = match (private, public) {
        (_, 0) => "they can be deleted with it (--with-private-secrets, `with_private_secrets=true`)",
        (0, _) => "delete those first",
        _ => {
            "delete the public ones first; the private ones can be deleted with it (--with-private-secrets, \
             `with_private_secrets=true`)"
        }
    };
    format!(
        "the account owns secrets, {private} private and {public} public: {way}, or deactivate the account"
    )
}

async fn remove_private_secrets(
    tx: &mut Transaction,
    owner: OwnerId,
    noted: &Noted,
    now: Timestamp,
) -> Result<(), Failure> {
    let sql = "SELECT id FROM secrets WHERE owner = ? AND private = 1 ORDER BY id {lock}";
    let found = tx.fetch(sql, args![owner.0]).await?;
    for record in &found {
        let secret = SecretId(record.uuid(0)?);
        let entry = AuditEntry {
            change: tx.fresh(),
            action: "secret.delete",
            secret,
            // No name: whoever reads the audit log may not see it either.
            detail: "private=true, with its owner's account".to_owned(),
            receipt: None,
            ..noted.entry.clone()
        };
        let (statements, _) = delete::removal(tx, secret, entry.change, None, now).await?;
        let note = Note { entry: &entry, auditor: &noted.auditor, at: now, revision: Revision(0) };
        tx.write(statements, &note).await?;
    }
    Ok(())
}
