//! Whose credentials: those of the configuration, or what the SDK finds in the environment and on the host.

use crate::config::invalid;
use google_cloud_auth::{
    build_errors::Error as BuildError,
    credentials::{
        Builder, CacheableResource, Credentials, CredentialsProvider, EntityTag, external_account,
        external_account_authorized_user, impersonated, service_account, user_account,
    },
    errors::CredentialsError,
};
use http::{Extensions, HeaderMap, HeaderValue, header::AUTHORIZATION};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::fmt;
use strongroom_core::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

/// What the SDK can make credentials of. Files of other types are for other programs.
const TYPES: [&str; 5] = [
    "service_account",
    "authorized_user",
    "external_account",
    "external_account_authorized_user",
    "impersonated_service_account",
];

/// Where credentials come from.
pub(crate) enum Source {
    /// What Google calls application default credentials: a file that the environment names, the one that gcloud
    /// writes, the host's metadata server.
    Found,
    /// A text as in one of Google's files.
    Json(SecretString),
    /// A token that somebody else renews.
    Token(SecretString),
}

impl Source {
    /// Refuses a text that is of none of the known types.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Found => Ok(()),
            Self::Json(text) => {
                let json = parse(text)?;
                if json.get("type").and_then(Value::as_str).is_some_and(|kind| TYPES.contains(&kind)) {
                    Ok(())
                } else {
                    Err(invalid(format!("credentials: its `type` must be one of {}", TYPES.join(", "))))
                }
            }
            Self::Token(token) => header(token).map(drop),
        }
    }

    /// The SDK's credentials. It begins to fetch a token in the background.
    pub(crate) fn build(&self, impersonate: Option<&str>) -> Result<Credentials> {
        let own = match self {
            Self::Found => Builder::default()
                .build()
                .map_err(|error| not_built(&error, "application default credentials"))?,
            Self::Json(text) => given(parse(text)?).map_err(|error| not_built(&error, "credentials"))?,
            Self::Token(token) => Credentials::from(Bearer { header: header(token)?, tag: EntityTag::new() }),
        };
        let Some(principal) = impersonate else { return Ok(own) };
        impersonated::Builder::from_source_credentials(own)
            .with_target_principal(principal)
            .build()
            .map_err(|error| not_built(&error, "impersonate"))
    }
}

fn parse(text: &SecretString) -> Result<Value> {
    // What the parser says quotes what it read.
    serde_json::from_str(text.expose_secret())
        .map_err(|_| invalid("credentials: give the whole JSON text of a credentials file of Google Cloud"))
}

fn given(json: Value) -> std::result::Result<Credentials, BuildError> {
    match json.get("type").and_then(Value::as_str).unwrap_or_default() {
        "service_account" => service_account::Builder::new(json).build(),
        "authorized_user" => user_account::Builder::new(json).build(),
        "external_account" => external_account::Builder::new(json).build(),
        "external_account_authorized_user" => external_account_authorized_user::Builder::new(json).build(),
        // Anything else was refused when the store was opened.
        _ => impersonated::Builder::new(json).build(),
    }
}

/// The SDK's words may quote a credential.
fn not_built(error: &BuildError, what: &'static str) -> Error {
    let why = if error.is_loading() {
        "a file cannot be read"
    } else if error.is_parsing() {
        "it is not what such a file holds"
    } else if error.is_missing_field() {
        "a field is missing"
    } else {
        "it is of a type that is not supported"
    };
    let text =
        format!("no Google Cloud credentials can be made of {what}: {why}; check the file and its type");
    Error::new(ErrorKind::StoreRefused, text)
}

/// A token as it is, with every request.
struct Bearer {
    header: HeaderValue,
    tag: EntityTag,
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer")
    }
}

impl CredentialsProvider for Bearer {
    async fn headers(
        &self,
        extensions: Extensions,
    ) -> std::result::Result<CacheableResource<HeaderMap>, CredentialsError> {
        if extensions.get::<EntityTag>() == Some(&self.tag) {
            return Ok(CacheableResource::NotModified);
        }
        let data = HeaderMap::from_iter([(AUTHORIZATION, self.header.clone())]);
        Ok(CacheableResource::New { entity_tag: self.tag.clone(), data })
    }

    async fn universe_domain(&self) -> Option<String> {
        None
    }
}

fn header(token: &SecretString) -> Result<HeaderValue> {
    let text = Zeroizing::new(format!("Bearer {}", token.expose_secret().trim()));
    let mut header = HeaderValue::from_str(&text)
        .map_err(|_| invalid("access_token: it has characters that no token has"))?;
    header.set_sensitive(true);
    Ok(header)
}
