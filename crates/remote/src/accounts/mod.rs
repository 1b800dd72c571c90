//! Accounts, API keys and grants of a server of ours.

mod credentials;
mod models;
mod requests;
mod views;

pub use models::{Account, AccountChange, ApiKey, Grant, NewAccount, NewKey};

use crate::{
    buffer::escaped,
    client::{Call, Client},
    error::About,
    transport::{Body, Message},
    wire::{self, PageView},
};
use requests::AccountRequest;
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, sync::Arc, time::Instant};
use strongroom_core::{AccountKind, Context, Error, ErrorKind, Result};
use uuid::Uuid;
use views::AccountView;

/// How many items are asked for at once.
const PAGE: u32 = 1000;

/// What an admin does on a server. Each call takes at most 25 s.
///
/// `Unsupported` on a ZenML server, whose accounts have no roles; `PermissionDenied` for whoever is no admin there.
#[derive(Clone)]
pub struct Accounts {
    client: Arc<Client>,
}

fn path_of(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Service => "/service_accounts",
        AccountKind::User | AccountKind::Foreign => "/users",
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").field("url", &self.client.base()).finish_non_exhaustive()
    }
}

impl Accounts {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: String,
        body: Option<&(impl Serialize + ?Sized)>,
    ) -> Result<T> {
        // These routes keep no receipts: without a key a change is sent again only if it cannot have arrived.
        self.send(method, path, body, None).await
    }

    /// With a key the server recognises the request when it comes again.
    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: String,
        body: Option<&(impl Serialize + ?Sized)>,
        key: Option<Uuid>,
    ) -> Result<T> {
        let end = Instant::now() + Context::TIMEOUT;
        if self.client.server(end).await?.strongroom.is_none() {
            return Err(crate::error::unsupported("manages its accounts with its own command line, `zenml`"));
        }
        let writes = method != Method::GET;
        let mut message = Message::new(method, path);
        message.body = body.map(|body| wire::json(&body).map(Body::Json)).transpose()?;
        message.key = key;
        self.client
            .json(Call { message, about: About { writes, names: true, ..About::default() }, end })
            .await
    }

    pub(super) async fn read<T: DeserializeOwned>(&self, path: String) -> Result<T> {
        self.ask(Method::GET, path, None::<&()>).await
    }

    pub(super) async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>> {
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
        let call = Call { message, about: About::default(), end: Instant::now() + Context::TIMEOUT };
        self.client.json::<AccountView>(call).await?.account(AccountKind::User)
    }

    /// The user name that we log in with; `None` with an API key or a token.
    #[must_use]
    pub fn own_name(&self) -> Option<&str> {
        self.client.login().username()
    }

    /// All accounts of a kind.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn list(&self, kind: AccountKind) -> Result<Vec<Account>> {
        let found: Vec<AccountView> = self.all(path_of(kind)).await?;
        found.into_iter().map(|view| view.account(kind)).collect()
    }

    /// An account by its name or id.
    ///
    /// # Errors
    /// `NotFound` if there is none of that kind.
    pub async fn find(&self, kind: AccountKind, which: &str) -> Result<Account> {
        if matches!(which, "" | "." | "..") {
            // In a path these mean something.
            return Err(Error::new(ErrorKind::NotFound, "no such account"));
        }
        let found: AccountView = self.read(format!("{}/{}", path_of(kind), escaped(which))).await?;
        let account = found.account(kind)?;
        if account.kind != kind {
            // The route for people shows programs, too, to whoever asks by id.
            return Err(Error::new(ErrorKind::NotFound, "no such account of that kind"));
        }
        Ok(account)
    }

    /// Makes an account.
    ///
    /// # Errors
    /// `AlreadyExists` if the name is taken.
    pub async fn create(&self, kind: AccountKind, new: &NewAccount) -> Result<Account> {
        let (path, body, key) = (path_of(kind).into(), AccountRequest::from(new), Some(Uuid::new_v4()));
        self.send::<AccountView>(Method::POST, path, Some(&body), key).await?.account(kind)
    }

    /// Changes an account.
    ///
    /// # Errors
    /// `AlreadyExists` if the new name is taken.
    pub async fn update(&self, account: &Account, change: &AccountChange) -> Result<Account> {
        let path = format!("{}/{}", path_of(account.kind), account.id);
        let body = AccountRequest::from(change);
        self.ask::<AccountView>(Method::PUT, path, Some(&body)).await?.account(account.kind)
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

    /// Removes an account that owns no secrets; its private ones go with it if that is wanted.
    ///
    /// # Errors
    /// `PermissionDenied` if it owns (others).
    pub async fn delete(&self, account: &Account, with_private_secrets: bool) -> Result<()> {
        let query = if with_private_secrets { "?with_private_secrets=true" } else { "" };
        let path = format!("{}/{}{query}", path_of(account.kind), account.id);
        self.ask::<Option<()>>(Method::DELETE, path, None::<&()>).await.map(drop)
    }
}
