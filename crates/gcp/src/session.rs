//! The SDK's client: made when it is first needed, and made anew when its credentials have given up, or wait for ever.

use crate::{
    credentials::Source,
    error::{Failure, failed, is_for_good},
    waits::Waits,
};
use google_cloud_auth::credentials::Credentials;
use google_cloud_gax::{Result as SdkResult, retry_policy::NeverRetry};
use google_cloud_secretmanager_v1::client::SecretManagerService as Sdk;
use strongroom_core::{Error, ErrorKind};
use tokio::sync::Mutex;
use tracing::{instrument::WithSubscriber as _, subscriber::NoSubscriber};

/// A service with our credentials.
pub(crate) struct Session {
    source: Source,
    impersonate: Option<String>,
    endpoint: Option<String>,
    sdk: Mutex<Option<(Sdk, Waits)>>,
}

impl Session {
    pub(crate) fn new(source: Source, impersonate: Option<String>, endpoint: Option<String>) -> Self {
        Self { source, impersonate, endpoint, sdk: Mutex::new(None) }
    }

    /// The client, which is cheap to have.
    pub(crate) async fn sdk(&self) -> Result<Sdk, Failure> {
        // What the SDK says while it is made, and while its token is looked at, is nobody's either.
        self.made().with_subscriber(NoSubscriber::default()).await
    }

    async fn made(&self) -> Result<Sdk, Failure> {
        let mut sdk = self.sdk.lock().await;
        if let Some((sdk, waits)) = &*sdk
            && !waits.are_in_vain()
        {
            return Ok(sdk.clone());
        }
        let waits = Waits::over(self.source.build(self.impersonate.as_deref())?);
        let made = self.connect(waits.credentials()).await?;
        *sdk = Some((made.clone(), waits));
        Ok(made)
    }

    async fn connect(&self, credentials: Credentials) -> Result<Sdk, Error> {
        // Retries are the engine's.
        let mut builder = Sdk::builder().with_credentials(credentials).with_retry_policy(NeverRetry);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        builder.build().await.map_err(|error| {
            if error.is_universe_domain_mismatch() {
                Error::new(
                    ErrorKind::ConfigInvalid,
                    "the credentials are of another universe of Google Cloud than the service: check \
                     GOOGLE_CLOUD_UNIVERSE_DOMAIN and the credentials",
                )
            } else {
                Error::new(
                    ErrorKind::ConfigInvalid,
                    "no client of Google Cloud Secret Manager can be made: check endpoint, and the system's \
                     certificate authorities",
                )
            }
        })
    }

    /// Waits for a call. `permission` is what IAM calls it.
    pub(crate) async fn ask<T>(
        &self,
        permission: &'static str,
        call: impl Future<Output = SdkResult<T>> + Send,
    ) -> Result<T, Failure> {
        // With GOOGLE_CLOUD_RUST_LOGGING set, the SDK writes requests and answers to the log, values included.
        let answer = call.with_subscriber(NoSubscriber::default()).await;
        if let Err(error) = &answer
            && is_for_good(error)
        {
            // The SDK never asks for a token again after it was refused one, but what was wrong may be mended.
            *self.sdk.lock().await = None;
        }
        answer.map_err(|error| failed(permission, &error))
    }
}
