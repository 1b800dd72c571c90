//! Accounts as owners of secrets. Logging in, roles and grants are the server's.

use crate::{
    SqlCatalog,
    connection::Statement,
    error::{Class, Failure},
    transaction::{Operation, Transaction, Verdict},
    value::args,
};
use strongroom_core::{Error, ErrorKind, Owner, Result, Timestamp, async_trait};

/// What an account is made for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The owner of the database: its first administrator.
    Owner,
    /// To own secrets: nobody can log in with it.
    Foreign,
}

/// What an account is found by, and no other one may have: names are the same if they differ in the case of letters alone,
/// also where one letter is two in the other case (`ß`, `SS`) or has two small forms (`σ`, `ς`).
#[must_use]
pub fn name_key(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

/// Adds an account.
pub(crate) fn insert(owner: &Owner, purpose: Purpose, now: Timestamp) -> Statement {
    let (kind, active, role, scope) = match purpose {
        Purpose::Owner => ("user", true, "admin", "all"),
        Purpose::Foreign => ("foreign", false, "reader", "granted"),
    };
    Statement::new(
        "INSERT INTO accounts (id, name, name_key, full_name, kind, active, role, scope, generation, created) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
        args![
            owner.id.0,
            owner.name.as_str(),
            name_key(&owner.name),
            owner.full_name.as_str(),
            kind,
            active,
            role,
            scope,
            now.0,
        ],
    )
}

impl SqlCatalog {
    /// Adds an account that owns secrets, for programs that have users of their own: nobody can log in with it.
    /// Without this a secret's unknown owner gets an account whose name is its id.
    ///
    /// # Errors
    /// `AlreadyExists` if the id or, in any case of letters, the name is taken.
    pub async fn add_owner(&self, owner: &Owner) -> Result<()> {
        let added = self.database.write(Add(owner.clone())).await?;
        if added {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::AlreadyExists,
            "name: there is such an account already; choose another name",
        )
        .with("name", &owner.name))
    }
}

struct Add(Owner);

#[async_trait]
impl Operation for Add {
    type Answer = bool;

    async fn run(&self, tx: &mut Transaction) -> Result<Verdict<bool>, Failure> {
        let sql = "SELECT id FROM accounts WHERE id = ? OR name_key = ?";
        if !tx.fetch(sql, args![self.0.id.0, name_key(&self.0.name)]).await?.is_empty() {
            return Ok(Verdict::Undo(false));
        }
        let now = tx.now().await?;
        tx.forget();
        match tx.batch(vec![insert(&self.0, Purpose::Foreign, now)]).await {
            Ok(_) => Ok(Verdict::Keep(true)),
            Err(batch) if batch.failure.class == Class::Unique => Err(Failure::again()),
            Err(batch) => Err(batch.failure),
        }
    }
}
