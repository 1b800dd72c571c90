//! Tokens that service accounts sign themselves.

use crate::accounts::Account;
use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::Value;
use std::{collections::HashMap, io, time::Duration};
use uuid::Uuid;

/// What a token must be for.
pub(crate) const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const AUDIENCE: &str = "https://secretmanager.googleapis.com/";
/// An hour, and what Google's own library for Rust adds in case clocks differ.
const LONGEST: Duration = Duration::from_secs(3600 + 20);

/// The public keys of service accounts, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Keys(HashMap<String, (Account, Vec<u8>)>);

impl Keys {
    /// Makes a key for an account; answers its id and its private half in PEM form, which is kept nowhere else.
    pub(crate) fn add(&mut self, account: Account) -> io::Result<(String, String)> {
        let failed = |_| io::Error::other("no RSA key could be made");
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
        let id = Uuid::new_v4().simple().to_string();
        self.0.insert(id.clone(), (account, pair.public_key().as_ref().to_vec()));
        Ok((id, pem(der.as_ref())))
    }

    /// Whose signature is on this token, if it is for Secret Manager and for now.
    pub(crate) fn signer(&self, token: &str, now: Duration) -> Option<Account> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (head, claims) = signed.split_once('.')?;
        let (head, claims) = (json(head)?, json(claims)?);
        let (account, key) = self.0.get(head["kid"].as_str()?)?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
        key.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;

        let (from, until) = (claims["iat"].as_u64()?, claims["exp"].as_u64()?);
        let email = account.email();
        let is_own = head["alg"] == "RS256" && claims["iss"] == email && claims["sub"] == email;
        let scopes = claims["scope"].as_str().unwrap_or_default();
        let is_for_us = scopes.split(' ').any(|scope| scope == SCOPE) || claims["aud"] == AUDIENCE;
        let is_now = from <= now.as_secs() && now.as_secs() < until && until - from <= LONGEST.as_secs();
        (is_own && is_for_us && is_now).then_some(*account)
    }
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}
