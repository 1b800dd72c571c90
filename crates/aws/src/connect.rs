//! The SDK's client: whose credentials, which endpoint, whose certificates. Retries and timeouts are the engine's.

use crate::{
    config::{Config, invalid},
    unsent::Plaintext,
};
use aws_config::{
    AppName, BehaviorVersion, ConfigLoader, Region, SdkConfig, retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig, sts::AssumeRoleProvider,
    timeout::TimeoutConfig,
};
use aws_sdk_secretsmanager::{
    Client as Sdk,
    config::{
        ConfigBag, Credentials, Intercept, RuntimeComponents, SharedHttpClient,
        interceptors::BeforeTransmitInterceptorContextRef,
    },
    error::BoxError,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use secrecy::ExposeSecret as _;
use std::{fs, net::IpAddr, path::Path};
use strongroom_core::Result;

/// What AWS calls whoever has assumed a role.
const SESSION: &str = "strongroom";

/// A client. Makes no call: credentials are looked for by the first one.
pub(crate) async fn sdk(config: &Config) -> Result<Sdk> {
    let region = Region::new(config.region.clone());
    let base = loader(config, &region)?.load().await;
    let mut own = base.to_builder();
    own.set_endpoint_url(config.endpoint.clone().or_else(|| base.endpoint_url().map(str::to_owned)));
    if let Some(role) = &config.role_arn {
        let mut sts = base.to_builder();
        if config.sts_endpoint.is_some() {
            sts.set_endpoint_url(config.sts_endpoint.clone());
        }
        let session = config.role_session_name.as_deref().unwrap_or(SESSION);
        let mut provider =
            AssumeRoleProvider::builder(role).session_name(session).configure(&sts.build()).region(region);
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
    Ok(client(&own.build(), config.allow_http))
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
    if let Some(path) = &config.ca_path {
        loader = loader.http_client(trusting(path)?);
    }
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

fn client(sdk: &SdkConfig, allow_http: bool) -> Sdk {
    let mut own = aws_sdk_secretsmanager::config::Builder::from(sdk);
    if !allow_http {
        own = own.interceptor(OnlyHttps);
    }
    Sdk::from_conf(own.build())
}

/// Trusts the authorities of that file and no others.
fn trusting(path: &Path) -> Result<SharedHttpClient> {
    let wrong = || invalid("ca_path: a file with certificates in PEM form is wanted, which we can read");
    let pem = fs::read(path).map_err(|_| wrong())?;
    // The SDK panics at the first call if it finds no certificate.
    if !pem.windows(27).any(|part| part == b"-----BEGIN CERTIFICATE-----") {
        return Err(wrong());
    }
    let store = TrustStore::empty().with_pem_certificate(pem);
    let context = TlsContext::builder().with_trust_store(store).build().map_err(|_| wrong())?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(context).build_https())
}

/// The environment and the profile can name an endpoint, too: nothing is sent to another host in the clear.
#[derive(Debug)]
struct OnlyHttps;

impl Intercept for OnlyHttps {
    fn name(&self) -> &'static str {
        "OnlyHttps"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        if is_safe(context.request().uri()) { Ok(()) } else { Err(Plaintext.into()) }
    }
}

/// Refuses an endpoint that is none.
pub(crate) fn check_endpoint(key: &'static str, endpoint: Option<&str>, allow_http: bool) -> Result<()> {
    let Some(endpoint) = endpoint else { return Ok(()) };
    if host(endpoint).is_none_or(str::is_empty) || endpoint.contains(['@', '?', '#', ' ']) {
        return Err(invalid(format!("{key}: give a URL such as https://vpce-1.example.com, without a user")));
    }
    if !allow_http && !is_safe(endpoint) {
        return Err(invalid(format!(
            "{key}: plain HTTP to another host; use https, or set allow_http = true"
        )));
    }
    Ok(())
}

/// The host of a URL of HTTP.
fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    match authority.strip_prefix('[') {
        Some(address) => address.split_once(']').map(|(address, _)| address),
        None => authority.split(':').next(),
    }
}

fn is_safe(url: &str) -> bool {
    let is_loopback =
        |host: &str| host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    url.starts_with("https://") || host(url).is_some_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_to_another_host_in_the_clear() {
        for (endpoint, allow, fine) in [
            ("https://secretsmanager.eu-west-1.amazonaws.com", false, true),
            ("http://127.0.0.1:5000", false, true),
            ("http://localhost:5000/", false, true),
            ("http://[::1]:5000", false, true),
            ("http://10.0.0.1", false, false),
            ("http://10.0.0.1", true, true),
            ("http://127.0.0.1.example.com", false, false),
            ("http://localhost.example.com", false, false),
            ("http://user:password@127.0.0.1", true, false),
            ("http://127.0.0.1@example.com", false, false),
            ("ftp://127.0.0.1", true, false),
            ("127.0.0.1:5000", true, false),
            ("https://", true, false),
        ] {
            let checked = check_endpoint("endpoint", Some(endpoint), allow);
            assert_eq!(checked.is_ok(), fine, "{endpoint}");
        }
    }
}
