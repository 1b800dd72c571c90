//! Removing an account.

use super::{
    apply::{LAST_ADMIN, Step, another_admin, find, needed, refuse},
    change::{Changed, OwnedSecrets},
};
use crate::{
    connection::Statement,
    delete,
    error::Failure,
    transaction::{Note, Transaction},
    value::args,
};
use strongroom_core::{ErrorKind, OwnerId, Revision, Role, SecretId, Timestamp};
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
        return needed(LAST_ADMIN);
    }
    let owned = owned(tx, id).await?;
    if owned.public > 0 || (owned.private > 0 && secrets_too.is_none()) {
        return Ok((Ok(Changed::OwnsSecrets(owned)), Vec::new()));
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

async fn owned(tx: &mut Transaction, id: OwnerId) -> Result<OwnedSecrets, Failure> {
    let sql = "SELECT (SELECT COUNT(*) FROM secrets WHERE owner = ? AND private = 1), \
               (SELECT COUNT(*) FROM secrets WHERE owner = ? AND private = 0)";
    let found = tx.fetch(sql, args![id.0, id.0]).await?;
    let Some(record) = found.first() else { return Ok(OwnedSecrets { private: 0, public: 0 }) };
    let count = |column| record.i64(column).map(|count| u64::try_from(count).unwrap_or_default());
    Ok(OwnedSecrets { private: count(0)?, public: count(1)? })
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
