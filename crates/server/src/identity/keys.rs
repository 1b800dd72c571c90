//! The text of API keys: `srk1_`, then id, secret and checksum in base62. Device codes look the same behind `srd1_`.
//!
//! The prefix is for scanners that look for leaked keys, the checksum tells a typing error from a forgery.

use super::base62;
use secrecy::{ExposeSecret, SecretString};
use strongroom_core::{Error, ErrorKind, Result};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What every API key starts with.
pub const API_KEY_PREFIX: &str = "srk1_";
/// What every device code starts with.
pub(super) const DEVICE_CODE_PREFIX: &str = "srd1_";

const SECRET: usize = 32;
const LEN: usize = 16 + SECRET + 4;

/// 43 letters and digits that nobody can guess.
pub(super) fn random_text() -> Result<SecretString> {
    let mut bytes = Zeroizing::new([0; SECRET]);
    aws_lc_rs::rand::fill(&mut *bytes).map_err(|_| no_random())?;
    Ok(SecretString::from(base62::encode(&*bytes).as_str()))
}

fn no_random() -> Error {
    Error::new(ErrorKind::Unexpected, "the system gave no random bytes")
}

/// An API key as its owner holds it.
pub(crate) struct KeyText {
    /// Names the key.
    pub(crate) id: Uuid,
    /// Proves that it is the key.
    pub(crate) secret: Zeroizing<[u8; SECRET]>,
}

impl KeyText {
    /// A new secret for the key with this id.
    pub(crate) fn generate(id: Uuid) -> Result<Self> {
        let mut secret = Zeroizing::new([0; SECRET]);
        aws_lc_rs::rand::fill(&mut *secret).map_err(|_| no_random())?;
        Ok(Self { id, secret })
    }

    /// Its text.
    pub(crate) fn text(&self) -> SecretString {
        self.text_behind(API_KEY_PREFIX)
    }

    /// Its text behind another prefix.
    pub(super) fn text_behind(&self, prefix: &str) -> SecretString {
        let mut bytes = Zeroizing::new([0; LEN]);
        bytes[..16].copy_from_slice(self.id.as_bytes());
        bytes[16..16 + SECRET].copy_from_slice(&*self.secret);
        let sum = crc32c::crc32c(&bytes[..16 + SECRET]);
        bytes[16 + SECRET..].copy_from_slice(&sum.to_be_bytes());
        let digits = base62::encode(&*bytes);
        SecretString::from(format!("{prefix}{}", *digits))
    }

    /// Reads a text; `None` if it is none, or was mistyped.
    pub(crate) fn parse(text: &SecretString) -> Option<Self> {
        Self::parse_behind(API_KEY_PREFIX, text)
    }

    /// Reads a text behind another prefix.
    pub(super) fn parse_behind(prefix: &str, text: &SecretString) -> Option<Self> {
        let digits = text.expose_secret().strip_prefix(prefix)?;
        let bytes = Zeroizing::new(base62::decode::<LEN>(digits)?);
        let (body, sum) = bytes.split_at(16 + SECRET);
        if crc32c::crc32c(body).to_be_bytes() != *sum {
            return None;
        }
        let mut secret = Zeroizing::new([0; SECRET]);
        secret.copy_from_slice(&body[16..]);
        Some(Self { id: Uuid::from_slice(&body[..16]).ok()?, secret })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_and_a_mistyped_one_is_none() {
        let key = KeyText::generate(Uuid::new_v4()).unwrap();
        let text = key.text();
        let read = KeyText::parse(&text).unwrap();
        assert_eq!((read.id, read.secret), (key.id, key.secret));
        let good = text.expose_secret();
        for at in API_KEY_PREFIX.len()..good.len() {
            let other = if good.as_bytes()[at] == b'a' { "b" } else { "a" };
            let mut bad = good.to_owned();
            bad.replace_range(at..=at, other);
            assert!(KeyText::parse(&bad.into()).is_none(), "digit {at}");
        }
    }
}
