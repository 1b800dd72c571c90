//! What the page hands out to somebody who gave the right password, and takes back with the decision.
//!
//! It stands in the form and nowhere else, so that no other page can decide in a person's name.

use super::{
    reload::Reload,
    token::{Fields, rotated},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::time::Duration;
use strongroom_core::{OwnerId, Result, Timestamp};
use strongroom_engine::{
    Engine,
    crypto::{KeyId, KeyKind, equal},
};
use uuid::Uuid;

const DOMAIN: &str = "device ticket v1";
const BODY: usize = 16 + 16 + 16 + 8 + 8;
/// How long a person may think.
const LIFETIME: Duration = Duration::from_secs(120);

/// Who may decide about what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// The login that waits.
    pub(super) device: Uuid,
    /// Whose password was given.
    pub(super) account: OwnerId,
    /// That account's generation.
    pub(super) generation: i64,
}

impl Ticket {
    /// Its text.
    pub(super) fn sign(&self, engine: &Engine) -> Result<String> {
        let (key, _) = engine.keyed_hash(KeyKind::Token, DOMAIN, &[])?;
        let mut bytes = Vec::with_capacity(BODY + 32);
        bytes.extend(key.0.as_bytes());
        bytes.extend(self.device.as_bytes());
        bytes.extend(self.account.0.as_bytes());
        bytes.extend(self.generation.to_be_bytes());
        bytes.extend(engine.now().plus(LIFETIME).0.to_be_bytes());
        let tag = tag(engine, key, &bytes).ok_or_else(rotated)?;
        bytes.extend(tag);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a text; `None` if it is none of ours, or its time is over.
    pub(super) async fn verify(engine: &Engine, reload: &Reload, text: &str) -> Result<Option<Self>> {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else { return Ok(None) };
        let Some((body, mac)) = bytes.split_at_checked(BODY) else { return Ok(None) };
        let mut fields = Fields(body);
        let key = KeyId(Uuid::from_bytes(fields.take()));
        let mut expected = tag(engine, key, body);
        if expected.is_none() {
            // Another replica may have made the key.
            reload.keys().await?;
            expected = tag(engine, key, body);
        }
        if !expected.is_some_and(|expected| equal(&expected, mac)) {
            return Ok(None);
        }
        let ticket = Self {
            device: Uuid::from_bytes(fields.take()),
            account: OwnerId(Uuid::from_bytes(fields.take())),
            generation: i64::from_be_bytes(fields.take()),
        };
        let good = engine.now() < Timestamp(i64::from_be_bytes(fields.take()));
        Ok(good.then_some(ticket))
    }
}

fn tag(engine: &Engine, key: KeyId, body: &[u8]) -> Option<[u8; 32]> {
    let namespace = engine.identity().namespace.0;
    engine.keyed_hash_with(key, KeyKind::Token, DOMAIN, &[namespace.as_bytes(), body])
}
