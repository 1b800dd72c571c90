//! Changing accounts. Who may do that is decided by the caller.

use super::{Identities, check_name, check_password, check_text, keys::random_text};
use secrecy::{ExposeSecret, SecretString};
use strongroom_core::{Context, Error, ErrorKind, OwnerId, Result, SecretId, Timestamp};
use strongroom_engine::{
    Noted,
    crypto::{KeyKind, equal},
};
use strongroom_sql::identities::{
    Account, AccountKind, AccountPatch, AccountRef, Changed, IdentityChange, NewAccount, OwnedSecrets, Role,
    Scope,
};
use uuid::Uuid;

pub(super) const NAME_LIMIT: usize = 255;
pub(super) const TEXT_LIMIT: usize = 65_535;

/// How long an account can be activated with a token, in seconds.
const ACTIVATION: i64 = 7 * 24 * 3600;
/// In microseconds.
const SECOND: i64 = 1_000_000;

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Its name.
    pub name: String,
    /// Its full name; may be empty.
    pub full_name: String,
    /// A person or a program.
    pub kind: AccountKind,
    /// What it may do.
    pub role: Role,
    /// With which secrets.
    pub scope: Scope,
    /// A remark.
    pub description: String,
    /// An e-mail address.
    pub email: Option<String>,
    /// A person's password. Without one the account is made inactive, with a token to activate it.
    pub password: Option<SecretString>,
    /// Whether a program's account can be used at once.
    pub active: bool,
}

/// What became of the removal of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Done,
    /// It stays: it owns secrets, other than those that were to go with it.
    OwnsSecrets(OwnedSecrets),
}

/// What is to change; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// The name.
    pub name: Option<String>,
    /// The full name.
    pub full_name: Option<String>,
    /// A remark.
    pub description: Option<String>,
    /// An e-mail address, or none any more.
    pub email: Option<Option<String>>,
    /// Whether it can be used; said either way, a token to activate it is good no more.
    pub active: Option<bool>,
    /// What it may do.
    pub role: Option<Role>,
    /// With which secrets.
    pub scope: Option<Scope>,
    /// A new password: ends every login made with the old one.
    pub password: Option<SecretString>,
}

impl Patch {
    /// Refuses what breaks a rule for texts, names and passwords; the name that the account has may stay.
    ///
    /// # Errors
    /// `InvalidInput` that names the field.
    pub(crate) fn check(&self, account: &Account) -> Result<()> {
        check_text("full_name", self.full_name.as_deref().unwrap_or_default(), NAME_LIMIT)?;
        check_text("description", self.description.as_deref().unwrap_or_default(), TEXT_LIMIT)?;
        let email = self.email.as_ref().and_then(Option::as_deref);
        check_text("email", email.unwrap_or_default(), NAME_LIMIT)?;
        if let Some(name) = self.name.as_ref().filter(|name| **name != account.name) {
            check_name(name)?;
        }
        self.password.as_ref().map_or(Ok(()), check_password)
    }
}

impl Identities {
    /// Makes an account. For a person without a password the token that activates it is answered too. A repeat of the
    /// request (the context's receipt) is refused: then [`answer_again`](Self::answer_again) says what it made.
    ///
    /// # Errors
    /// `InvalidInput` that names the field; `AlreadyExists`; `Conflict` for a repeat.
    pub async fn create_account(
        &self,
        cx: &Context,
        new: NewUser,
    ) -> Result<(Account, Option<SecretString>)> {
        let name = check_name(&new.name)?;
        check_text("full_name", &new.full_name, NAME_LIMIT)?;
        check_text("description", &new.description, TEXT_LIMIT)?;
        check_text("email", new.email.as_deref().unwrap_or_default(), NAME_LIMIT)?;
        let person = new.kind == AccountKind::User;
        let (token, activation) = match &new.password {
            None if person => {
                let (token, hash) = self.activation_token()?;
                (Some(token), Some(hash))
            }
            _ => (None, None),
        };
        let password = match new.password {
            Some(password) => Some(self.0.passwords.hash(password).await?),
            None => None,
        };
        let detail =
            format!("{} `{}`, role {}, scope {}", new.kind, name.escape_debug(), new.role, new.scope);
        let account = NewAccount {
            id: OwnerId(self.0.engine.fresh_id()),
            name,
            full_name: new.full_name,
            kind: new.kind,
            active: if person { password.is_some() } else { new.active },
            role: new.role,
            scope: new.scope,
            description: new.description,
            email: new.email,
            password,
            activation,
        };
        let change = IdentityChange::AddAccount(account, cx.receipt);
        Ok((account_of(self.change(cx, change, "account.create", detail).await?)?, token))
    }

    /// What [`create_account`](Self::create_account) made when the request came first. As long as the account was never
    /// activated, another token for that takes the place of the one that is out, whoever gave it.
    ///
    /// # Errors
    /// `NotFound` if it is gone; `Conflict` if it is changing.
    pub async fn answer_again(&self, cx: &Context, made: OwnerId) -> Result<(Account, Option<SecretString>)> {
        let account = self.0.catalog.account(AccountRef::Id(made)).await?;
        let account = account
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "account: it was made and removed since"))?;
        if account.activation.is_none() || account.password.is_some() {
            return Ok((account, None));
        }
        let (token, hash) = self.activation_token()?;
        let patch = AccountPatch {
            activation: Some(Some(hash)),
            at_generation: Some(account.generation),
            ..AccountPatch::default()
        };
        let detail = format!("`{}`: activation token", account.name.escape_debug());
        let change = IdentityChange::PatchAccount(made, patch);
        Ok((account_of(self.change(cx, change, "account.update", detail).await?)?, Some(token)))
    }

    /// Changes an account.
    ///
    /// # Errors
    /// `InvalidInput` that names the field; `NotFound`; `AlreadyExists`; `Conflict` if no active admin would be left, or if
    /// the password is to change and the account is not as it is given any more.
    pub async fn update_account(&self, cx: &Context, account: &Account, patch: Patch) -> Result<Account> {
        patch.check(account)?;
        let mut touched = Vec::new();
        let mut note = |given: bool, text: String| touched.extend(given.then_some(text));
        note(patch.full_name.is_some(), "full name".into());
        note(patch.description.is_some(), "description".into());
        note(patch.email.is_some(), "email".into());
        note(patch.password.is_some(), "password".into());
        for (field, new) in [
            ("active", patch.active.map(|active| active.to_string())),
            ("role", patch.role.map(|role| role.to_string())),
            ("scope", patch.scope.map(|scope| scope.to_string())),
        ] {
            touched.extend(new.map(|new| format!("{field} {new}")));
        }
        let name = match patch.name.filter(|name| *name != account.name) {
            Some(name) => Some(check_name(&name)?),
            None => None,
        };
        touched.extend(name.as_ref().map(|name| format!("name `{}`", name.escape_debug())));
        let password = match patch.password {
            Some(password) => Some(self.0.passwords.hash(password).await?),
            None => None,
        };
        // Its old password was looked at before: whoever knew that must not replace one that was set meanwhile.
        let at_generation = password.is_some().then_some(account.generation);
        // Else whoever has an old token could take an account over that an admin decided about since.
        let activation = (password.is_some() || patch.active.is_some()).then_some(None);
        let change = AccountPatch {
            name,
            full_name: patch.full_name,
            description: patch.description,
            email: patch.email,
            active: patch.active,
            role: patch.role,
            scope: patch.scope,
            password,
            activation,
            at_generation,
        };
        let detail = format!("`{}`: {}", account.name.escape_debug(), touched.join(", "));
        let change = IdentityChange::PatchAccount(account.id, change);
        account_of(self.change(cx, change, "account.update", detail).await?)
    }

    /// Makes a person's account inactive; the token that activates it again is answered.
    ///
    /// # Errors
    /// As [`update_account`](Self::update_account).
    pub async fn deactivate(&self, cx: &Context, account: &Account) -> Result<(Account, SecretString)> {
        let (token, hash) = self.activation_token()?;
        let patch =
            AccountPatch { active: Some(false), activation: Some(Some(hash)), ..AccountPatch::default() };
        let detail = format!("`{}`", account.name.escape_debug());
        let change = IdentityChange::PatchAccount(account.id, patch);
        Ok((account_of(self.change(cx, change, "account.deactivate", detail).await?)?, token))
    }

    /// Activates an account with its token and a new password. The token is good for one time, within a week.
    ///
    /// # Errors
    /// `Unauthenticated` if it is not the token, or the account is active; `InvalidInput` for the password.
    pub async fn activate(
        &self,
        cx: &Context,
        account: &Account,
        token: &SecretString,
        password: SecretString,
    ) -> Result<Account> {
        let hash = self.activation_hash(token)?;
        let known = account.activation.as_ref().filter(|_| !account.active);
        if !known.is_some_and(|known| equal(known, &hash)) || !is_in_time(token, self.0.engine.now()) {
            return Err(Error::new(ErrorKind::Unauthenticated, "the activation token is not valid"));
        }
        let patch = AccountPatch {
            active: Some(true),
            password: Some(self.0.passwords.hash(password).await?),
            activation: Some(None),
            at_generation: Some(account.generation),
            ..AccountPatch::default()
        };
        let detail = format!("`{}`", account.name.escape_debug());
        let change = IdentityChange::PatchAccount(account.id, patch);
        account_of(self.change(cx, change, "account.activate", detail).await?)
    }

    /// Removes an account with its keys and grants, unless it owns secrets; with its private secrets too, if that is wanted: nobody else could
    /// ever see them, and nobody sees them now. What stores hold of them is removed by the upkeep.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if it is the last active admin, or owns the database itself (then with the reason
    /// `AccountNeeded`), or if a secret of its own was made meanwhile.
    pub async fn delete_account(
        &self,
        cx: &Context,
        account: &Account,
        with_private_secrets: bool,
    ) -> Result<Removal> {
        let name = account.name.escape_debug();
        let (change, detail) = if with_private_secrets {
            let detail = format!("`{name}`, with its private secrets");
            (IdentityChange::RemoveAccountAndPrivateSecrets(account.id), detail)
        } else {
            (IdentityChange::RemoveAccount(account.id), format!("`{name}`"))
        };
        Ok(match self.change(cx, change, "account.delete", detail).await? {
            Changed::OwnsSecrets(owned) => Removal::OwnsSecrets(owned),
            _ => Removal::Done,
        })
    }

    pub(super) async fn change(
        &self,
        cx: &Context,
        change: IdentityChange,
        action: &'static str,
        detail: String,
    ) -> Result<Changed> {
        let engine = &self.0.engine;
        let mut entry = engine.audit_entry(cx, action, SecretId(Uuid::nil()), detail);
        // A change that can be repeated keeps it by itself.
        entry.receipt = None;
        let noted = |auditor| Noted { entry: entry.clone(), auditor };
        engine.audited(|auditor| self.0.catalog.change_identities(change.clone(), noted(auditor))).await
    }

    fn activation_token(&self) -> Result<(SecretString, Vec<u8>)> {
        let now = self.0.engine.now().0 / SECOND;
        let token = SecretString::from(format!("{}.{now}", random_text()?.expose_secret()));
        let hash = self.activation_hash(&token)?;
        Ok((token, hash))
    }

    fn activation_hash(&self, token: &SecretString) -> Result<Vec<u8>> {
        let parts: [&[u8]; 1] = [token.expose_secret().as_bytes()];
        Ok(self.0.engine.keyed_hash(KeyKind::Credential, "activation v1", &parts)?.1.to_vec())
    }
}

/// Whether a token, which is known to be ours, was made within the last week: when that was is behind its dot.
fn is_in_time(token: &SecretString, now: Timestamp) -> bool {
    let made = token.expose_secret().rsplit_once('.').and_then(|(_, made)| made.parse::<i64>().ok());
    made.is_some_and(|made| (now.0 / SECOND).saturating_sub(made) <= ACTIVATION)
}

fn account_of(changed: Changed) -> Result<Account> {
    match changed {
        Changed::Account(account) => Ok(*account),
        _ => Err(unforeseen()),
    }
}

pub(super) fn unforeseen() -> Error {
    Error::new(ErrorKind::Unexpected, "the database answered something else than was asked for")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activation_token_is_good_for_a_week() {
        let (made, week) = (1_800_000_000, ACTIVATION);
        let token = SecretString::from(format!("abc.{made}"));
        let later = |seconds: i64| is_in_time(&token, Timestamp((made + seconds) * SECOND));
        assert!(later(0) && later(week) && !later(week + 1));
        // Another replica's clock may be behind.
        assert!(later(-5));
        assert!(!is_in_time(&SecretString::from("abc"), Timestamp(0)));
    }
}
