//! From what a request shows to who it is.

use super::{
    Identities, Known,
    keys::{API_KEY_PREFIX, KeyText},
    principal::Who,
    token::{Refused, Token},
};
use secrecy::{ExposeSecret, SecretString};
use std::{fmt, sync::Arc};
use strongroom_core::{Error, OwnerId, Timestamp};
use strongroom_engine::crypto::{KeyId, KeyKind, equal};
use strongroom_sql::identities::{AccountKind, ApiKey};
use uuid::Uuid;
use zeroize::Zeroizing;

const KEY_DOMAIN: &str = "api key v1";

/// Why nobody is logged in.
#[derive(Debug)]
pub(crate) enum Rejected {
    /// What was shown is wrong, too old or was withdrawn. The text does not say which where that would help to guess;
    /// the reason does, for the audit trail alone.
    Credentials(&'static str, Reason),
    /// It has to wait, in seconds, since it failed too often.
    Wait(u64),
    /// It cannot be decided now.
    Failed(Error),
}

impl From<Error> for Rejected {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Why what was shown is not accepted, as the audit trail says it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reason {
    /// One of a few words: none is the caller's.
    what: &'static str,
    /// The account, if it was proven.
    pub(crate) account: Option<OwnerId>,
    /// The API key, if there is one of this id; it need not have been proven.
    key: Option<Uuid>,
}

impl Reason {
    pub(crate) const fn new(what: &'static str) -> Self {
        Self { what, account: None, key: None }
    }

    const fn of_account(what: &'static str, account: OwnerId) -> Self {
        Self { account: Some(account), ..Self::new(what) }
    }

    const fn of_key(what: &'static str, key: Uuid) -> Self {
        Self { key: Some(key), ..Self::new(what) }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        self.key.map_or(Ok(()), |key| write!(f, " ({key})"))
    }
}

const NOT_OURS: &str = "no token or key of this server";

/// For every password and key that does not open the door: one text.
pub(super) fn wrong(reason: Reason) -> Rejected {
    let text =
        "Authentication error: the name, password or API key is wrong, or the account or key is not active";
    Rejected::Credentials(text, reason)
}

/// The same for access tokens.
fn no_token(reason: Reason) -> Rejected {
    let text = "Authentication error: the access token is not valid any more: log in again";
    Rejected::Credentials(text, reason)
}

/// What a request showed, genuine as far as that can be told without a look at the database.
pub(crate) struct Claim {
    who: Who,
    proof: Proof,
}

enum Proof {
    /// With the key that it was made with.
    Token(Token, KeyId),
    Key(Zeroizing<[u8; 32]>),
}

/// Which text of an API key was shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyShown {
    /// The key.
    pub(super) id: Uuid,
    /// The key's generation when it got this text.
    pub(super) generation: i64,
    /// When this text ends: with the key, or earlier if the key was rotated.
    pub(super) until: Option<Timestamp>,
}

impl Identities {
    /// Reads what stands behind `Bearer`: an access token or an API key.
    pub(crate) async fn claim(&self, bearer: &SecretString) -> Result<Claim, Rejected> {
        if bearer.expose_secret().starts_with(API_KEY_PREFIX) {
            return self.claim_key(bearer).await;
        }
        let (token, key) = match Token::verify(&self.0.engine, bearer) {
            Err(Refused::UnknownKey) => {
                // Another replica may have made the key.
                self.0.reload.keys().await?;
                Token::verify(&self.0.engine, bearer)
            }
            other => other,
        }
        .map_err(|refused| {
            no_token(match refused {
                Refused::Forged | Refused::UnknownKey => Reason::new(NOT_OURS),
                Refused::Expired(account) => Reason::of_account("an expired token", account),
                Refused::Early(account) => Reason::of_account("a token of a clock that was ahead", account),
            })
        })?;
        Ok(Claim { who: (token.account, token.credential), proof: Proof::Token(token, key) })
    }

    pub(super) async fn claim_key(&self, text: &SecretString) -> Result<Claim, Rejected> {
        let key = KeyText::parse(text).ok_or_else(|| wrong(Reason::new(NOT_OURS)))?;
        let owner = self.0.principals.owner_of(key.id).await?;
        let owner = owner.ok_or_else(|| wrong(Reason::new("an unknown or deleted key")))?;
        Ok(Claim { who: (owner, Some(key.id)), proof: Proof::Key(key.secret) })
    }

    /// Who it is, as of now.
    pub(crate) async fn confirm(&self, claim: &Claim) -> Result<Arc<Known>, Rejected> {
        Ok(self.confirm_shown(claim).await?.0)
    }

    /// The same, and which text of a key was shown, if one was.
    pub(super) async fn confirm_shown(
        &self,
        claim: &Claim,
    ) -> Result<(Arc<Known>, Option<KeyShown>), Rejected> {
        let known = self.0.principals.current(claim.who).await?;
        let known = known.ok_or_else(|| claim.refused("an account that is gone"))?;
        let shown = self.check(claim, &known).await?;
        self.note_use(claim, &known);
        Ok((known, shown))
    }

    /// Who it was when last looked at, if that would do. Whoever uses it has to compare its epoch with
    /// [`epoch`](Self::epoch) before anything is answered, and to [note the use](Self::note_use) then.
    pub(crate) async fn remembered(&self, claim: &Claim) -> Option<Arc<Known>> {
        let known = self.0.principals.remembered(claim.who)?;
        self.check(claim, &known).await.ok()?;
        Some(known)
    }

    /// The epoch, read after this was called.
    pub(crate) async fn epoch(&self) -> strongroom_core::Result<i64> {
        self.0.principals.epoch().await
    }

    /// An account as it is shown beside what it owns, not older than this epoch.
    pub(crate) async fn owner(&self, id: OwnerId, epoch: i64) -> Option<Arc<Known>> {
        match self.0.principals.remembered((id, None)) {
            Some(known) if known.epoch >= epoch => Some(known),
            _ => self.0.principals.load((id, None)).await.ok().flatten(),
        }
    }

    /// Whether it is accepted from this account; answers which text of a key was shown, if one was.
    async fn check(&self, claim: &Claim, known: &Known) -> Result<Option<KeyShown>, Rejected> {
        let (now, mut shown) = (self.0.engine.now(), None);
        if !known.account.active || known.account.kind == AccountKind::Foreign {
            return Err(claim.refused("an account that is not active"));
        }
        if let (_, Some(_)) = claim.who {
            let key = known.key.as_ref().ok_or_else(|| claim.refused("a deleted key"))?;
            if !key.active {
                return Err(claim.refused("a key that is not active"));
            }
            if key.expires.is_some_and(|at| at <= now) {
                return Err(claim.refused("an expired key"));
            }
            match &claim.proof {
                Proof::Token(token, _) if !generation_holds(token, key, now) => {
                    return Err(claim.refused("a token of a key that was rotated"));
                }
                Proof::Token(..) => {}
                Proof::Key(secret) => shown = Some(self.secret_holds(&secret[..], key, now).await?),
            }
        }
        match &claim.proof {
            Proof::Token(token, _) if token.generation != known.account.generation => {
                Err(claim.refused("a token from before the account was changed"))
            }
            // It was there when the claim was made; the keys may have been read anew since.
            Proof::Token(_, key) if !self.0.engine.has_key(*key, KeyKind::Token) => {
                Err(claim.refused("a token of a key that was replaced"))
            }
            _ => Ok(shown),
        }
    }

    async fn secret_holds(&self, secret: &[u8], key: &ApiKey, now: Timestamp) -> Result<KeyShown, Rejected> {
        let current = KeyShown { id: key.id, generation: key.generation, until: key.expires };
        let previous = key.previous.as_ref().filter(|(_, _, until)| now < *until).map(|(id, mac, until)| {
            let until = key.expires.map_or(*until, |end| end.min(*until));
            (*id, mac, KeyShown { generation: key.generation - 1, until: Some(until), ..current })
        });
        for (id, mac, shown) in [(key.key, &key.mac, current)].into_iter().chain(previous) {
            let mut expected = self.key_mac(id, key.id, key.account, secret);
            if expected.is_none() {
                self.0.reload.keys().await?;
                expected = self.key_mac(id, key.id, key.account, secret);
            }
            if expected.is_some_and(|expected| equal(&expected, mac)) {
                return Ok(shown);
            }
        }
        Err(wrong(Reason::of_key("a wrong or replaced text of a key", key.id)))
    }

    fn key_mac(&self, credential: KeyId, id: Uuid, account: OwnerId, secret: &[u8]) -> Option<[u8; 32]> {
        let engine = &self.0.engine;
        let namespace = engine.identity().namespace.0;
        let parts: [&[u8]; 4] = [namespace.as_bytes(), id.as_bytes(), account.0.as_bytes(), secret];
        engine.keyed_hash_with(credential, KeyKind::Credential, KEY_DOMAIN, &parts)
    }

    /// What is kept of a new key's secret.
    pub(super) fn new_key_mac(
        &self,
        key: &KeyText,
        account: OwnerId,
    ) -> strongroom_core::Result<(KeyId, Vec<u8>)> {
        let engine = &self.0.engine;
        let namespace = engine.identity().namespace.0;
        let parts: [&[u8]; 4] =
            [namespace.as_bytes(), key.id.as_bytes(), account.0.as_bytes(), &key.secret[..]];
        let (id, mac) = engine.keyed_hash(KeyKind::Credential, KEY_DOMAIN, &parts)?;
        Ok((id, mac.to_vec()))
    }
}

impl Claim {
    /// Whether an API key itself was shown, and not a token that was made from one.
    pub(super) fn is_key(&self) -> bool {
        matches!(self.proof, Proof::Key(_))
    }

    /// Why it is not accepted. A token is genuine, so it is known whose it is.
    fn refused(&self, what: &'static str) -> Rejected {
        match (&self.proof, self.who.1) {
            (Proof::Token(token, _), _) => no_token(Reason::of_account(what, token.account)),
            (Proof::Key(_), Some(key)) => wrong(Reason::of_key(what, key)),
            (Proof::Key(_), None) => wrong(Reason::new(what)),
        }
    }
}

/// Whether a token was made from a generation of the key that is still accepted.
fn generation_holds(token: &Token, key: &ApiKey, now: Timestamp) -> bool {
    let retained = key.previous.as_ref().is_some_and(|(_, _, until)| now < *until);
    let made_from = token.credential_generation;
    made_from == key.generation || (retained && made_from + 1 == key.generation)
}
