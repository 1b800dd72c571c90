//! The SDK's client: whose credentials, which endpoint, whose certificates. Retries and timeouts are the engine's.

use crate::{
    config::{Config, EXAMPLE, invalid},
    https::{OnlyHttps, client},
};
use aws_config::{
    AppName, BehaviorVersion, ConfigLoader, Region, SdkConfig, retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig, sts::AssumeRoleProvider,
    timeout::TimeoutConfig,
};
use aws_sdk_secretsmanager::{
    Client as Sdk,
    config::{Builder, Credentials},
};
use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use aws_types::service_config::ServiceConfigKey;
use secrecy::ExposeSecret as _;
use std::{fs, path::Path};
use strongroom_core::{Result, settings::check_endpoint};

/// What AWS calls whoever has assumed a role.
const SESSION: &str = "strongroom";

/// A client, and the endpoint that it was given, if it was given any. Makes no call: credentials are looked for by the
/// first one.
pub(crate) async fn sdk(config: &Config) -> Result<(Sdk, Option<String>)> {
    let region = Region::new(config.region.clone());
    let base = loader(config, &region)?.load().await;
    let endpoint = endpoint(config, &base)?;
    let mut own = Builder::from(&base);
    // Here and not in what the client is made of: there, a variable of this service alone would win.
    own.set_endpoint_url(endpoint.clone());
    if let Some(role) = &config.role_arn {
        let sts = match &config.sts_endpoint {
            // The same for STS: what a loader is told wins.
            Some(endpoint) => loader(config, &region)?.endpoint_url(endpoint).load().await,
            None => base.clone(),
        };
        let session = config.role_session_name.as_deref().unwrap_or(SESSION);
        let mut provider =
            AssumeRoleProvider::builder(role).session_name(session).configure(&sts).region(region);
        if let Some(id) = &config.external_id {
            provider = provider.external_id(id);
        }
        let provider = match base.credentials_provider() {
            Some(first) => provider.build_from_provider(first).await,
            None => provider.build().await,
        };
        own.set_credentials_provider(Some(aws_credential_types::provider::SharedCredentialsProvider::new(
            provider,
        )));
    }
    Ok((Sdk::from_conf(own.build()), endpoint))
}

/// The endpoint of the configuration, else that of the environment or a profile: first what is said of this service
/// alone, as the SDK has it.
fn endpoint(config: &Config, base: &SdkConfig) -> Result<Option<String>> {
    if config.endpoint.is_some() {
        return Ok(config.endpoint.clone());
    }
    let key = ServiceConfigKey::builder()
        .service_id("Secrets Manager")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    let own = base.service_config().zip(key.ok()).and_then(|(found, key)| found.load_config(key));
    let Some(url) = own.or_else(|| base.endpoint_url().map(str::to_owned)) else { return Ok(None) };
    // It becomes a part of what the place is called, which must show no password.
    let name = "endpoint, which AWS_ENDPOINT_URL or a profile names";
    check_endpoint(name, &url, EXAMPLE, config.allow_http)?;
    Ok(Some(url))
}

fn loader(config: &Config, region: &Region) -> Result<ConfigLoader> {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(region.clone())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Ok(name) = AppName::new("strongroom") {
        loader = loader.app_name(name);
    }
    // It asks for credentials, too.
    let client = client(config.ca_path.as_deref().map(trusting).transpose()?);
    loader = match config.allow_http {
        false => loader.http_client(OnlyHttps(client)),
        true => loader.http_client(client),
    };
    if let Some(profile) = &config.profile {
        loader = loader.profile_name(profile);
    }
    if let (Some(id), Some(secret)) = (&config.access_key_id, &config.secret_access_key) {
        let token = config.session_token.as_ref().map(|token| token.expose_secret().to_owned());
        let given = Credentials::new(id, secret.expose_secret(), token, None, "strongroom's configuration");
        loader = loader.credentials_provider(given);
    }
    Ok(loader)
}

/// Trusts the authorities of that file and no others.
fn trusting(path: &Path) -> Result<TlsContext> {
    let wrong = || invalid("ca_path: a file with certificates in PEM form is wanted, which we can read");
    let pem = fs::read(path).map_err(|_| wrong())?;
    // The SDK panics at the first call if it finds no certificate.
    if !pem.windows(27).any(|part| part == b"-----BEGIN CERTIFICATE-----") {
        return Err(wrong());
    }
    let store = TrustStore::empty().with_pem_certificate(pem);
    TlsContext::builder().with_trust_store(store).build().map_err(|_| wrong())
}
