//! Where a token comes from: the first source that gives one, and what was tried if none does.

use crate::error::{Ours, ours, pause};
use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::{Error as SdkError, ErrorKind as SdkKind},
};
use std::{
    error::Error as StdError,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use strongroom_core::{Error, ErrorKind, Retry};

/// What no source has as its place.
const NONE: usize = usize::MAX;

/// One way to a token.
pub(crate) struct Source {
    /// As the configuration calls it.
    pub(crate) name: &'static str,
    /// `None`: it is not set up here.
    pub(crate) credential: Option<Arc<dyn TokenCredential>>,
}

/// The sources, in the order in which they are asked.
pub(crate) struct Login {
    sources: Vec<Source>,
    /// The one that gave a token: it stays the one.
    found: AtomicUsize,
}

impl Login {
    pub(crate) fn new(sources: Vec<Source>) -> Arc<Self> {
        let found = if sources.len() == 1 { 0 } else { NONE };
        Arc::new(Self { sources, found: AtomicUsize::new(found) })
    }

    async fn ask(&self, source: &Source, scopes: &[&str]) -> Result<AccessToken, Error> {
        let Some(credential) = &source.credential else {
            return Err(Error::new(ErrorKind::StoreRefused, "it is not set up here"));
        };
        credential.get_token(scopes, None).await.map_err(|error| sorted(source.name, &error))
    }

    async fn ask_all(&self, scopes: &[&str]) -> Result<AccessToken, Error> {
        // A vault names what the token is to be for, and none but a vault gets one.
        if !scopes.iter().all(|scope| scope.starts_with("https://vault.")) {
            return Err(Error::new(
                ErrorKind::ConfigInvalid,
                "what answers asks for a token that is not for Azure Key Vault: check vault and endpoint",
            ));
        }
        if let Some(source) = self.sources.get(self.found.load(Ordering::Relaxed)) {
            return self.ask(source, scopes).await;
        }
        let mut tried = Vec::new();
        for (n, source) in self.sources.iter().enumerate() {
            match self.ask(source, scopes).await {
                Ok(token) => {
                    self.found.store(n, Ordering::Relaxed);
                    return Ok(token);
                }
                Err(error) => tried.push(format!("{} ({})", source.name, error.message())),
            }
        }
        Err(Error::new(
            ErrorKind::StoreRefused,
            "there are no Azure credentials: set tenant_id, client_id and client_secret, or auth to what this host has",
        )
        .with("tried", tried.join(", ")))
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.sources.iter().map(|source| source.name)).finish()
    }
}

#[async_trait::async_trait]
impl TokenCredential for Login {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> Result<AccessToken, SdkError> {
        self.ask_all(scopes).await.map_err(|error| Ours(error).into_sdk(SdkKind::Credential))
    }
}

/// Why there is no token: by status and code, since texts quote what was sent.
fn sorted(name: &'static str, error: &SdkError) -> Error {
    if let Some(error) = ours(error) {
        return error;
    }
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = next {
        let kind = cause.downcast_ref::<SdkError>().map(SdkError::kind);
        if let Some(SdkKind::HttpResponse { status, error_code, .. }) = kind {
            return refused(name, (*status).into(), error_code.as_deref());
        }
        next = cause.source();
    }
    Error::new(ErrorKind::StoreRefused, "Azure gave no token: check that this host is set up for this login")
        .with("login", name)
}

fn refused(name: &'static str, status: u16, codes: Option<&str>) -> Error {
    let error = match status {
        429 | 500.. => Error::new(
            ErrorKind::Unavailable,
            "Azure gives no token now (Entra ID or the host's metadata): try again",
        )
        .retryable(if status == 429 { pause(None) } else { Retry::Backoff }),
        _ => Error::new(
            ErrorKind::StoreRefused,
            "Azure does not accept our login: check tenant_id, client_id and what proves it, and their expiry",
        ),
    };
    // Numbers, such as 7000215 for a wrong client secret: AADSTS7000215 in the documents of Entra ID.
    let is_code = |codes: &&str| codes.len() < 80 && codes.bytes().all(|b| b.is_ascii_digit() || b == b',');
    let error = match codes.filter(is_code) {
        Some(codes) => error.with("AADSTS", codes),
        None => error,
    };
    error.with("login", name).with("status", status)
}
