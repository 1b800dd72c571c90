//! Logging in with a browser (RFC 8628): a person approves on the server's page what this program asks for.

use crate::{
    Config, error,
    login::{Granted, form},
    transport::{Body, Message, Transport},
};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::{
    fmt,
    time::{Duration, Instant},
};
use strongroom_core::{Context, Error, ErrorKind, Result};
use uuid::Uuid;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// What a server that asks for more pauses gets on top.
const SLOWER: Duration = Duration::from_secs(5);
/// No server is asked more often, or kept waiting longer, than that.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// No login waits longer.
const LONGEST: Duration = Duration::from_secs(3600);

/// A login that waits for a person to approve it.
pub struct DeviceLogin {
    transport: Transport,
    client: Uuid,
    code: SecretString,
    user_code: String,
    page: String,
    page_with_code: String,
    pause: Duration,
    lifetime: Duration,
    end: Instant,
}

#[derive(Deserialize)]
struct Authorization {
    device_code: SecretString,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: u64,
    interval: Option<u64>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl DeviceLogin {
    /// Asks the server of this configuration for a login; what is in it to log in with is not used. `agent` is what the
    /// person is shown about this program, beside the address that it comes from.
    ///
    /// # Errors
    /// `ConfigInvalid` that names the key; `StoreRefused` if the server has no such login; `Unavailable` or `Timeout` if
    /// it does not answer, or too many logins wait.
    pub async fn start(config: &Config, agent: &str) -> Result<Self> {
        let transport = config.transport()?;
        let client = Uuid::new_v4();
        let mut message = Message::new(Method::POST, "/device_authorization");
        message.body = Some(Body::Form(form(&[("client_id", &client.to_string())])));
        message.agent = Some(agent.to_owned());
        let began = Instant::now();
        let sent = transport.exchange(&message, None, began + Context::TIMEOUT).await;
        let reply = sent.map_err(|lost| lost.error)?;
        if matches!(reply.status, 403..=405 | 501) {
            let text = "the server has no login with a browser: use an API key, or a name and a password";
            return Err(Error::new(ErrorKind::StoreRefused, text).with("server", transport.base()));
        }
        if !reply.is_success() {
            return Err(error::of(&reply, error::About::default()));
        }
        let unreadable = || error::unreadable(transport.base());
        let found: Authorization = serde_json::from_slice(reply.body.as_ref()).map_err(|_| unreadable())?;
        let page = absolute(transport.base(), &found.verification_uri).ok_or_else(unreadable)?;
        let complete = found.verification_uri_complete.as_deref();
        let page_with_code = complete.and_then(|uri| absolute(transport.base(), uri));
        let lifetime = Duration::from_secs(found.expires_in).min(LONGEST);
        let pause = Duration::from_secs(found.interval.unwrap_or(5)).clamp(PAUSES.0, PAUSES.1);
        Ok(Self {
            client,
            code: found.device_code,
            user_code: found.user_code,
            page_with_code: page_with_code.unwrap_or_else(|| page.clone()),
            page,
            pause,
            lifetime,
            end: began + lifetime,
            transport,
        })
    }

    /// The page on which it is approved.
    #[must_use]
    pub fn page(&self) -> &str {
        &self.page
    }

    /// The same, with the code filled in.
    #[must_use]
    pub fn page_with_code(&self) -> &str {
        &self.page_with_code
    }

    /// What the person types there, or compares.
    #[must_use]
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// How long it waits, from when it was asked for.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Waits until it is decided, and answers an access token, which cannot be renewed.
    ///
    /// # Errors
    /// `StoreRefused` if it was denied; `Timeout` if nobody decided in time.
    pub async fn token(mut self) -> Result<SecretString> {
        let client = self.client.to_string();
        let fields =
            [("grant_type", GRANT), ("client_id", &client), ("device_code", self.code.expose_secret())];
        let mut message = Message::new(Method::POST, "/login");
        message.body = Some(Body::Form(form(&fields)));
        // One of the answers may have held the token, of which there is one.
        let mut lost_one = false;
        loop {
            if Instant::now() + self.pause >= self.end {
                return Err(self.too_late(lost_one));
            }
            tokio::time::sleep(self.pause).await;
            let reply = match self.transport.exchange(&message, None, Instant::now() + Context::TIMEOUT).await
            {
                Ok(reply) => reply,
                Err(lost) if lost.transient => {
                    lost_one |= lost.sent;
                    continue;
                }
                Err(lost) => return Err(lost.error),
            };
            if reply.is_success() {
                let granted: Granted = serde_json::from_slice(reply.body.as_ref())
                    .map_err(|_| error::unreadable(self.transport.base()))?;
                return Ok(granted.access_token);
            }
            if matches!(reply.status, 502..=504) {
                lost_one = true;
                continue;
            }
            let refusal: Option<Refusal> = serde_json::from_slice(reply.body.as_ref()).ok();
            match refusal.as_ref().map(|refusal| refusal.error.as_str()) {
                Some("authorization_pending") => {}
                Some("slow_down") => self.pause = (self.pause + SLOWER).min(PAUSES.1),
                Some("expired_token") => return Err(self.too_late(lost_one)),
                Some("access_denied") => {
                    return Err(self.refused("the login was denied; nothing was changed"));
                }
                _ => return Err(self.refused("the server refused the login; nothing was changed")),
            }
        }
    }

    fn refused(&self, text: &'static str) -> Error {
        Error::new(ErrorKind::StoreRefused, text).with("server", self.transport.base())
    }

    fn too_late(&self, lost_one: bool) -> Error {
        let text = if lost_one {
            "the login was not approved in time, or the answer with its token was lost: log in again"
        } else {
            "nobody approved the login in time; nothing was changed"
        };
        Error::new(ErrorKind::Timeout, text).with("server", self.transport.base())
    }
}

/// An address as a server writes it: whole, or from its own root.
fn absolute(base: &str, uri: &str) -> Option<String> {
    if uri.starts_with('/') && !uri.starts_with("//") {
        return Some(format!("{base}{uri}"));
    }
    let url = Url::parse(uri).ok()?;
    // A password is typed there: not in plain text where the server itself is not spoken to like that.
    let fits = url.scheme() == "https" || (url.scheme() == "http" && base.starts_with("http:"));
    fits.then(|| url.to_string())
}

impl fmt::Debug for DeviceLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceLogin").field("page", &self.page).finish_non_exhaustive()
    }
}
