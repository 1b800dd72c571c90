//! Which login is configured, with which keys.

use crate::{
    auth::{Login, Source},
    aws::Signer,
    config::{Config, bad, path},
};
use secrecy::SecretString;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use strongroom_core::{Error, ErrorKind, Result};

/// Where Kubernetes puts the token of a pod.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// The two settings that a credential can come from.
#[derive(Clone, Copy)]
struct Keys {
    given: &'static str,
    path: &'static str,
}

const TOKEN: Keys = Keys { given: "token", path: "token_path" };
const SECRET_ID: Keys = Keys { given: "secret_id", path: "secret_id_path" };
const JWT: Keys = Keys { given: "jwt", path: "jwt_path" };

/// How to log in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Method {
    /// With a token that somebody else got. The default.
    #[default]
    Token,
    /// AppRole.
    Approle,
    /// As a pod of Kubernetes.
    Kubernetes,
    /// With a JWT.
    Jwt,
    /// As a user or role of AWS.
    Aws,
    /// With a client certificate.
    Cert,
    /// With a name and a password.
    Userpass,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Approle => "approle",
            Self::Kubernetes => "kubernetes",
            Self::Jwt => "jwt",
            Self::Aws => "aws",
            Self::Cert => "cert",
            Self::Userpass => "userpass",
        }
    }
}

impl Config {
    /// The login that this describes.
    ///
    /// # Errors
    /// A key is missing, or is another login's.
    pub(crate) fn login(&self) -> Result<Login> {
        self.refuse_others()?;
        let mount = match self.auth_mount.as_deref() {
            Some(mount) => path("auth_mount", mount)?,
            None => self.auth.name().to_owned(),
        };
        let role = self.role.clone();
        Ok(match self.auth {
            Method::Token => Login::Token(self.needed(TOKEN, &self.token, &self.token_path)?),
            Method::Approle => Login::AppRole {
                mount,
                role: self.text("role_id", &self.role_id)?,
                secret: source(SECRET_ID, &self.secret_id, &self.secret_id_path)?,
            },
            Method::Kubernetes => Login::Kubernetes {
                mount,
                role: self.text("role", &self.role)?,
                jwt: match source(JWT, &self.jwt, &self.jwt_path)? {
                    Some(given) => given,
                    None => Source::file(JWT.path, Path::new(SERVICE_ACCOUNT))?,
                },
            },
            Method::Jwt => Login::Jwt { mount, role, jwt: self.needed(JWT, &self.jwt, &self.jwt_path)? },
            Method::Userpass => {
                let username = path("username", &self.text("username", &self.username)?)?;
                if username.contains('/') {
                    return Err(bad("username", "it must not hold a slash"));
                }
                Login::Userpass { mount, username, password: self.secret("password", &self.password)? }
            }
            Method::Cert => {
                if self.cert_path.is_none() {
                    return Err(bad("cert_path", "auth = \"cert\" needs it; give a PEM file"));
                }
                Login::Cert { mount, role }
            }
            Method::Aws => Login::Aws { mount, role, signer: self.signer()? },
        })
    }

    /// With the keys given, or without any of them with those of the environment, under the names of AWS's own programs.
    fn signer(&self) -> Result<Signer> {
        let given = self.aws_access_key_id.is_some()
            || self.aws_secret_access_key.is_some()
            || self.aws_session_token.is_some();
        let (key_id, secret, session) = if given {
            let key_id = self.text("aws_access_key_id", &self.aws_access_key_id)?;
            let secret = self.secret("aws_secret_access_key", &self.aws_secret_access_key)?;
            (key_id, secret, self.aws_session_token.clone())
        } else {
            let read = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
            let (Some(key_id), Some(secret)) = (read("AWS_ACCESS_KEY_ID"), read("AWS_SECRET_ACCESS_KEY"))
            else {
                return Err(bad(
                    "aws_access_key_id",
                    "auth = aws needs it and aws_secret_access_key, here or as AWS_ACCESS_KEY_ID and \
                     AWS_SECRET_ACCESS_KEY in the environment",
                ));
            };
            (key_id, secret.into(), read("AWS_SESSION_TOKEN").map(Into::into))
        };
        Ok(Signer {
            // Not the environment's: Vault asks the STS that it is set to.
            region: region(self.aws_region.as_deref().unwrap_or("us-east-1"))?,
            key_id,
            secret,
            session,
            server: self.aws_header_value.clone(),
        })
    }

    /// A key of another login would be taken for used.
    fn refuse_others(&self) -> Result<()> {
        use Method::{Approle, Aws, Cert, Jwt, Kubernetes, Token, Userpass};
        let keys: [(&'static str, bool, &[Method]); 16] = [
            ("token", self.token.is_some(), &[Token]),
            ("token_path", self.token_path.is_some(), &[Token]),
            ("auth_mount", self.auth_mount.is_some(), &[Approle, Aws, Cert, Jwt, Kubernetes, Userpass]),
            ("role", self.role.is_some(), &[Kubernetes, Jwt, Aws, Cert]),
            ("role_id", self.role_id.is_some(), &[Approle]),
            ("secret_id", self.secret_id.is_some(), &[Approle]),
            ("secret_id_path", self.secret_id_path.is_some(), &[Approle]),
            ("jwt", self.jwt.is_some(), &[Jwt, Kubernetes]),
            ("jwt_path", self.jwt_path.is_some(), &[Jwt, Kubernetes]),
            ("username", self.username.is_some(), &[Userpass]),
            ("password", self.password.is_some(), &[Userpass]),
            ("aws_access_key_id", self.aws_access_key_id.is_some(), &[Aws]),
            ("aws_secret_access_key", self.aws_secret_access_key.is_some(), &[Aws]),
            ("aws_session_token", self.aws_session_token.is_some(), &[Aws]),
            ("aws_region", self.aws_region.is_some(), &[Aws]),
            ("aws_header_value", self.aws_header_value.is_some(), &[Aws]),
        ];
        let Some((key, _, methods)) =
            keys.into_iter().find(|(_, given, of)| *given && !of.contains(&self.auth))
        else {
            return Ok(());
        };
        let methods: Vec<_> = methods.iter().map(|method| method.name()).collect();
        let text = format!(
            "{key}: it is for auth = {}, and auth is {}; take it out, or set auth",
            methods.join(", "),
            self.auth.name()
        );
        Err(Error::new(ErrorKind::ConfigInvalid, text))
    }

    fn text(&self, key: &'static str, value: &Option<String>) -> Result<String> {
        value.clone().filter(|value| !value.is_empty()).ok_or_else(|| self.missing(key))
    }

    fn secret(&self, key: &'static str, value: &Option<SecretString>) -> Result<SecretString> {
        value.clone().ok_or_else(|| self.missing(key))
    }

    fn needed(&self, keys: Keys, given: &Option<SecretString>, path: &Option<PathBuf>) -> Result<Source> {
        source(keys, given, path)?.ok_or_else(|| self.missing(keys.given))
    }

    fn missing(&self, key: &'static str) -> Error {
        let text = format!("{key}: auth = {} needs it", self.auth.name());
        Error::new(ErrorKind::ConfigInvalid, text)
    }
}

/// A credential that is given in one of two ways.
fn source(keys: Keys, given: &Option<SecretString>, path: &Option<PathBuf>) -> Result<Option<Source>> {
    match (given, path) {
        (Some(_), Some(_)) => Err(bad(keys.given, "give it or a path to it, not both")),
        (Some(secret), None) => Source::given(keys.given, secret).map(Some),
        (None, Some(path)) => Source::file(keys.path, path).map(Some),
        (None, None) => Ok(None),
    }
}

fn region(text: &str) -> Result<String> {
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(bad("aws_region", "give a region, such as eu-central-1"));
    }
    Ok(text.to_owned())
}
