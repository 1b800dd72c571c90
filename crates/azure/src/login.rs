//! Where a token comes from: the first source that gives one, and what was tried if none does.

use crate::ours::{Ours, ours};
use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::{Error as SdkError, ErrorKind as SdkKind},
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use strongroom_core::{Error, ErrorKind};

/// What no source has as its place.
const NONE: usize = usize::MAX;

/// One way to a token.
pub(crate) struct Source {
    /// As the configuration calls it.
    pub(crate) name: &'static str,
    /// `None`: it is not set up here.
    pub(crate) credential: Option<Arc<dyn TokenCredential>>,
    /// Whether anything says that it is set up here. If not, that nobody answers there says that it is not.
    pub(crate) certain: bool,
}

impl Source {
    /// One that is set up here if there is a credential.
    pub(crate) fn certain(name: &'static str, credential: Option<Arc<dyn TokenCredential>>) -> Self {
        Self { name, credential, certain: true }
    }
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

    async fn ask(&self, source: &Source, scopes: &[&str]) -> Result<AccessToken, Ours> {
        let Some(credential) = &source.credential else {
            return Err(Ours::new(Error::new(ErrorKind::StoreRefused, "it is not set up here")));
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
            return self.ask(source, scopes).await.map_err(|ours| ours.error);
        }
        let mut tried = Vec::new();
        for (n, source) in self.sources.iter().enumerate() {
            match self.ask(source, scopes).await {
                Ok(token) => {
                    self.found.store(n, Ordering::Relaxed);
                    return Ok(token);
                }
                // What is set up here and cannot answer now is not passed over: the next one is somebody else.
                Err(ours) if ours.error.kind().may_pass() && (source.certain || !ours.absent) => {
                    return Err(ours.error);
                }
                Err(ours) => tried.push(format!("{} ({})", source.name, ours.error.message())),
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
        self.ask_all(scopes).await.map_err(|error| Ours::new(error).into_sdk(SdkKind::Credential))
    }
}

/// Why there is no token. What answered is sorted already; texts of the SDK quote what was sent.
fn sorted(name: &'static str, error: &SdkError) -> Ours {
    let mut sorted = ours(error).unwrap_or_else(|| {
        let text = "Azure gave no token: check that this host is set up for this login";
        Ours::new(Error::new(ErrorKind::StoreRefused, text))
    });
    sorted.error = sorted.error.with("login", name);
    sorted
}
