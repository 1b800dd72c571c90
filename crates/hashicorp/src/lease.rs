//! A token, and what the service says of its life.

use crate::{error::Failure, http::Answer};
use secrecy::SecretString;
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use strongroom_core::Result;
use tokio::time::Instant;

/// What is left of a token's life when it is renewed, as a part of the whole: a third.
const RENEW: u32 = 3;

/// A token and how long it lasts.
#[derive(Clone)]
pub(crate) struct Lease {
    pub(crate) token: Arc<SecretString>,
    /// Counts the tokens we had.
    pub(crate) number: u64,
    /// How long it lived when we got it; `None` if it does not end, or nobody knows yet.
    pub(crate) life: Option<Duration>,
    pub(crate) renew: Option<Instant>,
    pub(crate) ends: Option<Instant>,
}

/// What the service says of a token.
#[derive(Deserialize)]
pub(crate) struct Told {
    #[serde(default)]
    pub(crate) client_token: SecretString,
    pub(crate) lease_duration: u64,
    pub(crate) renewable: bool,
}

#[derive(Deserialize)]
struct LoggedIn {
    auth: Told,
}

#[derive(Deserialize)]
struct LookedUp {
    data: Looked,
}

#[derive(Deserialize)]
struct Looked {
    ttl: u64,
    #[serde(default)]
    renewable: bool,
}

impl Lease {
    /// Takes note of how long it lasts from the moment we asked on; 0 is for ever. What cannot be renewed is replaced
    /// instead, if we can.
    pub(crate) fn lasts(&mut self, asked: Instant, told: &Told, replaceable: bool) {
        if told.lease_duration == 0 {
            (self.renew, self.ends) = (None, None);
            return;
        }
        let life = told.life();
        self.life.get_or_insert(life);
        self.renew = (told.renewable || replaceable).then_some(asked + life - life / RENEW);
        self.ends = Some(asked + life);
    }
}

impl Told {
    pub(crate) fn life(&self) -> Duration {
        Duration::from_secs(self.lease_duration)
    }

    /// Whether the end is near: a renewal close to the longest life that the service allows is a short one.
    pub(crate) fn fades(&self, life: Duration) -> bool {
        self.lease_duration > 0 && (!self.renewable || self.life() < life / 2)
    }
}

/// What the answer of a login or a renewal says.
///
/// # Errors
/// It is none.
pub(crate) fn logged_in(answer: &Answer) -> Result<Told> {
    serde_json::from_slice::<LoggedIn>(answer)
        .map(|answer| answer.auth)
        .map_err(|_| Failure::Unreadable.into_error("log us in"))
}

/// What the answer of a look at a token says.
///
/// # Errors
/// It is none.
pub(crate) fn looked_up(answer: &Answer) -> Result<Told, Failure> {
    let looked = serde_json::from_slice::<LookedUp>(answer).map_err(|_| Failure::Unreadable)?.data;
    Ok(Told {
        client_token: SecretString::default(),
        lease_duration: looked.ttl,
        renewable: looked.renewable,
    })
}
