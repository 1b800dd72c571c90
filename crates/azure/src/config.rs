//! `type = "azure"`.

use crate::{
    backend::AzureBackend,
    client::Client,
    connect,
    tags::{LENGTH, OWN_TAGS, Tags},
};
use azure_core::http::Url;
use secrecy::SecretString;
use serde::Deserialize;
use std::{borrow::Cow, path::PathBuf, sync::Arc};
use strongroom_core::{
    BackendInfo, Configure, Error, ErrorKind, Limits, OpenContext, Opened, Plugin, Prices, Removal, Result,
    settings::is_this_machine,
};

/// What a registry needs to know.
pub const PLUGIN: Plugin = Plugin::of::<Config>();

/// The service takes no larger value.
const VALUE_BYTES: usize = 25_600;

const LIMITS: Limits = Limits::new(VALUE_BYTES, Removal::Disables).recoverable();

/// 0.03 dollars for 10,000 requests. Bringing labels up to date reads the newest version first, then writes.
const PRICES: Prices = Prices::each(3_000).relabel(6_000);

/// Where secrets are kept in Azure Key Vault, and with whose credentials. The README has the table of keys.
#[derive(Deserialize)]
pub(crate) struct Config {
    vault: Option<String>,
    #[serde(default)]
    cloud: Cloud,
    endpoint: Option<String>,
    authority_host: Option<String>,
    pub(crate) auth: Option<Auth>,
    pub(crate) tenant_id: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<SecretString>,
    pub(crate) token_path: Option<PathBuf>,
    pub(crate) ca_path: Option<PathBuf>,
    #[serde(default)]
    allow_http: bool,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    purge: bool,
    #[serde(default = "default_prefix")]
    prefix: String,
}

/// Azure, or one of those that are run for a country.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Cloud {
    #[default]
    Public,
    Government,
    China,
}

impl Cloud {
    /// What the names of its vaults end with, and who gives tokens.
    fn hosts(self) -> (&'static str, &'static str) {
        match self {
            Self::Public => ("vault.azure.net", "https://login.microsoftonline.com"),
            Self::Government => ("vault.usgovcloudapi.net", "https://login.microsoftonline.us"),
            Self::China => ("vault.azure.cn", "https://login.chinacloudapi.cn"),
        }
    }
}

/// Where a token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Auth {
    /// Whatever works, in this order: environment, workload identity, managed identity, developer tools.
    Chain,
    ClientSecret,
    WorkloadIdentity,
    ManagedIdentity,
    DeveloperTools,
}

fn default_prefix() -> String {
    "strongroom".to_owned()
}

/// Where everything is, checked.
pub(crate) struct Hosts {
    pub(crate) vault: Url,
    pub(crate) authority: Url,
}

impl Configure for Config {
    const KIND: &'static str = "azure";
    const ABOUT: &'static str = "Azure Key Vault";
    const LIMITS: Option<Limits> = Some(LIMITS);
    /// People are meant to read the values in Azure, too.
    const SEAL_BY_DEFAULT: bool = false;

    async fn open(self, cx: OpenContext) -> Result<Opened> {
        let hosts = self.hosts()?;
        let own_tags = self.check()?;
        let client = Client::new(connect::sdk(&self, &hosts)?);
        // Purging is one more.
        let prices = if self.purge { PRICES.delete(6_000) } else { PRICES };
        let info = BackendInfo::new(Self::KIND, self.place(&hosts.vault), LIMITS).prices(prices);
        Ok(Opened::Backend(Arc::new(AzureBackend::new(
            info,
            client,
            cx.namespace,
            &self.prefix,
            own_tags,
            self.purge,
        ))))
    }
}

impl Config {
    fn hosts(&self) -> Result<Hosts> {
        let (suffix, authority) = self.cloud.hosts();
        let vault = match (&self.vault, &self.endpoint) {
            (Some(_), Some(_)) => return Err(invalid("vault and endpoint: set one of them")),
            (None, None) => return Err(invalid("vault: name one, such as my-vault")),
            (None, Some(endpoint)) => self.url("endpoint", endpoint)?,
            (Some(name), None) => {
                let fits = (3..=24).contains(&name.len())
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                if !fits {
                    return Err(invalid("vault: its name alone, such as my-vault; a URL goes into endpoint"));
                }
                self.url("vault", &format!("https://{name}.{suffix}"))?
            }
        };
        let authority = self.url("authority_host", self.authority_host.as_deref().unwrap_or(authority))?;
        Ok(Hosts { vault, authority })
    }

    /// A URL to which secrets may be sent.
    fn url(&self, key: &'static str, text: &str) -> Result<Url> {
        let wrong =
            || invalid(format!("{key}: give a URL such as https://my-vault.vault.azure.net, without a path"));
        let url = Url::parse(text).map_err(|_| wrong())?;
        let is_bare = url.username().is_empty() && url.password().is_none() && url.path() == "/";
        if !["http", "https"].contains(&url.scheme())
            || !is_bare
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(wrong());
        }
        if url.scheme() == "http" && !self.allow_http && !is_loopback(&url) {
            return Err(invalid(format!(
                "{key}: plain HTTP to another host; use https, or set allow_http = true"
            )));
        }
        Ok(url)
    }

    /// Where the token comes from, if nobody says.
    pub(crate) fn auth(&self) -> Auth {
        self.auth.unwrap_or(match (&self.client_secret, &self.token_path) {
            (Some(_), _) => Auth::ClientSecret,
            (_, Some(_)) => Auth::WorkloadIdentity,
            _ => Auth::Chain,
        })
    }

    /// Refuses what cannot work; answers the tags.
    fn check(&self) -> Result<Tags> {
        let auth = self.auth();
        let application = self.tenant_id.is_some() && self.client_id.is_some();
        if auth == Auth::ClientSecret && !(application && self.client_secret.is_some()) {
            return Err(invalid("tenant_id, client_id and client_secret: a client secret needs all three"));
        }
        if auth != Auth::ClientSecret && self.client_secret.is_some() {
            return Err(invalid("client_secret: it is for auth = \"client-secret\"; remove one of them"));
        }
        if auth != Auth::WorkloadIdentity && self.token_path.is_some() {
            return Err(invalid("token_path: it is for auth = \"workload-identity\"; remove one of them"));
        }
        let needs_no_tenant = matches!(auth, Auth::ManagedIdentity | Auth::DeveloperTools | Auth::Chain);
        if needs_no_tenant && self.tenant_id.is_some() {
            return Err(invalid(
                "tenant_id: it is for client-secret and workload-identity; remove it, or set auth",
            ));
        }
        if auth == Auth::DeveloperTools && self.client_id.is_some() {
            return Err(invalid("client_id: developer-tools log in as who you are; remove it, or set auth"));
        }
        let prefix = &self.prefix;
        // The service's names have 127 characters, 74 of which are ours.
        if !(1..=50).contains(&prefix.len())
            || !prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(invalid("prefix: 1 to 50 of A-Z, a-z, 0-9 and -"));
        }
        own_tags(&self.tags)
    }

    fn place(&self, vault: &Url) -> String {
        let host = vault.as_str().trim_end_matches('/');
        // The service does not tell upper from lower case in names.
        format!("{}/{}", host.strip_prefix("https://").unwrap_or(host), self.prefix.to_ascii_lowercase())
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(is_this_machine)
}

fn own_tags(given: &[String]) -> Result<Tags> {
    let wrong = || {
        invalid(format!(
            "tags: up to {OWN_TAGS} of the form key=value, both of at most {LENGTH} characters, none beginning with \
             strongroom"
        ))
    };
    if given.len() > OWN_TAGS {
        return Err(wrong());
    }
    let mut tags = Tags::new();
    for one in given {
        let (key, value) = one.split_once('=').ok_or_else(wrong)?;
        let (key, value) = (key.trim(), value.trim());
        let is_ours = key.to_ascii_lowercase().starts_with("strongroom");
        let fits = (1..=LENGTH).contains(&key.chars().count()) && value.chars().count() <= LENGTH;
        if is_ours || !fits || tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(wrong());
        }
    }
    Ok(tags)
}

pub(crate) fn invalid(text: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::ConfigInvalid, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cloud_has_its_own_vaults_and_its_own_entra_id() {
        for (cloud, vault, authority) in [
            (None, "https://v-1.vault.azure.net/", "https://login.microsoftonline.com/"),
            (Some("public"), "https://v-1.vault.azure.net/", "https://login.microsoftonline.com/"),
            (Some("government"), "https://v-1.vault.usgovcloudapi.net/", "https://login.microsoftonline.us/"),
            (Some("china"), "https://v-1.vault.azure.cn/", "https://login.chinacloudapi.cn/"),
        ] {
            let mut config = serde_json::json!({"vault": "v-1"});
            if let Some(cloud) = cloud {
                config["cloud"] = cloud.into();
            }
            let hosts = serde_json::from_value::<Config>(config).unwrap().hosts().unwrap();
            assert_eq!((hosts.vault.as_str(), hosts.authority.as_str()), (vault, authority), "{cloud:?}");
        }
    }
}
