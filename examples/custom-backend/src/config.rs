//! The configuration, and the back-end that it describes.

use crate::{
    backend::{AgeBackend, LIMITS},
    client::{Client, Keys},
};
use age::x25519::{Identity, Recipient};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{fs, path::PathBuf, sync::Arc};
use strongroom_core::{Configure, Error, ErrorKind, Limits, NamespaceId, OpenContext, Opened, Result};

/// `type = "age"`. The README explains each key.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Config {
    /// The directory: an absolute path. It is made when the first version is put.
    pub path: PathBuf,
    /// The identity that opens the files: `AGE-SECRET-KEY-1...`.
    pub identity: Option<SecretString>,
    /// A file with it, as `age-keygen` writes one. Several identities may be in it, one a line.
    pub identity_path: Option<PathBuf>,
    /// Who else can open what is written from now on: `age1...`.
    #[serde(default)]
    pub recipients: Vec<String>,
}

impl Configure for Config {
    const KIND: &'static str = "age";
    const ABOUT: &'static str = "age-encrypted files in a directory";
    const LIMITS: Option<Limits> = Some(LIMITS);

    async fn open(self, cx: OpenContext) -> Result<Opened> {
        Ok(Opened::Backend(Arc::new(self.connect(cx.namespace)?)))
    }
}

impl Config {
    /// The back-end that this describes, on a namespace. The directory is not looked at yet.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`], which names the key and the remedy.
    pub fn connect(self, namespace: NamespaceId) -> Result<AgeBackend> {
        if !self.path.is_absolute() {
            return Err(bad("path", "give an absolute path"));
        }
        let identities = self.identities()?;
        let mut recipients: Vec<Recipient> = identities.iter().map(Identity::to_public).collect();
        for text in &self.recipients {
            recipients
                .push(text.parse().map_err(|_| bad("recipients", "give public keys, such as age1..."))?);
        }
        let client = Client::new(self.path.join(namespace.to_string()), Keys { identities, recipients });
        Ok(AgeBackend::new(format!("age:{}", self.path.display()), client))
    }

    fn identities(&self) -> Result<Vec<Identity>> {
        let (key, text) = match (&self.identity, &self.identity_path) {
            (Some(_), Some(_)) => return Err(bad("identity", "give this or `identity_path`, not both")),
            (None, None) => return Err(bad("identity", "it is missing; give this or `identity_path`")),
            (Some(identity), None) => ("identity", identity.clone()),
            (None, Some(path)) => {
                let read = fs::read_to_string(path);
                let text =
                    read.map_err(|_| bad("identity_path", "the file cannot be read; check path and mode"))?;
                ("identity_path", SecretString::from(text))
            }
        };
        let lines = text.expose_secret().lines().map(str::trim);
        let identities: Result<Vec<Identity>, _> =
            lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::parse).collect();
        match identities {
            Ok(identities) if !identities.is_empty() => Ok(identities),
            _ => Err(bad(key, "there is no identity of age in it; make one with `age-keygen`")),
        }
    }
}

fn bad(key: &'static str, text: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, format!("{key}: {text}"))
}
