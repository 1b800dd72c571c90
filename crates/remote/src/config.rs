//! `type = "remote"`.

use crate::{RemoteStore, login::Credentials, transport::Transport};
use reqwest::{Certificate, Url, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::{path::PathBuf, sync::Arc, time::Duration};
use strongroom_core::{
    Configure, Error, ErrorKind, Limits, OpenContext, Opened, Result, settings::is_this_machine,
};

/// How long one attempt may take unless said otherwise, in milliseconds.
const TIMEOUT_MS: u64 = 10_000;

/// Which server, and how to log in there: with exactly one of `api_key`, `username` and `password`, and `token`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Config {
    /// The server's URL, without `/api/v1`. `https`, unless the host is this machine or `allow_http` is set.
    pub url: String,
    /// The API key of a service account.
    pub api_key: Option<SecretString>,
    /// The name of a user.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// An access token that somebody else obtained. It cannot be renewed.
    pub token: Option<SecretString>,
    /// A PEM file with the authorities that may vouch for the server, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether credentials and values may cross the network in plain text.
    pub allow_http: bool,
    /// How long one attempt of a call may take, in milliseconds, 100 to 600,000.
    pub timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: String::new(),
            api_key: None,
            username: None,
            password: None,
            token: None,
            ca_file: None,
            allow_http: false,
            timeout_ms: TIMEOUT_MS,
        }
    }
}

/// A configuration that was checked.
pub(crate) struct Checked {
    pub(crate) transport: Transport,
    pub(crate) credentials: Credentials,
}

impl Configure for Config {
    const KIND: &'static str = "remote";
    const ABOUT: &'static str = "the secrets of a Strongroom or ZenML server";
    const LIMITS: Option<Limits> = None;
    const WHOLE: bool = true;

    async fn open(self, _: OpenContext) -> Result<Opened> {
        Ok(Opened::Store(Arc::new(RemoteStore::open(self)?)))
    }
}

impl Config {
    /// For the server at this URL, without credentials yet.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// The URL in its usual form: what two ways to write the same one have in common.
    ///
    /// # Errors
    /// `ConfigInvalid` if it cannot be the URL of a server, or needs `https`.
    pub fn normal_url(&self) -> Result<String> {
        let url = self.parsed()?;
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    /// Checks everything. Nothing is sent.
    pub(crate) fn checked(self) -> Result<Checked> {
        Ok(Checked { transport: self.transport()?, credentials: self.credentials()? })
    }

    /// The way to the server. Nothing is sent.
    pub(crate) fn transport(&self) -> Result<Transport> {
        let url = self.parsed()?;
        if !(100..=600_000).contains(&self.timeout_ms) {
            return Err(invalid("timeout_ms: use a whole number from 100 to 600000"));
        }
        let timeout = Duration::from_millis(self.timeout_ms);
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("strongroom/", env!("CARGO_PKG_VERSION")))
            // Credentials go where the configuration says, and nowhere else.
            .redirect(redirect::Policy::none())
            .referer(false)
            // Attempts are counted in one place.
            .retry(reqwest::retry::never())
            .connect_timeout(timeout.min(Duration::from_secs(10)));
        if url.scheme() == "http" {
            // A proxy would see everything; and the system's authorities are not needed.
            http = http.no_proxy().tls_certs_only([]);
        } else {
            http = http.https_only(true);
            if let Some(file) = &self.ca_file {
                http = http.tls_certs_only(authorities(file)?);
            }
        }
        let http = http.build().map_err(|_| {
            invalid("the HTTP client cannot be set up: are the system's authorities installed?")
        })?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(Transport::new(http, base, timeout))
    }

    fn parsed(&self) -> Result<Url> {
        if self.url.is_empty() {
            return Err(invalid(
                "url: it is missing; write the server's URL, like https://strongroom.example",
            ));
        }
        let url = Url::parse(&self.url).ok().filter(|url| url.has_host());
        let url =
            url.ok_or_else(|| invalid("url: it is no URL; write one like https://strongroom.example"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("url: it must not hold credentials; use api_key, or username and password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("url: it must have neither a query nor a fragment"));
        }
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http || url.host_str().is_some_and(is_this_machine) => {}
            "http" => {
                return Err(invalid(
                    "url: credentials and values would cross the network in plain text; use https, or set allow_http",
                ));
            }
            _ => return Err(invalid("url: it must begin with https:// or http://")),
        }
        Ok(url)
    }

    fn credentials(self) -> Result<Credentials> {
        let given = (self.api_key, self.username, self.password, self.token);
        let credentials = match given {
            (Some(key), None, None, None) => Credentials::ApiKey(trimmed(&key)),
            (None, Some(username), Some(password), None) => Credentials::Password { username, password },
            (None, None, None, Some(token)) => Credentials::Token(trimmed(&token)),
            (None, Some(_), None, None) => return Err(invalid("password: it is missing beside username")),
            (None, None, Some(_), None) => return Err(invalid("username: it is missing beside password")),
            (None, None, None, None) => {
                return Err(invalid(
                    "api_key: it is missing; give api_key, or username and password, or token",
                ));
            }
            _ => return Err(invalid("api_key, username and password, token: give one of them alone")),
        };
        match &credentials {
            Credentials::ApiKey(text) | Credentials::Token(text) if !is_word(text.expose_secret()) => {
                Err(invalid("api_key, token: it must be one word of printable ASCII characters"))
            }
            _ => Ok(credentials),
        }
    }
}

/// Without what an editor or `echo` adds.
fn trimmed(text: &SecretString) -> SecretString {
    SecretString::from(text.expose_secret().trim())
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn authorities(file: &std::path::Path) -> Result<Vec<Certificate>> {
    let at = |error: Error| error.with("file", file.display());
    let pem = std::fs::read(file).map_err(|error| {
        at(invalid(&format!("ca_file: it cannot be read: {}; correct the path", error.kind())))
    })?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(at(invalid("ca_file: there is no certificate in PEM form in it"))),
    }
}

fn invalid(text: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, text.to_owned())
}
