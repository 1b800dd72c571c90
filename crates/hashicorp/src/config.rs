//! The configuration, and the client that it describes.

use crate::{
    backend::{HashicorpBackend, LIMITS},
    client::Kv,
    http::{Http, Tls},
    method::Method,
    session::Session,
};
use reqwest::{Certificate, Identity, Url, header::HeaderValue};
use secrecy::SecretString;
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use strongroom_core::{
    Configure, Error, ErrorKind, Limits, NamespaceId, OpenContext, Opened, Result, settings::is_this_machine,
};
use zeroize::Zeroizing;

/// How many versions a key keeps: twice the longest history that the engine can have, and some. Those that an attempt
/// left behind count until they are pushed out.
pub(crate) const MAX_VERSIONS: u64 = 2 * 100 + 10;

/// `type = "hashicorp"`. The README explains each key.
#[derive(Deserialize)]
pub(crate) struct Config {
    /// The server: `https://vault.example.com:8200`.
    pub(crate) address: String,
    /// Where KV version 2 is mounted. Default `secret`.
    pub(crate) mount: Option<String>,
    /// The folder in it that is ours. Default `strongroom`.
    pub(crate) prefix: Option<String>,
    /// The namespace of Vault Enterprise, HCP or OpenBao.
    pub(crate) vault_namespace: Option<String>,
    /// A PEM file with the only authorities to trust. Default: those of the system.
    pub(crate) ca_path: Option<PathBuf>,
    /// Allows `http` to other hosts.
    #[serde(default)]
    pub(crate) allow_http: bool,
    /// How to log in. Default `token`.
    #[serde(default)]
    pub(crate) auth: Method,
    /// Where the login is mounted. Default: the method's name.
    pub(crate) auth_mount: Option<String>,
    /// `token`: the token.
    pub(crate) token: Option<SecretString>,
    /// `token`: a file with it, read again when the token is refused.
    pub(crate) token_path: Option<PathBuf>,
    /// `kubernetes`, `jwt`, `aws`, `cert`: the role.
    pub(crate) role: Option<String>,
    /// `approle`: the role's id.
    pub(crate) role_id: Option<String>,
    /// `approle`: the secret id, unless the role needs none.
    pub(crate) secret_id: Option<SecretString>,
    /// `approle`: a file with it.
    pub(crate) secret_id_path: Option<PathBuf>,
    /// `jwt`, `kubernetes`: the JWT.
    pub(crate) jwt: Option<SecretString>,
    /// `jwt`, `kubernetes`: a file with it.
    pub(crate) jwt_path: Option<PathBuf>,
    /// `userpass`: the name.
    pub(crate) username: Option<String>,
    /// `userpass`: the password.
    pub(crate) password: Option<SecretString>,
    /// A PEM file with our certificate, for `cert` or a server that asks for one.
    pub(crate) cert_path: Option<PathBuf>,
    /// A PEM file with its key.
    pub(crate) key_path: Option<PathBuf>,
    /// `aws`: the region whose STS is asked. Default `us-east-1`.
    pub(crate) aws_region: Option<String>,
    /// `aws`: the id of the access key. Without it and the next two: `AWS_ACCESS_KEY_ID` and so on of the environment.
    pub(crate) aws_access_key_id: Option<String>,
    /// `aws`: the access key.
    pub(crate) aws_secret_access_key: Option<SecretString>,
    /// `aws`: the session token of a temporary key.
    pub(crate) aws_session_token: Option<SecretString>,
    /// `aws`: what the server wants to see in `X-Vault-AWS-IAM-Server-ID`.
    pub(crate) aws_header_value: Option<String>,
}

impl Configure for Config {
    const KIND: &'static str = "hashicorp";
    const ABOUT: &'static str = "HashiCorp Vault or OpenBao, KV version 2";
    const LIMITS: Option<Limits> = Some(LIMITS);
    // People read the values in Vault itself, as the project's other external types allow.
    const SEAL_BY_DEFAULT: bool = false;

    async fn open(self, cx: OpenContext) -> Result<Opened> {
        Ok(Opened::Backend(Arc::new(self.connect(cx.namespace)?)))
    }
}

impl Config {
    /// The back-end that this describes, on a namespace. Nothing is asked yet.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`], which names the key and the remedy.
    pub(crate) fn connect(self, namespace: NamespaceId) -> Result<HashicorpBackend> {
        let address = self.address()?;
        let mount = path("mount", self.mount.as_deref().unwrap_or("secret"))?;
        let prefix = path("prefix", self.prefix.as_deref().unwrap_or("strongroom"))?;
        let outer = self.vault_namespace.as_deref().map(|name| path("vault_namespace", name)).transpose()?;
        let header = outer.as_deref().map(|name| {
            HeaderValue::from_str(name)
                .map_err(|_| bad("vault_namespace", "it has characters that cannot be sent"))
        });
        let http = Http::new(&address, header.transpose()?, self.tls()?).map_err(|_| {
            bad("address", "no client can be made for it; check `ca_path`, `cert_path` and `key_path`")
        })?;
        let within = outer.map(|name| format!("{name}/")).unwrap_or_default();
        let endpoint = format!("{}/{within}{mount}/{prefix}", address.as_str().trim_end_matches('/'));
        let http = Arc::new(http);
        let session = Session::new(http.clone(), self.login()?);
        let kv = Kv::new(http, session, mount);
        Ok(HashicorpBackend::new(endpoint, kv, format!("{prefix}/{namespace}")))
    }

    fn address(&self) -> Result<Url> {
        let url = Url::parse(&self.address)
            .map_err(|_| bad("address", "give a URL, such as https://vault.example.com:8200"))?;
        let loopback = match url.host_str() {
            Some(host) => is_this_machine(host),
            None => {
                return Err(bad(
                    "address",
                    "it names no host; give a URL, such as https://vault.example.com:8200",
                ));
            }
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback || self.allow_http => {}
            "http" => {
                return Err(bad(
                    "address",
                    "http sends values in clear text; give an https address, or set allow_http",
                ));
            }
            _ => return Err(bad("address", "give an https address")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("address", "it must hold no credentials; use the keys of `auth`"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("address", "it must end with the host, the port or a path"));
        }
        if url.path().trim_end_matches('/').ends_with("/v1") {
            return Err(bad("address", "it must end before /v1, which is put behind it"));
        }
        Ok(url)
    }

    fn tls(&self) -> Result<Tls> {
        let authorities = self.ca_path.as_deref().map(|path| {
            let authorities = Certificate::from_pem_bundle(&pem("ca_path", path)?)
                .map_err(|_| bad("ca_path", "the file has no PEM certificates"))?;
            if authorities.is_empty() {
                Err(bad("ca_path", "the file has no PEM certificates"))
            } else {
                Ok(authorities)
            }
        });
        let identity = match (&self.cert_path, &self.key_path) {
            (Some(cert), Some(key)) => {
                let mut both = pem("cert_path", cert)?;
                both.push(b'\n');
                both.extend_from_slice(&pem("key_path", key)?);
                let identity = Identity::from_pem(&both).map_err(|_| {
                    let text = "this and `key_path` are no PEM certificate and key; give such files, the key \
                                    without a password";
                    bad("cert_path", text)
                })?;
                Some(identity)
            }
            (None, None) => None,
            (Some(_), None) => return Err(bad("key_path", "give the key of the certificate in `cert_path`")),
            (None, Some(_)) => return Err(bad("cert_path", "give the certificate of the key in `key_path`")),
        };
        Ok(Tls { authorities: authorities.transpose()?, identity })
    }
}

/// A path of the service's interface: what is in it goes into URLs as it is.
pub(crate) fn path(key: &'static str, text: &str) -> Result<String> {
    let text = text.trim_matches('/');
    let fits = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@+".contains(c);
        !part.is_empty() && part != "." && part != ".." && part.chars().all(plain)
    };
    if !text.split('/').all(fits) {
        return Err(bad(key, "only letters, digits and - _ . @ + can be used, with slashes between"));
    }
    Ok(text.to_owned())
}

fn pem(key: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    fs::read(path)
        .map(Zeroizing::new)
        .map_err(|_| bad(key, "the file cannot be read; check the path and its mode"))
}

pub(crate) fn bad(key: &'static str, text: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, format!("{key}: {text}"))
}
