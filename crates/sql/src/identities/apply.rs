//! Changing accounts, keys and grants.

use super::{
    change::{AccountPatch, Changed, IdentityChange, NewAccount},
    key, remove,
    rows::{self, ACCOUNT, ACCOUNT_FROM, Account},
};
use crate::{
    accounts::name_key,
    connection::Statement,
    error::{Class, Failure},
    receipts,
    transaction::{Note, Operation, Transaction, Verdict},
    value::{Value, args, damaged},
};
use secrecy::ExposeSecret;
use strongroom_core::{
    Error, ErrorKind, OwnerId, Reason, Receipt, Result, Revision, Role, SecretId, Timestamp, async_trait,
};
use strongroom_engine::{Auditor, Noted};

/// Takes over what a patch gives: whether anything differs.
macro_rules! take {
    ($row:ident, $patch:ident: $($field:ident),*) => {{
        let mut differs = false;
        $(if let Some(new) = &$patch.$field && $row.$field != *new {
            $row.$field = new.clone();
            differs = true;
        })*
        differs
    }};
}
pub(super) use take;

/// A change, in a transaction with its audit entry.
pub(super) struct Apply {
    pub(super) change: IdentityChange,
    pub(super) noted: Noted,
}

/// What a step answers: an error, or why nothing is done, is told to the caller, and undoes everything.
pub(super) type Step = Result<(Result<Changed>, Vec<Statement>), Failure>;

pub(super) const LAST_ADMIN: &str =
    "there has to be at least one active admin: make another account one first";
const OWNER: &str = "the account owns the database itself: deactivate it";

pub(super) fn refuse(kind: ErrorKind, text: &'static str) -> Step {
    Ok((Err(Error::new(kind, text)), Vec::new()))
}

/// Refuses to take away an account that is needed.
pub(super) fn needed(text: &'static str) -> Step {
    Ok((Err(Error::new(ErrorKind::Conflict, text).because(Reason::AccountNeeded)), Vec::new()))
}

#[async_trait]
impl Operation for Apply {
    type Answer = Result<Changed>;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<Result<Changed>>, Failure> {
        // The epoch's row is the lock of all such changes: the last admin cannot go twice at the same time.
        let epoch = tx.fetch("SELECT epoch FROM auth_epoch WHERE id = 1 {lock}", Vec::new()).await?;
        if epoch.is_empty() {
            // Nobody would notice the change.
            return Err(damaged("an epoch", 0));
        }
        if !tx.keys_hold(None, &[Some(self.noted.auditor.key())]).await? {
            return Ok(Verdict::Undo(Err(Auditor::key_replaced())));
        }
        let now = tx.now().await?;
        tx.forget();
        let (answer, mut statements) = match &self.change {
            IdentityChange::AddAccount(new, receipt) => {
                receipts::refuse_repeat(tx, *receipt).await?;
                add(new, *receipt, now)
            }
            IdentityChange::PatchAccount(id, patch) => change(tx, *id, patch, now).await?,
            IdentityChange::RemoveAccount(id) => remove_account(tx, *id, None).await?,
            IdentityChange::RemoveAccountAndPrivateSecrets(id) => {
                remove_account(tx, *id, Some((&self.noted, now))).await?
            }
            IdentityChange::AddKey(new, receipt) => {
                receipts::refuse_repeat(tx, *receipt).await?;
                key::add(tx, new, *receipt, now).await?
            }
            IdentityChange::PatchKey(id, patch) => key::patch(tx, *id, patch, now).await?,
            IdentityChange::RotateKey(id, mac, minutes, receipt) => {
                key::rotate(tx, *id, mac, *minutes, *receipt, now).await?
            }
            IdentityChange::RemoveKey(id) => key::remove(tx, *id).await?,
            IdentityChange::AddGrant(account, glob) => add_grant(tx, *account, glob, now).await?,
            IdentityChange::RemoveGrant(account, glob) => remove_grant(tx, *account, glob).await?,
        };
        if matches!(answer, Err(_) | Ok(Changed::OwnsSecrets(_))) {
            return Ok(Verdict::Undo(answer));
        }
        // Whoever knows what there is knows it still.
        if !statements.is_empty() {
            let next = "UPDATE auth_epoch SET epoch = epoch + 1 WHERE id = 1";
            statements.push(Statement::new(next, Vec::new()));
        }
        let note =
            Note { entry: &self.noted.entry, auditor: &self.noted.auditor, at: now, revision: Revision(0) };
        match tx.write(statements, &note).await {
            Ok(()) => Ok(Verdict::Keep(answer)),
            Err(batch) if batch.failure.class == Class::Unique => {
                Ok(Verdict::Undo(Err(Error::new(ErrorKind::AlreadyExists, "name: it is taken"))))
            }
            Err(batch) if batch.failure.class == Class::ForeignKey => Ok(Verdict::Undo(Err(Error::new(
                ErrorKind::Conflict,
                "the account owns secrets that were made just now: deactivate it, or try again",
            )))),
            Err(batch) => Err(batch.failure),
        }
    }
}

fn add(new: &NewAccount, receipt: Option<Receipt>, now: Timestamp) -> (Result<Changed>, Vec<Statement>) {
    let account = Account {
        id: new.id,
        name: new.name.clone(),
        full_name: new.full_name.clone(),
        kind: new.kind,
        active: new.active,
        role: new.role,
        scope: new.scope,
        description: new.description.clone(),
        email: new.email.clone(),
        password: new.password.clone(),
        password_changed: new.password.as_ref().map(|_| now),
        activation: new.activation.clone(),
        generation: 1,
        created: now,
        updated: now,
    };
    let insert = Statement::new(
        "INSERT INTO accounts (id, name, name_key, full_name, kind, active, role, scope, generation, created) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
        args![
            new.id.0,
            new.name.as_str(),
            name_key(&new.name),
            new.full_name.as_str(),
            new.kind.as_str(),
            new.active,
            new.role.as_str(),
            new.scope.as_str(),
            now.0,
        ],
    );
    let login = login(&account);
    let noted = receipt.map(|receipt| receipts::insert(&receipt, SecretId(new.id.0), Revision(1), now));
    let statements = [insert, login].into_iter().chain(noted).collect();
    (Ok(Changed::Account(Box::new(account))), statements)
}

fn login(account: &Account) -> Statement {
    Statement::new(
        "INSERT INTO logins (account, description, email, password, password_changed, activation, generation, updated) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        args![
            account.id.0,
            account.description.as_str(),
            account.email.as_deref(),
            account.password.as_ref().map(|hash| hash.expose_secret().to_owned()),
            account.password_changed.map(|at| at.0),
            account.activation.as_deref(),
            account.generation,
            account.updated.0,
        ],
    )
}

async fn change(tx: &mut Transaction, id: OwnerId, patch: &AccountPatch, now: Timestamp) -> Step {
    let Some(mut account) = find(tx, id).await? else {
        return refuse(ErrorKind::NotFound, "account: there is no such account");
    };
    if patch.at_generation.is_some_and(|at| at != account.generation) {
        return refuse(ErrorKind::Conflict, "the account was changed meanwhile: look at it again");
    }
    let before = account.clone();
    let differs = take!(account, patch: name, full_name, description, email, active, role, scope, activation);
    if !differs && patch.password.is_none() {
        return Ok((Ok(Changed::Account(Box::new(account))), Vec::new()));
    }
    if let Some(hash) = &patch.password {
        account.password = Some(hash.clone());
        account.password_changed = Some(now);
    }
    // What was begun with the account as it was before ends.
    if patch.password.is_some() || before.active != account.active || before.activation != account.activation
    {
        account.generation += 1;
    }
    account.updated = now;
    let was_admin = before.active && before.role == Role::Admin;
    let is_admin = account.active && account.role == Role::Admin;
    if was_admin && !is_admin && !another_admin(tx, id).await? {
        return needed(LAST_ADMIN);
    }
    let statements = vec![
        // The generation of this table is part of what a cached secret's owner is compared by.
        Statement::new(
            "UPDATE accounts SET name = ?, name_key = ?, full_name = ?, active = ?, role = ?, scope = ?, \
             generation = generation + 1 WHERE id = ?",
            args![
                account.name.as_str(),
                name_key(&account.name),
                account.full_name.as_str(),
                account.active,
                account.role.as_str(),
                account.scope.as_str(),
                id.0,
            ],
        ),
        Statement::new("DELETE FROM logins WHERE account = ?", args![id.0]),
        login(&account),
    ];
    Ok((Ok(Changed::Account(Box::new(account))), statements))
}

pub(super) async fn find(tx: &mut Transaction, id: OwnerId) -> Result<Option<Account>, Failure> {
    let sql = format!("SELECT {ACCOUNT} FROM {ACCOUNT_FROM} WHERE a.id = ?");
    tx.fetch(&sql, args![id.0]).await?.first().map(rows::account).transpose()
}

pub(super) async fn another_admin(tx: &mut Transaction, but: OwnerId) -> Result<bool, Failure> {
    // A machine does not log in to put things right.
    let sql =
        "SELECT COUNT(*) FROM accounts WHERE role = 'admin' AND kind = 'user' AND active = 1 AND id <> ?";
    let found = tx.fetch(sql, args![but.0]).await?;
    Ok(found.first().map_or(Ok(0), |record| record.i64(0))? > 0)
}

/// Removes an account, unless it owns the database itself.
async fn remove_account(tx: &mut Transaction, id: OwnerId, secrets_too: Option<(&Noted, Timestamp)>) -> Step {
    let step = remove::account(tx, id, secrets_too).await?;
    if matches!(step.0, Ok(Changed::Done)) && owns_the_database(tx, id).await? {
        return needed(OWNER);
    }
    Ok(step)
}

async fn owns_the_database(tx: &mut Transaction, id: OwnerId) -> Result<bool, Failure> {
    Ok(!tx.fetch("SELECT id FROM identity WHERE owner = ?", args![id.0]).await?.is_empty())
}

pub(super) async fn there(tx: &mut Transaction, account: OwnerId) -> Result<bool, Failure> {
    Ok(!tx.fetch("SELECT id FROM accounts WHERE id = ?", args![account.0]).await?.is_empty())
}

async fn add_grant(tx: &mut Transaction, account: OwnerId, glob: &str, now: Timestamp) -> Step {
    if !there(tx, account).await? {
        return refuse(ErrorKind::NotFound, "account: there is no such account");
    }
    let values: Vec<Value> = args![account.0, glob];
    if !tx.fetch("SELECT created FROM grants WHERE account = ? AND glob = ?", values).await?.is_empty() {
        return Ok((Ok(Changed::Done), Vec::new()));
    }
    let insert = Statement::new(
        "INSERT INTO grants (account, glob, created) VALUES (?, ?, ?)",
        args![account.0, glob, now.0],
    );
    Ok((Ok(Changed::Done), vec![insert]))
}

async fn remove_grant(tx: &mut Transaction, account: OwnerId, glob: &str) -> Step {
    const NONE: &str = "glob: the account has no such grant";
    // None has this character, and PostgreSQL would take the question for an error.
    if glob.contains('\0') {
        return refuse(ErrorKind::NotFound, NONE);
    }
    let values: Vec<Value> = args![account.0, glob];
    if tx.fetch("SELECT created FROM grants WHERE account = ? AND glob = ?", values.clone()).await?.is_empty()
    {
        return refuse(ErrorKind::NotFound, NONE);
    }
    let delete = Statement::new("DELETE FROM grants WHERE account = ? AND glob = ?", values);
    Ok((Ok(Changed::Done), vec![delete]))
}
