//! Who we are, and the token that says so.

use crate::{
    buffer::{Buffer, escape},
    error::{self, About, Told},
    transport::{Body, Lost, Message, Reply, Transport},
};
use bytes::Bytes;
use reqwest::{Method, header::HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};
use strongroom_core::{Error, ErrorKind, Result, Retry};
use tokio::sync::Mutex;

/// How often logging in is attempted while the server cannot be reached.
const ATTEMPTS: u32 = 3;
/// A token is renewed so long before its end, or a tenth of its life if that is shorter.
const EARLY: Duration = Duration::from_secs(30);

/// What we log in with.
pub(crate) enum Credentials {
    ApiKey(SecretString),
    Password { username: String, password: SecretString },
    Token(SecretString),
}

/// The one place where tokens are obtained: whoever needs one while another login is under way waits for that.
pub(crate) struct Login {
    credentials: Credentials,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    /// Counts the tokens.
    generation: u64,
    /// The last failure: who waited while it happened does not try again.
    failed: Option<(Instant, Error)>,
}

/// An access token.
pub(crate) struct Token {
    /// `Bearer ...`, wiped when dropped.
    pub(crate) header: HeaderValue,
    generation: u64,
    good_until: Option<Instant>,
}

#[derive(Deserialize)]
pub(crate) struct Granted {
    pub(crate) access_token: SecretString,
    expires_in: Option<f64>,
}

impl Login {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self { credentials, state: Mutex::new(State::default()) }
    }

    /// The user that logs in; `None` with an API key or a token.
    pub(crate) fn username(&self) -> Option<&str> {
        match &self.credentials {
            Credentials::Password { username, .. } => Some(username),
            Credentials::ApiKey(_) | Credentials::Token(_) => None,
        }
    }

    fn secret(&self) -> &str {
        match &self.credentials {
            Credentials::ApiKey(text) | Credentials::Token(text) => text.expose_secret(),
            Credentials::Password { password, .. } => password.expose_secret(),
        }
    }

    /// A token, after logging in if there is none that is good. `refused` is one that the server did not accept.
    pub(crate) async fn token(
        &self,
        transport: &Transport,
        refused: Option<&Token>,
        end: Instant,
    ) -> Result<Arc<Token>> {
        let began = Instant::now();
        let waiting = tokio::time::timeout_at(end.into(), self.state.lock());
        let mut state = waiting.await.map_err(|_| error::too_slow(transport.base()))?;
        if let Some(token) = &state.token {
            let good = token.good_until.is_none_or(|until| Instant::now() < until);
            if good && refused.is_none_or(|refused| refused.generation != token.generation) {
                return Ok(token.clone());
            }
        }
        if let Some((at, error)) = &state.failed
            && *at >= began
        {
            return Err(error.clone());
        }
        state.token = None;
        match self.obtain(transport, refused.is_some(), state.generation + 1, end).await {
            Ok(token) => {
                state.generation += 1;
                state.failed = None;
                Ok(state.token.insert(Arc::new(token)).clone())
            }
            Err(error) => {
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn obtain(
        &self,
        transport: &Transport,
        refused: bool,
        generation: u64,
        end: Instant,
    ) -> Result<Token> {
        let form = match &self.credentials {
            Credentials::Token(_) if refused => {
                let text = "the server refused the token: it is wrong, or has ended; log in again";
                return Err(Error::new(ErrorKind::StoreRefused, text).with("server", transport.base()));
            }
            Credentials::Token(text) => return token(text, None, generation, transport),
            Credentials::ApiKey(key) => {
                form(&[("grant_type", "zenml-api-key"), ("password", key.expose_secret())])
            }
            Credentials::Password { username, password } => form(&[
                ("grant_type", "password"),
                ("username", username),
                ("password", password.expose_secret()),
            ]),
        };
        let mut message = Message::new(Method::POST, "/login");
        message.body = Some(Body::Form(form));
        let began = Instant::now();
        let reply = ask(transport, &message, end).await?;
        if !reply.is_success() {
            return Err(refusal(&reply, self.secret()).with("server", transport.base()));
        }
        let granted: Granted =
            serde_json::from_slice(reply.body.as_ref()).map_err(|_| error::unreadable(transport.base()))?;
        tracing::debug!(target: "strongroom::remote", server = transport.base(), "logged in");
        let life = granted.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        // Far in the future is never.
        let good_until = life.and_then(|life| began.checked_add(life - EARLY.min(life / 10)));
        token(&granted.access_token, good_until, generation, transport)
    }
}

/// Sends it until the server can be reached.
async fn ask(transport: &Transport, message: &Message, end: Instant) -> Result<Reply> {
    let mut attempt = 1;
    loop {
        match transport.exchange(message, None, end).await {
            Ok(reply) if attempt == ATTEMPTS || !matches!(reply.status, 502..=504) => return Ok(reply),
            Err(Lost { error, transient, .. }) if attempt == ATTEMPTS || !transient => {
                return Err(error);
            }
            _ => {}
        }
        let pause = Duration::from_millis(200) * attempt;
        if end.saturating_duration_since(Instant::now()) <= pause {
            return Err(error::too_slow(transport.base()));
        }
        tokio::time::sleep(pause).await;
        attempt += 1;
    }
}

fn refusal(reply: &Reply, sent: &str) -> Error {
    if reply.status == 401
        && let Some(after) = reply.retry_after
    {
        let text = format!("too many failed logins: wait {} s", after.as_secs());
        return Error::new(ErrorKind::RateLimited, text).retryable(Retry::After(after));
    }
    if reply.status == 401 {
        let told = Told::read(reply.body.as_ref());
        let why = told.text.strip_prefix("Authentication error: ").unwrap_or(&told.text);
        let text = "the server refused the credentials";
        // A server that repeats what was sent is not repeated.
        return if why.is_empty() || why.contains(sent) {
            Error::new(ErrorKind::StoreRefused, text)
        } else {
            Error::new(ErrorKind::StoreRefused, format!("{text}: {}", error::presentable(why)))
        };
    }
    let mut error = error::of(reply, About { discreet: false, ..About::default() });
    if matches!(reply.status, 400 | 403) {
        error = Error::new(ErrorKind::StoreRefused, "the server does not take this kind of login");
    }
    error
}

pub(crate) fn form(pairs: &[(&str, &str)]) -> Bytes {
    let mut buffer = Buffer::default();
    for (i, (name, value)) in pairs.iter().enumerate() {
        buffer.push(if i == 0 { b"" } else { b"&" });
        escape(&mut buffer, name);
        buffer.push(b"=");
        escape(&mut buffer, value);
    }
    buffer.into_bytes()
}

fn token(
    text: &SecretString,
    good_until: Option<Instant>,
    generation: u64,
    transport: &Transport,
) -> Result<Token> {
    let mut buffer = Buffer::default();
    buffer.push(b"Bearer ");
    buffer.push(text.expose_secret().as_bytes());
    let header = HeaderValue::from_maybe_shared(buffer.into_bytes());
    let mut header = header.map_err(|_| error::unreadable(transport.base()))?;
    header.set_sensitive(true);
    Ok(Token { header, generation, good_until })
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.credentials {
            Credentials::ApiKey(_) => "Login(API key)",
            Credentials::Password { .. } => "Login(password)",
            Credentials::Token(_) => "Login(token)",
        })
    }
}
