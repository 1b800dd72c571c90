//! Logging in.

use super::{
    Claim, Identities, Known, Rejected,
    authenticate::{KeyShown, Reason, wrong},
    limiter::{NotNow, Turn},
    name::as_kept,
    password::Place,
    token::Token,
    usage,
    wait::seconds,
};
use secrecy::SecretString;
use std::{net::IpAddr, sync::Arc, time::Duration};
use strongroom_core::{Error, ErrorKind, Result};
use strongroom_engine::crypto::KeyKind;
use strongroom_sql::{
    identities::{AccountKind, AccountRef},
    name_key,
};

/// A login that succeeded.
pub(crate) struct Issued {
    /// The access token.
    pub(crate) token: SecretString,
    /// How long it is good for, in seconds.
    pub(crate) expires_in: u64,
    /// Whose it is.
    pub(crate) known: Arc<Known>,
}

/// The right to try one password: to be used in a task that ends also if its caller goes away, or those who go away
/// would guess without being counted.
pub(crate) struct Guess {
    turn: Turn,
    place: Place,
}

impl Identities {
    /// Logs in with an API key.
    pub(crate) async fn login_key(&self, text: &SecretString) -> Result<Issued, Rejected> {
        let claim = self.claim_key(text).await?;
        let (known, shown) = self.confirm_shown(&claim).await?;
        Ok(self.issue_for(known, shown)?)
    }

    /// The right to try a password for a name, from a network address if there is one. It is waited for here, and not
    /// by whoever tries then: of those there are only so many, whether or not their callers are still there.
    pub(crate) async fn guess_password(&self, name: &str, source: Option<IpAddr>) -> Result<Guess, Rejected> {
        let turn = self.guess((self.name_hash(name)?, source)).await?;
        Ok(Guess { turn, place: self.0.passwords.place()? })
    }

    /// Whose password it is. Wrong and unknown names, and accounts that are not active, take the same time and get the
    /// same answer. The database has so long for each question: whoever guesses next waits for this one.
    pub(crate) async fn by_password(
        &self,
        Guess { turn, place }: Guess,
        name: &str,
        password: SecretString,
        limit: Duration,
    ) -> Result<Arc<Known>, Rejected> {
        let account = within(limit, self.0.catalog.account(AccountRef::Name(&as_kept(name)))).await?;
        let account = account.filter(|account| account.active && account.kind == AccountKind::User);
        let hash = account.as_ref().and_then(|account| account.password.clone());
        let right = self.0.passwords.verify(place, password, hash).await?;
        let Some(account) = account.filter(|_| right) else {
            turn.failed(self.0.engine.env().monotonic());
            return Err(wrong(Reason::new("a password")));
        };
        turn.succeeded();
        let changed = || wrong(Reason::new("an account that changed meanwhile"));
        let known =
            within(limit, self.0.principals.current((account.id, None))).await?.ok_or_else(changed)?;
        // Whatever changed while the password was worked on counts.
        if !known.account.active || known.account.generation != account.generation {
            return Err(changed());
        }
        Ok(known)
    }

    /// Whether it is this account's password. Guesses are slowed down like those of a login: a token that was stolen
    /// must not lead to the password.
    pub(crate) async fn is_password(
        &self,
        Guess { turn, place }: Guess,
        known: &Known,
        password: SecretString,
    ) -> Result<bool> {
        let right = self.0.passwords.verify(place, password, known.account.password.clone()).await?;
        if right {
            turn.succeeded();
        } else {
            turn.failed(self.0.engine.env().monotonic());
        }
        Ok(right)
    }

    /// A token for somebody who gave the right password.
    pub(crate) fn issue(&self, known: Arc<Known>) -> Result<Issued> {
        self.issue_for(known, None)
    }

    /// A token that ends with the text of the key that was shown for it, if one was.
    fn issue_for(&self, known: Arc<Known>, shown: Option<KeyShown>) -> Result<Issued> {
        let now = self.0.engine.now();
        let lifetime = self.0.lifetime;
        let mut expires = now.plus(lifetime);
        if let Some(end) = shown.and_then(|key| key.until) {
            expires = expires.min(end);
        }
        let token = Token {
            credential: shown.map(|key| key.id),
            credential_generation: shown.map_or(0, |key| key.generation),
            account: known.account.id,
            generation: known.account.generation,
            issued: now,
            expires,
        };
        let expires_in = expires.since(now).as_secs();
        Ok(Issued { token: token.sign(&self.0.engine)?, expires_in, known })
    }

    /// The right to a guess, if it is not too soon after somebody guessed wrongly there.
    pub(super) async fn guess(&self, bucket: ([u8; 32], Option<IpAddr>)) -> Result<Turn, Rejected> {
        let turn = self.0.limiter.turn(bucket, || self.0.engine.env().monotonic()).await;
        turn.map_err(|not_now| match not_now {
            NotNow::Wait(left) => Rejected::Wait(seconds(left)),
            NotNow::TooMany => {
                let text = "too many logins at once: try again in a moment";
                Rejected::Failed(Error::new(ErrorKind::Unavailable, text))
            }
        })
    }

    /// What the audit trail calls a name that may belong to nobody: one of a bounded number of words.
    pub(crate) fn name_bucket(&self, name: &str) -> Result<String> {
        let hash = self.name_hash(name)?;
        Ok(format!("name {:02x}{:02x}", hash[0], hash[1]))
    }

    /// A name that may belong to nobody, as it is kept in counters.
    fn name_hash(&self, name: &str) -> Result<[u8; 32]> {
        let name = name_key(&as_kept(name));
        Ok(self.0.engine.keyed_hash(KeyKind::Credential, "login name v1", &[name.as_bytes()])?.1)
    }

    /// Notes that the key was used which was shown and accepted, now and then; nobody waits for it.
    pub(crate) fn note_use(&self, claim: &Claim, known: &Known) {
        let now = self.0.engine.now();
        let Some(key) = known.key.as_ref().filter(|_| claim.is_key() && known.last_use.is_due(now)) else {
            return;
        };
        let (catalog, key, last_use) = (self.0.catalog.clone(), key.id, known.last_use.clone());
        tokio::spawn(async move {
            if let Err(error) = catalog.touch_api_key(key, usage::APART).await {
                last_use.was_not_noted(now);
                tracing::warn!(target: "strongroom::server", %error, "the use of an API key was not noted");
            }
        });
    }
}

/// What is asked of the database, if it answers in time.
pub(super) async fn within<T>(limit: Duration, asked: impl Future<Output = Result<T>>) -> Result<T> {
    let late = || Error::new(ErrorKind::Unavailable, "the database does not answer: try again");
    tokio::time::timeout(limit, asked).await.unwrap_or_else(|_| Err(late()))
}
