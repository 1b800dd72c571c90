//! The SDK's client: whose credentials, which endpoint, whose certificates. Retries and timeouts are the engine's.

use crate::{
    config::{Auth, Config, Hosts, invalid, is_loopback},
    login::{Login, Source},
    refusal,
    transport::{Origin, Service, To, Transport},
};
use azure_core::{
    cloud::{CloudConfiguration, CustomConfiguration},
    credentials::{Secret, TokenCredential},
    http::{ClientOptions, RetryOptions, Transport as SdkTransport, Url},
};
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use azure_security_keyvault_secrets::{SecretClient as Sdk, SecretClientOptions};
use reqwest::Certificate;
use secrecy::{ExposeSecret as _, SecretString};
use std::{fs, sync::Arc};
use strongroom_core::Result;

const VAULT: Service = Service {
    unreachable: "Azure Key Vault cannot be reached: check vault, endpoint, network, and ca_path if set",
    late: crate::error::LATE,
    unreadable: crate::error::UNREADABLE,
    refused: None,
};

const ENTRA: Service = Service {
    unreachable: "Azure's Entra ID cannot be reached: check cloud, authority_host, network, and ca_path if set",
    late: "Azure's Entra ID did not answer in time: try again, \
         and check authority_host and the network if it stays so",
    unreadable: "the answer of Azure's Entra ID could not be read: try again, \
         and check authority_host and what is between",
    refused: Some(refusal::of_entra),
};

const METADATA: Service = Service {
    unreachable: "the metadata of an Azure host cannot be reached: is this one, with an identity?",
    late: "the metadata of the Azure host did not answer in time: try again, \
         and check that this is one, with an identity",
    unreadable: "the answer of the Azure host's metadata could not be read: try again, \
         and check that this is such a host",
    refused: Some(refusal::of_metadata),
};

/// A client. Makes no call: a token is asked for by the first one.
pub(crate) fn sdk(config: &Config, hosts: &Hosts) -> Result<Sdk> {
    let options = Options { config, authority: &hosts.authority };
    let login = Login::new(sources(config, &options)?);
    let origin = origin(&hosts.vault)?;
    let options = SecretClientOptions {
        client_options: options.to(To::Origin(origin.clone()), VAULT)?,
        // An emulator's name does not end as a vault's. That it asks for a vault's token is checked all the same.
        verify_challenge_resource: Some(!(is_loopback(&hosts.vault) || hosts.vault.scheme() == "http")),
        ..SecretClientOptions::default()
    };
    Sdk::new(&origin.url(), login, Some(options))
        .map_err(|_| invalid("endpoint: give a URL such as https://my-vault.vault.azure.net"))
}

/// How requests are sent.
struct Options<'a> {
    config: &'a Config,
    authority: &'a Url,
}

impl Options<'_> {
    fn to(&self, to: To, service: Service) -> Result<ClientOptions> {
        let authorities = authorities(self.config)?;
        let transport = Transport::new(to, service, authorities).map_err(|_| {
            invalid("ca_path: no certificates that can be used, in that file or the system's")
        })?;
        Ok(ClientOptions {
            retry: RetryOptions::none(),
            transport: Some(SdkTransport::new(Arc::new(transport))),
            ..ClientOptions::default()
        })
    }

    fn to_entra(&self) -> Result<ClientOptions> {
        let origin = origin(self.authority)?;
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = origin.url();
        let cloud = Some(Arc::new(CloudConfiguration::Custom(cloud)));
        Ok(ClientOptions { cloud, ..self.to(To::Origin(origin), ENTRA)? })
    }
}

fn origin(url: &Url) -> Result<Origin> {
    Origin::of(url).ok_or_else(|| invalid("endpoint, authority_host: a host is missing"))
}

/// The only authorities to trust, if the configuration names them.
fn authorities(config: &Config) -> Result<Option<Vec<Certificate>>> {
    let Some(path) = &config.ca_path else { return Ok(None) };
    let wrong = || invalid("ca_path: a file with certificates in PEM form is wanted, which we can read");
    let pem = fs::read(path).map_err(|_| wrong())?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(authorities) if !authorities.is_empty() => Ok(Some(authorities)),
        _ => Err(wrong()),
    }
}

fn sources(config: &Config, options: &Options<'_>) -> Result<Vec<Source>> {
    let auth = config.auth();
    let wanted = match auth {
        Auth::Chain => {
            let (tenant, client) = (variable("AZURE_TENANT_ID"), variable("AZURE_CLIENT_ID"));
            let secret = variable("AZURE_CLIENT_SECRET").map(SecretString::from);
            let environment = match (tenant, client, secret) {
                (Some(tenant), Some(client), Some(secret)) => {
                    client_secret(&tenant, &client, &secret, options)?
                }
                _ => None,
            };
            return Ok(vec![
                Source::certain("environment", environment),
                Source::certain("workload-identity", workload_identity(config, options)?),
                Source {
                    name: "managed-identity",
                    credential: managed_identity(config, options)?,
                    // A virtual machine says nothing of its own.
                    certain: variable("IDENTITY_ENDPOINT").is_some(),
                },
                Source::certain("developer-tools", developer_tools()),
            ]);
        }
        Auth::ClientSecret => {
            let credential = match (&config.tenant_id, &config.client_id, &config.client_secret) {
                (Some(tenant), Some(client), Some(secret)) => client_secret(tenant, client, secret, options)?,
                _ => None,
            };
            let credential = credential.ok_or_else(|| {
                invalid(
                    "tenant_id, client_id: they are no ids of Entra ID; give those of the application's page",
                )
            })?;
            Source::certain("client-secret", Some(credential))
        }
        Auth::WorkloadIdentity => {
            let credential = workload_identity(config, options)?.ok_or_else(|| {
                invalid(
                    "tenant_id, client_id and token_path: set them, or AZURE_TENANT_ID, AZURE_CLIENT_ID and \
                     AZURE_FEDERATED_TOKEN_FILE in the environment",
                )
            })?;
            Source::certain("workload-identity", Some(credential))
        }
        Auth::ManagedIdentity => {
            let credential = managed_identity(config, options)?.ok_or_else(|| {
                invalid(
                    "auth: managed-identity is not what this kind of host has; use workload-identity or \
                         client-secret here",
                )
            })?;
            Source::certain("managed-identity", Some(credential))
        }
        Auth::DeveloperTools => Source::certain("developer-tools", developer_tools()),
    };
    Ok(vec![wanted])
}

type Found = Option<Arc<dyn TokenCredential>>;

fn client_secret(tenant: &str, client: &str, secret: &SecretString, options: &Options<'_>) -> Result<Found> {
    let options = ClientSecretCredentialOptions { client_options: options.to_entra()? };
    let secret = Secret::new(secret.expose_secret().to_owned());
    let made = ClientSecretCredential::new(tenant, client.to_owned(), secret, Some(options));
    Ok(made.ok().map(|made| made as Arc<dyn TokenCredential>))
}

fn workload_identity(config: &Config, options: &Options<'_>) -> Result<Found> {
    let options = WorkloadIdentityCredentialOptions {
        credential_options: ClientAssertionCredentialOptions { client_options: options.to_entra()? },
        client_id: config.client_id.clone(),
        tenant_id: config.tenant_id.clone(),
        token_file_path: config.token_path.clone(),
    };
    let made = WorkloadIdentityCredential::new(Some(options));
    Ok(made.ok().map(|made| made as Arc<dyn TokenCredential>))
}

fn managed_identity(config: &Config, options: &Options<'_>) -> Result<Found> {
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: config.client_id.clone().map(UserAssignedId::ClientId),
        client_options: options.to(To::Host(metadata()?), METADATA)?,
    };
    let made = ManagedIdentityCredential::new(Some(options));
    Ok(made.ok().map(|made| made as Arc<dyn TokenCredential>))
}

/// Where a virtual machine's metadata are, if somebody says so: as the SDKs for other languages have it.
fn metadata() -> Result<Option<Url>> {
    const NAME: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
    let Some(text) = variable(NAME) else { return Ok(None) };
    match Url::parse(&text) {
        Ok(url) if url.scheme() == "http" && url.has_host() && url.username().is_empty() => Ok(Some(url)),
        _ => Err(invalid(format!("{NAME}: give a URL such as http://169.254.169.254"))),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn developer_tools() -> Found {
    DeveloperToolsCredential::new(None).ok().map(|made| made as Arc<dyn TokenCredential>)
}
