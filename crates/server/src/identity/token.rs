//! Access tokens: `srt1_`, then fixed fields and a MAC in base64url.
//!
//! No algorithm is named inside and no right: what the bearer may do is looked up, so that a token ends the moment its
//! account or key does.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use strongroom_core::{Error, ErrorKind, NamespaceId, OwnerId, Result, Timestamp};
use strongroom_engine::{
    Engine,
    crypto::{KeyId, KeyKind, equal},
};
use uuid::Uuid;

/// What every token starts with.
pub(crate) const TOKEN_PREFIX: &str = "srt1_";

const DOMAIN: &str = "access token v1";
const VERSION: u8 = 1;
const BODY: usize = 1 + 16 + 16 + 8 + 16 + 8 + 8 + 8 + 8;
const LEN: usize = BODY + 32;
/// By how much the clocks of servers may differ.
const SKEW: Duration = Duration::from_secs(60);

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// The API key that it was made from; `None` for a password.
    pub(crate) credential: Option<Uuid>,
    /// That key's generation; 0 for a password.
    pub(crate) credential_generation: i64,
    /// The account.
    pub(crate) account: OwnerId,
    /// Its generation.
    pub(crate) generation: i64,
    /// When it was made.
    pub(crate) issued: Timestamp,
    /// When it ends.
    pub(crate) expires: Timestamp,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is none of ours, or was changed.
    Forged,
    /// It was made under a key that this process does not know.
    UnknownKey,
    /// It was made for this account, and its time is over.
    Expired(OwnerId),
    /// It was made for this account by a clock that was ahead, and would last for as long as that was.
    Early(OwnerId),
}

impl Token {
    /// Its text.
    pub(crate) fn sign(&self, engine: &Engine) -> Result<SecretString> {
        let mut random = [0; 8];
        aws_lc_rs::rand::fill(&mut random)
            .map_err(|_| Error::new(ErrorKind::Unexpected, "the system gave no random bytes"))?;
        let mut bytes = Vec::with_capacity(LEN);
        bytes.push(VERSION);
        // The key's id stands in what the MAC covers, so it is asked for first.
        let (key, _) = engine.keyed_hash(KeyKind::Token, DOMAIN, &[])?;
        bytes.extend(key.0.as_bytes());
        bytes.extend(self.credential.unwrap_or_default().as_bytes());
        bytes.extend(self.credential_generation.to_be_bytes());
        bytes.extend(self.account.0.as_bytes());
        bytes.extend(self.generation.to_be_bytes());
        bytes.extend(self.issued.0.to_be_bytes());
        bytes.extend(self.expires.0.to_be_bytes());
        bytes.extend(random);
        let tag = tag(engine, key, engine.identity().namespace, &bytes).ok_or_else(rotated)?;
        bytes.extend(tag);
        Ok(SecretString::from(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// Reads a text and checks its MAC and its time; answers the key that it was made with, too, which may be replaced by
    /// the time that the token is used.
    pub(crate) fn verify(engine: &Engine, text: &SecretString) -> Result<(Self, KeyId), Refused> {
        let encoded = text.expose_secret().strip_prefix(TOKEN_PREFIX).ok_or(Refused::Forged)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| Refused::Forged)?;
        let (body, mac) = bytes.split_at_checked(BODY).ok_or(Refused::Forged)?;
        let mut fields = Fields(body);
        if mac.len() != 32 || fields.take::<1>() != [VERSION] {
            return Err(Refused::Forged);
        }
        let key = KeyId(Uuid::from_bytes(fields.take()));
        let expected = tag(engine, key, engine.identity().namespace, body).ok_or(Refused::UnknownKey)?;
        if !equal(&expected, mac) {
            return Err(Refused::Forged);
        }
        let token = Self {
            credential: Some(Uuid::from_bytes(fields.take())).filter(|id| !id.is_nil()),
            credential_generation: i64::from_be_bytes(fields.take()),
            account: OwnerId(Uuid::from_bytes(fields.take())),
            generation: i64::from_be_bytes(fields.take()),
            issued: Timestamp(i64::from_be_bytes(fields.take())),
            expires: Timestamp(i64::from_be_bytes(fields.take())),
        };
        let now = engine.now();
        if now >= token.expires {
            return Err(Refused::Expired(token.account));
        }
        if token.issued > now.plus(SKEW) {
            return Err(Refused::Early(token.account));
        }
        Ok((token, key))
    }
}

fn tag(engine: &Engine, key: KeyId, namespace: NamespaceId, body: &[u8]) -> Option<[u8; 32]> {
    engine.keyed_hash_with(key, KeyKind::Token, DOMAIN, &[namespace.0.as_bytes(), body])
}

pub(super) fn rotated() -> Error {
    Error::new(ErrorKind::Unavailable, "the token key was replaced just now: try again")
}

/// Reads fields of fixed sizes off the front.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    pub(super) fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut field = [0; N];
        let (front, rest) = self.0.split_at(N.min(self.0.len()));
        field[..front.len()].copy_from_slice(front);
        self.0 = rest;
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use strongroom_engine::{EngineOptions, Env as _, MemoryCatalog, Parts, crypto::RootKey, initialise};
    use strongroom_testkit::Clock;

    #[tokio::test]
    async fn a_token_that_a_clock_made_which_was_ahead_is_refused() {
        let (clock, roots) = (Clock::start(), Arc::new(RootKey::generate().unwrap()));
        let catalog = Arc::new(MemoryCatalog::new(clock.clone()));
        let identity = initialise(&*catalog, &*roots, &*clock, "admin", None).await.unwrap();
        let account = identity.owner.id;
        let engine = Engine::open(Parts {
            catalog,
            identity,
            roots,
            env: clock.clone(),
            stores: Vec::new(),
            target: None,
            options: EngineOptions::default(),
        })
        .await
        .unwrap();
        let made = |ahead: Duration| {
            let issued = clock.now().plus(ahead);
            let expires = issued.plus(Duration::from_secs(3600));
            let (credential, generation) = (None, 1);
            let token = Token { credential, credential_generation: 0, account, generation, issued, expires };
            token.sign(&engine).unwrap()
        };
        let refused = |text: &SecretString| Token::verify(&engine, text).err();
        let (close, early) = (made(SKEW / 2), made(Duration::from_secs(174 * 24 * 3600)));
        assert_eq!((refused(&close), refused(&early)), (None, Some(Refused::Early(account))));
        clock.skip(Duration::from_secs(2 * 3600));
        assert_eq!(refused(&close), Some(Refused::Expired(account)));
    }
}
