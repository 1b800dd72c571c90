//! A back-end's configuration with every kind of key.

use crate::config;
use secrecy::SecretString;
use serde::Deserialize;
use std::{collections::BTreeMap, net::IpAddr};
use strongroom::{Configure, Error, ErrorKind, Limits, OpenContext, Opened, Plugin, Removal, Result};

pub(crate) const PLUGIN: Plugin = Plugin::of::<Toy>();

#[derive(Debug, Deserialize)]
pub(crate) struct Toy {
    pub(crate) region: String,
    pub(crate) timeout_s: Option<u32>,
    pub(crate) ratio: Option<f64>,
    pub(crate) fast: Option<bool>,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) zones: Vec<String>,
    pub(crate) numbers: Option<Vec<u16>>,
    pub(crate) auth: Option<Auth>,
    pub(crate) auth_mount: Option<String>,
    pub(crate) ca_file: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) peers: Option<Vec<Peer>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Auth {
    Token { token: SecretString },
    Approle { role_id: String, secret_id: SecretString },
    Ambient,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Peer {
    pub(crate) name: String,
}

impl Configure for Toy {
    const KIND: &'static str = "toy";
    const ABOUT: &'static str = "keeps nothing";
    const LIMITS: Option<Limits> = Some(Limits::new(65_536, Removal::Destroys));

    async fn open(self, _: OpenContext) -> Result<Opened> {
        if self.port == Some(0) {
            return Err(Error::new(ErrorKind::ConfigInvalid, "port: 0 is none; give another"));
        }
        if self.fast == Some(true) && self.timeout_s.is_some() {
            return Err(Error::new(
                ErrorKind::ConfigInvalid,
                "both `fast` and `timeout_s` are set; keep one",
            ));
        }
        Ok(Opened::Inline)
    }
}

/// Reads `[store]` as a toy's.
pub(crate) fn toy(text: &str, env: &[(&str, &str)]) -> Result<Toy> {
    read(text, env)
}

/// Reads `[store]` as any type.
pub(crate) fn read<T: serde::de::DeserializeOwned>(text: &str, env: &[(&str, &str)]) -> Result<T> {
    let mut stores = config(text, env)?.stores()?;
    stores.remove("default").expect("there is always a default store").settings.parse()
}
