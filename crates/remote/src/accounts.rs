//! Accounts, API keys and grants of a server of ours.

use crate::{
    buffer::escaped,
    client::{Call, Client},
    error::About,
    transport::{Body, Message},
    wire::{self, PageView},
};
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use strongroom_core::{Error, ErrorKind, Result, Timestamp};
use uuid::Uuid;

const DEADLINE: Duration = Duration::from_secs(25);
/// How many items are asked for at once.
const PAGE: u32 = 1000;

/// What an admin does on a server. Each call takes at most 25 s.
///
/// `Unsupported` on a ZenML server, whose accounts have no roles; `PermissionDenied` for whoever is no admin there.
#[derive(Clone)]
pub struct Accounts {
    client: Arc<Client>,
}

/// A person's or a program's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Names it for ever.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The full name; may be empty.
    pub full_name: String,
    /// Whether it is a program's.
    pub service: bool,
    /// `admin`, `writer`, `reader` or `auditor`.
    pub role: String,
    /// `all` or `granted`.
    pub scope: String,
    /// Whether it can be used.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// An API key without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Names it for ever.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// A remark; may be empty.
    pub description: String,
    /// Whether it can be used.
    pub active: bool,
    /// When it ends; `None`: it does not.
    pub expires: Option<Timestamp>,
    /// When it was last used, to within minutes.
    pub last_used: Option<Timestamp>,
    /// When its text was last replaced.
    pub rotated: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
}

/// Names that an account with the scope `granted` may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which names.
    pub glob: String,
    /// Since when.
    pub created: Timestamp,
}

/// An account to be made.
#[derive(Debug, Serialize)]
pub struct NewAccount {
    /// Its name.
    pub name: String,
    /// The full name; may be empty.
    pub full_name: String,
    /// A remark, for a program's account; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// `admin`, `writer`, `reader` or `auditor`.
    pub role: String,
    /// `all` or `granted`.
    pub scope: String,
    /// For a person.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    pub password: Option<SecretString>,
}

/// What is to change of an account; `None` leaves what it is.
#[derive(Debug, Default, Serialize)]
pub struct AccountChange {
    /// Another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Another full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// Another remark, of a program's account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Another role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Another scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Whether it can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

/// An API key to be made.
#[derive(Debug, Serialize)]
pub struct NewKey {
    /// Its name.
    pub name: String,
    /// A remark; may be empty.
    pub description: String,
    /// How many days it is good for; `None`: until it is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
}

fn exposed<S: Serializer>(text: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_ref().map(|text| text.expose_secret()).serialize(serializer)
}

#[derive(Deserialize)]
struct AccountView {
    id: Uuid,
    name: String,
    body: AccountBody,
}

#[derive(Deserialize)]
struct AccountBody {
    created: String,
    updated: String,
    #[serde(default)]
    full_name: Option<String>,
    active: bool,
    #[serde(default)]
    is_service_account: Option<bool>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    scope: Option<String>,
}

#[derive(Deserialize)]
struct KeyView {
    id: Uuid,
    name: String,
    body: KeyBody,
    #[serde(default)]
    metadata: Option<KeyMetadata>,
}

#[derive(Deserialize)]
struct KeyBody {
    created: String,
    active: bool,
    #[serde(default)]
    key: Option<SecretString>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct KeyMetadata {
    description: Option<String>,
    last_login: Option<String>,
    last_rotated: Option<String>,
    expires: Option<String>,
}

#[derive(Deserialize)]
struct GrantView {
    glob: String,
    created: String,
}

impl AccountView {
    fn account(self, service: bool) -> Result<Account> {
        Ok(Account {
            id: self.id,
            name: self.name,
            full_name: self.body.full_name.unwrap_or_default(),
            service: self.body.is_service_account.unwrap_or(service),
            role: self.body.role.unwrap_or_default(),
            scope: self.body.scope.unwrap_or_default(),
            active: self.body.active,
            created: wire::time(&self.body.created)?,
            updated: wire::time(&self.body.updated)?,
        })
    }
}

impl KeyView {
    fn key(self) -> Result<(ApiKey, Option<SecretString>)> {
        let metadata = self.metadata.unwrap_or_default();
        let moment = |text: Option<String>| text.as_deref().map(wire::time).transpose();
        let key = ApiKey {
            id: self.id,
            name: self.name,
            description: metadata.description.unwrap_or_default(),
            active: self.body.active,
            expires: moment(metadata.expires)?,
            last_used: moment(metadata.last_login)?,
            rotated: moment(metadata.last_rotated)?,
            created: wire::time(&self.body.created)?,
        };
        Ok((key, self.body.key))
    }

    fn with_text(self) -> Result<(ApiKey, SecretString)> {
        let (key, text) = self.key()?;
        let none = || Error::new(ErrorKind::Unexpected, "the server did not answer the key's text");
        Ok((key, text.ok_or_else(none)?))
    }
}

fn kind(service: bool) -> &'static str {
    if service { "/service_accounts" } else { "/users" }
}

impl Accounts {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: String,
        body: Option<&(impl Serialize + ?Sized)>,
    ) -> Result<T> {
        let end = Instant::now() + DEADLINE;
        if self.client.server(end).await?.strongroom.is_none() {
            return Err(crate::error::unsupported("manages its accounts with its own command line, `zenml`"));
        }
        let writes = method != Method::GET;
        let mut message = Message::new(method, path);
        message.body = body.map(|body| wire::json(&body).map(Body::Json)).transpose()?;
        // These routes keep no receipts: without a key a change is sent again only if it cannot have arrived.
        self.client
            .json(Call { message, about: About { writes, names: true, ..About::default() }, end })
            .await
    }

    async fn read<T: DeserializeOwned>(&self, path: String) -> Result<T> {
        self.ask(Method::GET, path, None::<&()>).await
    }

    async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>> {
        let mut all = Vec::new();
        for page in 1.. {
            let path = format!("{path}?hydrate=true&sort_by=created&page={page}&size={PAGE}");
            let found: PageView<T> = self.read(path).await?;
            all.extend(found.items);
            if page >= found.total_pages {
                break;
            }
        }
        Ok(all)
    }

    /// The account that we log in with; a ZenML server's has neither role nor scope.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn own(&self) -> Result<Account> {
        let message = Message::new(Method::GET, "/current-user");
        let call = Call { message, about: About::default(), end: Instant::now() + DEADLINE };
        self.client.json::<AccountView>(call).await?.account(false)
    }

    /// The user name that we log in with; `None` with an API key or a token.
    #[must_use]
    pub fn own_name(&self) -> Option<&str> {
        self.client.login().username()
    }

    /// All accounts of people, or of programs.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn list(&self, service: bool) -> Result<Vec<Account>> {
        let found: Vec<AccountView> = self.all(kind(service)).await?;
        found.into_iter().map(|view| view.account(service)).collect()
    }

    /// An account by its name or id.
    ///
    /// # Errors
    /// `NotFound` if there is none of that kind.
    pub async fn find(&self, service: bool, which: &str) -> Result<Account> {
        if matches!(which, "" | "." | "..") {
            // In a path these mean something.
            return Err(Error::new(ErrorKind::NotFound, "no such account"));
        }
        self.read::<AccountView>(format!("{}/{}", kind(service), escaped(which))).await?.account(service)
    }

    /// Makes an account.
    ///
    /// # Errors
    /// `AlreadyExists` if the name is taken.
    pub async fn create(&self, service: bool, new: &NewAccount) -> Result<Account> {
        self.ask::<AccountView>(Method::POST, kind(service).into(), Some(new)).await?.account(service)
    }

    /// Changes an account.
    ///
    /// # Errors
    /// `AlreadyExists` if the new name is taken.
    pub async fn update(&self, account: &Account, change: &AccountChange) -> Result<Account> {
        let path = format!("{}/{}", kind(account.service), account.id);
        self.ask::<AccountView>(Method::PUT, path, Some(change)).await?.account(account.service)
    }

    /// Gives the account that we log in with another password, which ends what was logged in with the old one.
    ///
    /// # Errors
    /// `PermissionDenied` if the old password is wrong.
    pub async fn change_password(
        &self,
        account: &Account,
        old: &SecretString,
        new: &SecretString,
    ) -> Result<()> {
        #[derive(Serialize)]
        struct Passwords<'a> {
            name: &'a str,
            password: &'a str,
            old_password: &'a str,
        }
        let body = Passwords {
            name: &account.name,
            password: new.expose_secret(),
            old_password: old.expose_secret(),
        };
        let path = format!("/users/{}", account.id);
        self.ask::<AccountView>(Method::PUT, path, Some(&body)).await.map(drop)
    }

    /// Removes an account that owns no secrets.
    ///
    /// # Errors
    /// `PermissionDenied` if it owns some.
    pub async fn delete(&self, account: &Account) -> Result<()> {
        let path = format!("{}/{}", kind(account.service), account.id);
        self.ask::<Option<()>>(Method::DELETE, path, None::<&()>).await.map(drop)
    }

    /// The keys of a program's account.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn keys(&self, account: &Account) -> Result<Vec<ApiKey>> {
        let found: Vec<KeyView> = self.all(&keys_of(account)).await?;
        found.into_iter().map(|view| Ok(view.key()?.0)).collect()
    }

    /// Makes a key; its text is answered this one time.
    ///
    /// # Errors
    /// `AlreadyExists` if the name is taken.
    pub async fn create_key(&self, account: &Account, new: &NewKey) -> Result<(ApiKey, SecretString)> {
        self.ask::<KeyView>(Method::POST, keys_of(account), Some(new)).await?.with_text()
    }

    /// Gives a key another text, which is answered this one time; the old one is good for so many minutes.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn rotate_key(
        &self,
        account: &Account,
        key: &ApiKey,
        retain_minutes: u32,
    ) -> Result<(ApiKey, SecretString)> {
        let body = serde_json::json!({"retain_period_minutes": retain_minutes});
        let path = format!("{}/{}/rotate", keys_of(account), key.id);
        self.ask::<KeyView>(Method::PUT, path, Some(&body)).await?.with_text()
    }

    /// Changes a key's name, or whether it can be used.
    ///
    /// # Errors
    /// `AlreadyExists` if the new name is taken.
    pub async fn update_key(
        &self,
        account: &Account,
        key: &ApiKey,
        name: Option<&str>,
        active: Option<bool>,
    ) -> Result<ApiKey> {
        let body = serde_json::json!({"name": name, "active": active});
        let path = format!("{}/{}", keys_of(account), key.id);
        Ok(self.ask::<KeyView>(Method::PUT, path, Some(&body)).await?.key()?.0)
    }

    /// Removes a key.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn delete_key(&self, account: &Account, key: &ApiKey) -> Result<()> {
        let path = format!("{}/{}", keys_of(account), key.id);
        self.ask::<Option<()>>(Method::DELETE, path, None::<&()>).await.map(drop)
    }

    /// The grants of an account.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn grants(&self, account: &Account) -> Result<Vec<Grant>> {
        let found: Vec<GrantView> = self.read(grants_of(account)).await?;
        let grant = |view: GrantView| Ok(Grant { created: wire::time(&view.created)?, glob: view.glob });
        found.into_iter().map(grant).collect()
    }

    /// Adds a grant.
    ///
    /// # Errors
    /// `InvalidInput` for a glob that cannot be read.
    pub async fn grant(&self, account: &Account, glob: &str) -> Result<()> {
        let body = serde_json::json!({"glob": glob});
        self.ask::<Option<()>>(Method::POST, grants_of(account), Some(&body)).await.map(drop)
    }

    /// Takes a grant back.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub async fn revoke(&self, account: &Account, glob: &str) -> Result<()> {
        let path = format!("{}?glob={}", grants_of(account), escaped(glob));
        self.ask::<Option<()>>(Method::DELETE, path, None::<&()>).await.map(drop)
    }
}

fn keys_of(account: &Account) -> String {
    format!("/service_accounts/{}/api_keys", account.id)
}

fn grants_of(account: &Account) -> String {
    format!("/accounts/{}/grants", account.id)
}
