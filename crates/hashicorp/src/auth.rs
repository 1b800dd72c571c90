//! The ways to log in.

use crate::{
    config::bad,
    error::Failure,
    http::{ANSWER, Answer, Ask, Http},
};
use reqwest::Method;
use rustify::endpoint::Endpoint;
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    fs,
    io::ErrorKind as Io,
    path::{Path, PathBuf},
};
use strongroom_core::{Error, ErrorKind, Result};
use vaultrs::api::auth::{
    approle::requests::LoginWithApproleRequest, aws::requests::IamLoginRequest,
    kubernetes::requests::LoginWithKubernetesRequest, oidc::requests::JWTLoginRequest,
    userpass::requests::LoginRequest,
};
use zeroize::{Zeroize as _, Zeroizing};

/// No credential is larger.
const CREDENTIAL: u64 = 64 * 1024;

/// A credential: given, or in a file that somebody else may renew, and is read at each login.
#[derive(Clone)]
pub(crate) enum Source {
    Given(SecretString),
    /// The setting that names the file, and its path.
    File(&'static str, PathBuf),
}

impl Source {
    /// One that is given as it is; `key` is the setting that gives it.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] if it cannot be one.
    pub(crate) fn given(key: &'static str, secret: &SecretString) -> Result<Self> {
        if fits(secret.expose_secret()) {
            return Ok(Self::Given(secret.clone()));
        }
        let text =
            "it is empty, or has spaces or characters that no credential has; give the credential alone";
        Err(bad(key, text))
    }

    /// One in a file; `key` is the setting that names it.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] if the path is a relative one.
    pub(crate) fn file(key: &'static str, path: &Path) -> Result<Self> {
        match path.is_absolute() {
            true => Ok(Self::File(key, path.to_owned())),
            false => Err(bad(key, "give an absolute path")),
        }
    }

    /// What it is now.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] if there is no such file or nothing that fits in it, naming the setting.
    pub(crate) fn read(&self) -> Result<SecretString> {
        let (key, path) = match self {
            Self::Given(secret) => return Ok(secret.clone()),
            Self::File(key, path) => (*key, path),
        };
        let length = fs::metadata(path).map_err(|error| bad(key, unreadable(error.kind())))?.len();
        if length > CREDENTIAL {
            return Err(bad(key, "the file is too large for a credential; put the credential alone into it"));
        }
        let bytes = Zeroizing::new(fs::read(path).map_err(|error| bad(key, unreadable(error.kind())))?);
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| bad(key, "the file is not text; put the credential alone into it"))?
            .trim();
        if !fits(text) {
            let text =
                "the file is empty, or has more in it than one credential; put the credential alone into it";
            return Err(bad(key, text));
        }
        Ok(SecretString::from(text))
    }
}

fn fits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn unreadable(kind: Io) -> &'static str {
    match kind {
        Io::NotFound => "there is no such file; check the path, and whether what writes it runs",
        Io::PermissionDenied => "the file may not be read by this process; give its user the right to",
        _ => "the file cannot be read; check the path and its disk",
    }
}

/// How we come by a token.
pub(crate) enum Login {
    /// Somebody else did.
    Token(Source),
    AppRole {
        mount: String,
        role: String,
        secret: Option<Source>,
    },
    Kubernetes {
        mount: String,
        role: String,
        jwt: Source,
    },
    Jwt {
        mount: String,
        role: Option<String>,
        jwt: Source,
    },
    Userpass {
        mount: String,
        username: String,
        password: SecretString,
    },
    /// The client's certificate is a part of each connection; `role` names one of the mount's certificates.
    Cert {
        mount: String,
        role: Option<String>,
    },
    Aws {
        mount: String,
        role: Option<String>,
        signer: crate::aws::Signer,
    },
}

impl Login {
    /// Whether we can get another token ourselves.
    pub(crate) fn can_repeat(&self) -> bool {
        !matches!(self, Self::Token(_))
    }

    /// What is shown to log in, where that may be in a file, which may change.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn credential(&self) -> Result<Option<SecretString>> {
        let source = match self {
            Self::Token(source) => Some(source),
            Self::AppRole { secret, .. } => secret.as_ref(),
            Self::Kubernetes { jwt, .. } | Self::Jwt { jwt, .. } => Some(jwt),
            Self::Userpass { .. } | Self::Cert { .. } | Self::Aws { .. } => None,
        };
        source.map(Source::read).transpose()
    }

    /// Asks for a token, and shows [`Self::credential`].
    ///
    /// # Errors
    /// What the service says.
    pub(crate) async fn perform(&self, http: &Http, credential: Option<&SecretString>) -> Result<Answer> {
        let shown = || credential.map(|secret| secret.expose_secret().to_owned()).unwrap_or_default();
        let answer = match self {
            Self::Token(_) => Err(Failure::Unreadable),
            Self::AppRole { mount, role, .. } => {
                let mut ask = LoginWithApproleRequest {
                    mount: mount.clone(),
                    role_id: role.clone(),
                    secret_id: shown(),
                };
                let answer = send(http, &ask).await;
                ask.secret_id.zeroize();
                answer
            }
            Self::Kubernetes { mount, role, .. } => {
                let (mount, role) = (mount.clone(), role.clone());
                let mut ask = LoginWithKubernetesRequest { mount, role, jwt: shown() };
                let answer = send(http, &ask).await;
                ask.jwt.zeroize();
                answer
            }
            Self::Jwt { mount, role, .. } => {
                let mut ask = JWTLoginRequest { mount: mount.clone(), role: role.clone(), jwt: shown() };
                let answer = send(http, &ask).await;
                ask.jwt.zeroize();
                answer
            }
            Self::Userpass { mount, username, password } => {
                let (mount, username) = (mount.clone(), username.clone());
                let mut ask = LoginRequest { mount, username, password: password.expose_secret().to_owned() };
                let answer = send(http, &ask).await;
                ask.password.zeroize();
                answer
            }
            Self::Cert { mount, role } => {
                // The request of `vaultrs` calls the role by a name that the service does not know.
                let body =
                    role.as_ref().map_or(serde_json::json!({}), |role| serde_json::json!({ "name": role }));
                let ask = Ask {
                    method: Method::POST,
                    path: &format!("auth/{mount}/login"),
                    query: None,
                    content: "application/json",
                    body: Some(Zeroizing::new(body.to_string().into_bytes())),
                    most: ANSWER,
                };
                http.send(&ask, None).await
            }
            Self::Aws { mount, role, signer } => {
                let signed = signer.sign();
                let mut ask = IamLoginRequest {
                    mount: mount.clone(),
                    role: role.clone(),
                    iam_http_request_method: "POST".to_owned(),
                    iam_request_url: signed.url,
                    iam_request_body: signed.body,
                    iam_request_headers: signed.headers,
                };
                let answer = send(http, &ask).await;
                ask.iam_request_headers.zeroize();
                answer
            }
        };
        answer.map_err(|failure| match failure.status() {
            // 400 is what most logins answer to a wrong credential.
            Some(status @ (400 | 401 | 403)) => Error::new(
                ErrorKind::StoreRefused,
                format!(
                    "HashiCorp Vault refused our login; check {}; after some refused logins it may lock the role or \
                     the user out for a while",
                    self.remedy()
                ),
            )
            .with("status", status),
            _ => failure.into_error("log us in"),
        })
    }

    /// The settings that a refused login depends on.
    fn remedy(&self) -> &'static str {
        match self {
            Self::Token(_) => "`token`",
            Self::AppRole { .. } => "`role_id`, `secret_id`, `auth_mount` and `vault_namespace`",
            Self::Kubernetes { .. } | Self::Jwt { .. } => {
                "`role`, the JWT, `auth_mount` and `vault_namespace`"
            }
            Self::Userpass { .. } => "`username`, `password`, `auth_mount` and `vault_namespace`",
            Self::Cert { .. } => "`cert_path`, `role`, `auth_mount` and `vault_namespace`",
            Self::Aws { .. } => {
                "the AWS keys, `role`, `aws_region`, `aws_header_value`, `auth_mount` and `vault_namespace`"
            }
        }
    }
}

async fn send<E: Endpoint>(http: &Http, ask: &E) -> std::result::Result<Answer, Failure> {
    http.call(ask, None, ANSWER).await
}
