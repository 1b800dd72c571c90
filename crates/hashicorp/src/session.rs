//! The token that goes with each request: got at the first one, renewed before it ends, replaced when it has.

use crate::{
    auth::Login,
    error::Failure,
    http::{ANSWER, Answer, Ask, Http},
    lease::{Lease, Told, logged_in, looked_up},
    refusals::Refusals,
};
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};
use strongroom_core::{Error, ErrorKind, Result};
use tokio::{
    sync,
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};
use zeroize::Zeroizing;

/// How often it is looked whether there is something to renew, if nobody knows when there will be.
const LOOK: Duration = Duration::from_secs(60);

/// When a renewal that failed is tried again, at the earliest.
const AGAIN: Duration = Duration::from_secs(1);

/// A token is not used for a request that may arrive after its end.
const MARGIN: Duration = Duration::from_millis(200);

/// How long renewing a token may take, and a login in its place.
const LONGEST: Duration = Duration::from_secs(30);

/// The token of one back-end, and how to get another.
pub(crate) struct Session {
    http: Arc<Http>,
    login: Login,
    now: Mutex<Option<Lease>>,
    /// Held by whoever gets another token: the others wait for it instead of asking too.
    changing: sync::Mutex<Turn>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

/// What whoever gets another token goes by.
#[derive(Default)]
struct Turn {
    /// That of the token that we have.
    number: u64,
    refusals: Refusals,
}

/// A token to send, and its number for [`Session::refused`].
pub(crate) struct Ticket {
    pub(crate) token: Arc<SecretString>,
    number: u64,
}

impl Session {
    pub(crate) fn new(http: Arc<Http>, login: Login) -> Arc<Self> {
        Arc::new(Self {
            http,
            login,
            now: Mutex::new(None),
            changing: sync::Mutex::default(),
            keeper: Mutex::new(None),
        })
    }

    /// A token that lasts, as far as we know.
    ///
    /// # Errors
    /// The login failed.
    pub(crate) async fn ticket(self: &Arc<Self>) -> Result<Ticket> {
        if let Some(ticket) = self.usable() {
            return Ok(ticket);
        }
        let mut turn = self.changing.lock().await;
        // Somebody else has got it meanwhile.
        if let Some(ticket) = self.usable() {
            return Ok(ticket);
        }
        self.change(&mut turn).await
    }

    /// The service refused this token: another one, if this one is no good any more; `None` if the token is good and
    /// what was asked for is not allowed.
    ///
    /// # Errors
    /// The login failed, or the service cannot be asked.
    pub(crate) async fn refused(self: &Arc<Self>, ticket: &Ticket) -> Result<Option<Ticket>> {
        let mut turn = self.changing.lock().await;
        if let Some(now) = self.usable().filter(|now| now.number != ticket.number) {
            return Ok(Some(now));
        }
        if let Login::Token(source) = &self.login {
            let same = source.read()?.expose_secret() == ticket.token.expose_secret();
            return if same { Ok(None) } else { self.change(&mut turn).await.map(Some) };
        }
        match self.ask(Method::GET, "auth/token/lookup-self", &ticket.token).await {
            Ok(_) => Ok(None),
            Err(failure) if failure.status() == Some(403) => self.change(&mut turn).await.map(Some),
            Err(failure) => Err(failure.into_error("look up our token")),
        }
    }

    fn lease(&self) -> Option<Lease> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn usable(&self) -> Option<Ticket> {
        let lease = self.lease()?;
        let ended = lease.ends.is_some_and(|ends| ends <= Instant::now() + MARGIN);
        (!ended).then_some(Ticket { token: lease.token, number: lease.number })
    }

    /// Gets another token and keeps it.
    async fn change(self: &Arc<Self>, turn: &mut Turn) -> Result<Ticket> {
        let (token, told) = match &self.login {
            Login::Token(source) => (source.read()?, None),
            login => {
                let asked = Instant::now();
                let told = self.log_in(login, &mut turn.refusals).await?;
                (told.client_token.clone(), Some((asked, told)))
            }
        };
        turn.number += 1;
        let mut lease = Lease {
            token: Arc::new(token),
            number: turn.number,
            life: None,
            // A token that was given is looked up in the background, at once.
            renew: told.is_none().then(Instant::now),
            ends: None,
        };
        if let Some((asked, told)) = told {
            lease.lasts(asked, &told, true);
        }
        let ticket = Ticket { token: lease.token.clone(), number: lease.number };
        self.store(lease);
        Ok(ticket)
    }

    /// Logs in, unless the service refused just that a moment ago.
    async fn log_in(&self, login: &Login, refusals: &mut Refusals) -> Result<Told> {
        let credential = login.credential()?;
        if let Some(error) = refusals.remembered(credential.as_ref(), Instant::now()) {
            return Err(error);
        }
        let answer = login.perform(&self.http, credential.as_ref()).await;
        let told = answer.and_then(|answer| accepted(&answer));
        match &told {
            Ok(_) => refusals.forget(),
            Err(error) if error.kind() == ErrorKind::StoreRefused => {
                refusals.note(credential, error, Instant::now());
            }
            Err(_) => {}
        }
        told
    }

    fn store(self: &Arc<Self>, lease: Lease) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = Some(lease);
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        // It ended if the runtime that it ran on did.
        if keeper.as_ref().is_none_or(JoinHandle::is_finished) {
            *keeper = Some(tokio::spawn(keep(Arc::downgrade(self))));
        }
    }

    /// Renews the token, or gets another. Answers when to come again.
    async fn renew(self: &Arc<Self>, lease: &Lease) -> Instant {
        let asked = Instant::now();
        let told = match lease.life {
            // Nothing is known about it yet.
            None => {
                let answer = self.ask(Method::GET, "auth/token/lookup-self", &lease.token).await;
                answer.and_then(|answer| looked_up(&answer))
            }
            Some(_) => {
                let answer = self.ask(Method::POST, "auth/token/renew-self", &lease.token).await;
                answer.and_then(|answer| logged_in(&answer).map_err(|_| Failure::Unreadable))
            }
        };
        match told {
            Ok(told) if lease.life.is_some_and(|life| told.fades(life)) && self.login.can_repeat() => {
                self.change_if(lease).await;
            }
            Ok(told) => {
                let mut lease = lease.clone();
                lease.lasts(asked, &told, self.login.can_repeat());
                self.replace(lease);
            }
            // It cannot be renewed, or is gone.
            Err(failure) if matches!(failure.status(), Some(400 | 403)) => {
                if self.login.can_repeat() {
                    self.change_if(lease).await;
                } else {
                    self.replace(Lease { renew: None, ..lease.clone() });
                }
            }
            // Later: the token may last until then, and if not, whoever needs one logs in.
            Err(_) => {}
        }
        let soon = Instant::now() + lease.life.map_or(LOOK, |life| life / 20).max(AGAIN);
        match self.lease().and_then(|lease| lease.renew) {
            Some(renew) if renew > Instant::now() => renew,
            Some(_) => soon,
            None => Instant::now() + LOOK,
        }
    }

    /// Puts a renewed lease in the place of the one that it renews.
    fn replace(&self, lease: Lease) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.as_ref().is_some_and(|now| now.number == lease.number) {
            *now = Some(lease);
        }
    }

    /// Gets another token unless somebody did; a failure is for whoever needs a token.
    async fn change_if(self: &Arc<Self>, lease: &Lease) {
        let mut turn = self.changing.lock().await;
        if turn.number == lease.number {
            let _ = self.change(&mut turn).await;
        }
    }

    async fn ask(&self, method: Method, path: &str, token: &SecretString) -> Result<Answer, Failure> {
        let body = (method == Method::POST).then(|| Zeroizing::new(b"{}".to_vec()));
        let ask = Ask { method, path, query: None, content: "application/json", body, most: ANSWER };
        self.http.send(&ask, Some(token)).await
    }
}

/// The token of an answer to a login.
fn accepted(answer: &Answer) -> Result<Told> {
    let told = logged_in(answer)?;
    if told.client_token.expose_secret().is_empty() {
        let text = "HashiCorp Vault asks for a second factor at our login; exempt this login from it";
        return Err(Error::new(ErrorKind::StoreRefused, text));
    }
    Ok(told)
}

/// Renews in the background, as long as somebody holds the session.
async fn keep(session: Weak<Session>) {
    let mut next = Instant::now();
    loop {
        sleep_until(next).await;
        let Some(session) = session.upgrade() else { return };
        next = match session.lease() {
            Some(lease) if lease.renew.is_some_and(|renew| renew <= Instant::now()) => {
                // Whoever takes a connection and never answers must not end all renewing, nor keep others from a login.
                let renewed = timeout(LONGEST, session.renew(&lease)).await;
                renewed.unwrap_or_else(|_| Instant::now() + AGAIN)
            }
            // Not yet, or it never ends; another token may have come in between.
            Some(lease) => lease.renew.unwrap_or_else(|| Instant::now() + LOOK),
            None => Instant::now() + AGAIN,
        };
        next = next.max(Instant::now() + AGAIN / 10);
    }
}
