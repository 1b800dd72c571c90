//! The first admin: the account that a database was made with, once somebody may log in to it.

use super::{Identities, keys::random_text};
use secrecy::SecretString;
use std::{fs, path::Path, time::Duration};
use strongroom_core::{Context, ErrorKind, Result};
use strongroom_sql::identities::{Account, AccountKind, AccountPatch, AccountRef, IdentityChange, Role};

/// The first admin, for as long as nobody can log in as an admin.
#[derive(Debug)]
pub struct FirstAdmin<'a> {
    identities: &'a Identities,
    owner: Account,
}

impl<'a> FirstAdmin<'a> {
    /// The account that the database was made with, if no admin can log in.
    ///
    /// # Errors
    /// Of the database.
    pub async fn of(identities: &'a Identities) -> Result<Option<Self>> {
        let catalog = identities.catalog();
        let accounts = catalog.accounts().await?;
        let can_log_in = accounts.iter().any(|account| {
            account.role == Role::Admin
                && account.active
                && account.kind == AccountKind::User
                && account.password.is_some()
        });
        if can_log_in {
            return Ok(None);
        }
        let owner = catalog.account(AccountRef::Id(identities.engine().identity().owner.id)).await?;
        Ok(owner.map(|owner| Self { identities, owner }))
    }

    /// Gives it a password; `false` if another process was faster: several may start at once.
    ///
    /// # Errors
    /// Of the database; `InvalidInput` if the password is too short.
    pub async fn set_password(self, password: SecretString) -> Result<bool> {
        let Self { identities, owner } = self;
        let patch = AccountPatch {
            password: Some(identities.0.passwords.hash(password).await?),
            at_generation: Some(owner.generation),
            ..AccountPatch::default()
        };
        let cx = Context::full(owner.id, "serve");
        let detail = "the first admin's password".to_owned();
        let change = IdentityChange::PatchAccount(owner.id, patch);
        match identities.change(&cx, change, "account.update", detail).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// A password that nobody guesses.
///
/// # Errors
/// If the system has no random numbers.
pub fn made_up_password() -> Result<SecretString> {
    random_text()
}

/// The name of the file with a made-up first password, beside the root keys.
pub const FIRST_PASSWORD_FILE: &str = "initial-admin-password";

/// How often it is looked at whether the first password still is one.
const LOOK: Duration = Duration::from_secs(5);

impl Identities {
    /// Removes the file with a made-up first password once the account has another one, wherever that was changed.
    /// Ends when the file is gone.
    pub(crate) async fn watch_first_password(&self, file: &Path) {
        let mut seen = None;
        while let Ok(text) = fs::read_to_string(file) {
            match self.first_password_holds(SecretString::from(text), &mut seen).await {
                Ok(true) => {}
                Ok(false) => {
                    if let Err(error) = fs::remove_file(file) {
                        let why = error.kind();
                        tracing::warn!(target: "strongroom::server", %why, "the file with the first password stays");
                        return;
                    }
                    tracing::info!(target: "strongroom::server", "the first password was changed; its file is gone");
                }
                // It is looked at again.
                Err(_) => {}
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Whether the first admin's password is this one; `seen` is the generation of the account that it was true of.
    async fn first_password_holds(&self, password: SecretString, seen: &mut Option<i64>) -> Result<bool> {
        let owner = AccountRef::Id(self.engine().identity().owner.id);
        let Some(owner) = self.catalog().account(owner).await? else { return Ok(false) };
        if *seen == Some(owner.generation) {
            return Ok(true);
        }
        let holds = self.0.passwords.verify(self.0.passwords.place()?, password, owner.password).await?;
        if holds {
            *seen = Some(owner.generation);
        }
        Ok(holds)
    }
}
