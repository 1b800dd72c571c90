//! Nothing is sent to another host in the clear, whoever named the endpoint: the configuration, the environment, a
//! profile; whether it is Secrets Manager's or that of STS, which answers with credentials.

use crate::unsent::Plaintext;
use aws_sdk_secretsmanager::config::{
    ConfigBag, HttpClient, RuntimeComponents, SharedHttpClient, http::HttpRequest,
};
use aws_smithy_http_client::{
    Builder, ConnectorBuilder,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        result::ConnectorError,
        runtime_components::RuntimeComponentsBuilder,
    },
};
use strongroom_core::settings::is_private;

/// What the SDK uses if it is given none, with the proxies of the environment for HTTPS; trusting what `context` says, or
/// else the system's authorities.
pub(crate) fn client(context: Option<TlsContext>) -> SharedHttpClient {
    let https = built(context.clone(), true);
    SharedHttpClient::new(ByScheme { https, plain: built(context, false) })
}

fn built(context: Option<TlsContext>, proxied: bool) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = ConnectorBuilder::default().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        if let Some(context) = &context {
            builder.set_tls_context(context.clone());
        }
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.set_proxy_config(Some(if proxied {
            ProxyConfig::from_env()
        } else {
            ProxyConfig::disabled()
        }));
        builder.build()
    })
}

/// What goes in the clear goes to this machine, or is the credentials that an instance gives to its own programs: no proxy
/// is to see either.
#[derive(Debug)]
struct ByScheme {
    https: SharedHttpClient,
    plain: SharedHttpClient,
}

impl HttpClient for ByScheme {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let https = self.https.http_connector(settings, components);
        let plain = self.plain.http_connector(settings, components);
        SharedHttpConnector::new(Chosen { https, plain })
    }
}

#[derive(Debug)]
struct Chosen {
    https: SharedHttpConnector,
    plain: SharedHttpConnector,
}

impl HttpConnector for Chosen {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if request.uri().starts_with("http:") { self.plain.call(request) } else { self.https.call(request) }
    }
}

/// A client that refuses plain HTTP to another host.
#[derive(Debug)]
pub(crate) struct OnlyHttps(pub(crate) SharedHttpClient);

impl HttpClient for OnlyHttps {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Checked(self.0.http_connector(settings, components)))
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        HttpClient::validate_base_client_config(&self.0, components, config)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        HttpClient::validate_final_config(&self.0, components, config)
    }
}

#[derive(Debug)]
struct Checked(SharedHttpConnector);

impl HttpConnector for Checked {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // The addresses of instances and containers that give credentials have no HTTPS. The SDK keeps to them, with GET
        // and PUT; what goes to a service is always POST.
        if request.method() == "POST" && !is_private(request.uri()) {
            return HttpConnectorFuture::ready(Err(ConnectorError::user(Plaintext.into())));
        }
        self.0.call(request)
    }
}
