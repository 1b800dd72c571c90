//! Changing API keys and grants. Who may do that is decided by the caller.

use super::{
    Identities,
    accounts::{NAME_LIMIT, TEXT_LIMIT, unforeseen},
    check_name, check_text,
    keys::KeyText,
};
use secrecy::SecretString;
use strongroom_core::{Context, Error, ErrorKind, Glob, OwnerId, Result, Timestamp};
use strongroom_sql::identities::{Account, ApiKey, ApiKeyPatch, Changed, IdentityChange, NewApiKey, NewMac};

impl Identities {
    /// Makes an API key; its text is answered this one time. A repeat of the request (the context's receipt) is refused: then
    /// [`rotate_key`](Self::rotate_key) gives the key another text, as if it were the first.
    ///
    /// # Errors
    /// `InvalidInput` that names the field; `AlreadyExists`; `Conflict` for a repeat.
    pub async fn create_key(
        &self,
        cx: &Context,
        account: &Account,
        name: &str,
        description: &str,
        expires: Option<Timestamp>,
    ) -> Result<(ApiKey, SecretString)> {
        let name = check_name(name)?;
        check_text("description", description, TEXT_LIMIT)?;
        if expires.is_some_and(|at| at <= self.0.engine.now()) {
            return Err(Error::new(ErrorKind::InvalidInput, "expires: it lies in the past"));
        }
        let text = KeyText::generate(self.0.engine.fresh_id())?;
        let detail = format!("`{}` of `{}`", name.escape_debug(), account.name.escape_debug());
        let new = NewApiKey {
            id: text.id,
            account: account.id,
            name,
            description: description.to_owned(),
            expires,
            mac: self.mac(&text, account.id)?,
        };
        let change = IdentityChange::AddKey(new, cx.receipt);
        let key = key_of(self.change(cx, change, "key.create", detail).await?)?;
        Ok((key, text.text()))
    }

    /// Changes an API key.
    ///
    /// # Errors
    /// As [`create_key`](Self::create_key).
    pub async fn update_key(&self, cx: &Context, key: &ApiKey, mut patch: ApiKeyPatch) -> Result<ApiKey> {
        if let Some(name) = patch.name.filter(|name| *name != key.name) {
            patch.name = Some(check_name(&name)?);
        } else {
            patch.name = None;
        }
        check_text("description", patch.description.as_deref().unwrap_or_default(), TEXT_LIMIT)?;
        let active = patch.active.map(|active| format!(", active {active}")).unwrap_or_default();
        let detail = format!("`{}`{active}", key.name.escape_debug());
        key_of(self.change(cx, IdentityChange::PatchKey(key.id, patch), "key.update", detail).await?)
    }

    /// Gives an API key a new secret, whose text is answered this one time; the old one is good for `retain` minutes
    /// more. A repeat of the request (the context's receipt) gives another text, as if it were the first.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if a request is repeated and somebody else rotated it since.
    pub async fn rotate_key(
        &self,
        cx: &Context,
        key: &ApiKey,
        retain: u32,
    ) -> Result<(ApiKey, SecretString)> {
        let text = KeyText::generate(key.id)?;
        let mac = self.mac(&text, key.account)?;
        let detail = format!("`{}`, the old one for {retain} minutes", key.name.escape_debug());
        let change = IdentityChange::RotateKey(key.id, mac, retain, cx.receipt);
        Ok((key_of(self.change(cx, change, "key.rotate", detail).await?)?, text.text()))
    }

    /// Removes an API key.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_key(&self, cx: &Context, key: &ApiKey) -> Result<()> {
        let detail = format!("`{}`", key.name.escape_debug());
        self.change(cx, IdentityChange::RemoveKey(key.id), "key.delete", detail).await.map(drop)
    }

    /// Lets an account's role be about the names that match a glob; one that is there stays.
    ///
    /// # Errors
    /// `InvalidInput` if it is no glob.
    pub async fn grant(&self, cx: &Context, account: &Account, glob: &str) -> Result<()> {
        Glob::new(glob)?;
        check_text("glob", glob, NAME_LIMIT)?;
        let detail = format!("`{}` to `{}`", glob.escape_debug(), account.name.escape_debug());
        let change = IdentityChange::AddGrant(account.id, glob.to_owned());
        self.change(cx, change, "grant.create", detail).await.map(drop)
    }

    /// Takes that back.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn revoke(&self, cx: &Context, account: &Account, glob: &str) -> Result<()> {
        let detail = format!("`{}` from `{}`", glob.escape_debug(), account.name.escape_debug());
        let change = IdentityChange::RemoveGrant(account.id, glob.to_owned());
        self.change(cx, change, "grant.delete", detail).await.map(drop)
    }

    fn mac(&self, text: &KeyText, account: OwnerId) -> Result<NewMac> {
        let (key, mac) = self.new_key_mac(text, account)?;
        Ok(NewMac { key, mac })
    }
}

fn key_of(changed: Changed) -> Result<ApiKey> {
    match changed {
        Changed::Key(key) => Ok(*key),
        _ => Err(unforeseen()),
    }
}
