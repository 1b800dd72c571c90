//! `type = "gcp"`.

use crate::{
    backend::GcpBackend,
    client::{Client, Storage},
    credentials::Source,
    labels::{self, OWN_LABELS},
    session::Session,
};
use secrecy::SecretString;
use serde::Deserialize;
use std::{fs, path::PathBuf, sync::Arc};
use strongroom_core::{
    BackendInfo, Configure, Error, ErrorKind, Limits, OpenContext, Opened, Plugin, Prices, Removal, Result,
    settings::{check_endpoint, host},
};

/// What a registry needs to know.
pub const PLUGIN: Plugin = Plugin::of::<Config>();

const LIMITS: Limits = Limits::new(65_536, Removal::Destroys);

/// 0.03 dollars for reading 10,000 values; nothing else costs.
const PRICES: Prices = Prices::FREE.get(3_000);

/// What an endpoint looks like.
const EXAMPLE: &str = "https://secretmanager.europe-west1.rep.googleapis.com";

/// Where secrets are kept in Google Cloud Secret Manager, and with whose credentials. The README has the table of keys.
#[derive(Deserialize)]
pub(crate) struct Config {
    project: String,
    location: Option<String>,
    credentials: Option<SecretString>,
    credentials_path: Option<PathBuf>,
    access_token: Option<SecretString>,
    impersonate: Option<String>,
    kms_key: Option<String>,
    #[serde(default)]
    replicas: Vec<String>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default = "default_prefix")]
    prefix: String,
    endpoint: Option<String>,
    #[serde(default)]
    allow_http: bool,
}

fn default_prefix() -> String {
    "strongroom".to_owned()
}

impl Configure for Config {
    const KIND: &'static str = "gcp";
    const ABOUT: &'static str = "Google Cloud Secret Manager";
    const LIMITS: Option<Limits> = Some(LIMITS);
    /// People are meant to read the values in Google Cloud, too.
    const SEAL_BY_DEFAULT: bool = false;

    async fn open(self, cx: OpenContext) -> Result<Opened> {
        self.check()?;
        let own_labels = own_labels(&self.labels)?;
        let storage = self.storage()?;
        let info = BackendInfo::new(Self::KIND, self.place(), LIMITS).prices(PRICES);
        let (parent, prefix) = (self.parent(), self.prefix.clone());
        let session = self.session()?;
        let client = Client::new(session, parent, storage);
        Ok(Opened::Backend(Arc::new(GcpBackend::new(info, client, cx.namespace, &prefix, own_labels))))
    }
}

impl Config {
    /// Refuses what cannot work.
    fn check(&self) -> Result<()> {
        let plain = |text: &str, more: &[u8]| {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || more.contains(&b);
            !text.is_empty() && text.bytes().all(fits)
        };
        if !plain(&self.project, b"-:.") {
            return Err(invalid("project: give the id or the number of one, such as my-project-1"));
        }
        if self.location.as_deref().is_some_and(|location| !plain(location, b"-")) {
            return Err(invalid("location: name a region, such as europe-west1"));
        }
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if !(1..=180).contains(&self.prefix.len()) || !self.prefix.bytes().all(fits) {
            return Err(invalid("prefix: 1 to 180 of A-Z, a-z, 0-9, _ and -"));
        }
        if self.impersonate.as_deref().is_some_and(|email| {
            !email.contains('@')
                || email.contains(['/', '?', '#', '%', ' '])
                || email.contains(char::is_control)
        }) {
            return Err(invalid("impersonate: give the e-mail address of a service account"));
        }
        match &self.endpoint {
            Some(endpoint) => check_endpoint("endpoint", endpoint, EXAMPLE, self.allow_http),
            None => Ok(()),
        }
    }

    /// Where new secrets are kept.
    fn storage(&self) -> Result<Storage> {
        if let Some(key) = &self.kms_key {
            check_key("kms_key", key)?;
        }
        match (self.location.is_some(), self.replicas.is_empty()) {
            (true, false) => Err(invalid(
                "replicas and location: secrets of one region have no replicas; remove one of them",
            )),
            (true, true) => Ok(Storage::Regional(self.kms_key.clone())),
            (false, true) => Ok(Storage::Anywhere(self.kms_key.clone())),
            (false, false) if self.kms_key.is_some() => Err(invalid(
                "kms_key and replicas: each replica needs a key of its own region; write LOCATION=KEY in replicas",
            )),
            (false, false) => {
                let replicas = self.replicas.iter().map(|one| replica(one)).collect::<Result<Vec<_>>>()?;
                let with_key = replicas.iter().filter(|(_, key)| key.is_some()).count();
                if with_key != 0 && with_key != replicas.len() {
                    return Err(invalid("replicas: give all of them a key, or none"));
                }
                Ok(Storage::Replicas(replicas))
            }
        }
    }

    /// Where the service is asked; none for the one that the SDK knows.
    fn endpoint_url(&self) -> Option<String> {
        let regional = |location| format!("https://secretmanager.{location}.rep.googleapis.com");
        self.endpoint.clone().or_else(|| self.location.as_ref().map(regional))
    }

    fn parent(&self) -> String {
        match &self.location {
            Some(location) => format!("projects/{}/locations/{location}", self.project),
            None => format!("projects/{}", self.project),
        }
    }

    /// Project, region and prefix are what is ours.
    fn place(&self) -> String {
        let place = format!("{}/{}", self.parent(), self.prefix);
        match &self.endpoint {
            // Others are doors to the same house.
            Some(endpoint) if !is_google(endpoint) => format!("{}/{place}", endpoint.trim_end_matches('/')),
            _ => place,
        }
    }

    fn session(self) -> Result<Session> {
        let endpoint = self.endpoint_url();
        let source = match (self.credentials, self.credentials_path, self.access_token) {
            (None, None, None) => Source::Found,
            (Some(json), None, None) => Source::Json(json),
            (None, Some(path), None) => {
                let text = fs::read_to_string(&path).map_err(|_| {
                    invalid("credentials_path: a file of credentials is wanted, which we can read")
                })?;
                Source::Json(text.into())
            }
            (None, None, Some(token)) => Source::Token(token),
            _ => {
                return Err(invalid(
                    "credentials, credentials_path and access_token: credentials come from one of them; remove the \
                     others",
                ));
            }
        };
        source.check()?;
        Ok(Session::new(source, self.impersonate, endpoint))
    }
}

/// Whether a URL leads to a host of Google's own.
fn is_google(url: &str) -> bool {
    host(url).unwrap_or_default().to_ascii_lowercase().ends_with(".googleapis.com")
}

fn replica(text: &str) -> Result<(String, Option<String>)> {
    let (location, key) = match text.split_once('=') {
        Some((location, key)) => (location.trim(), Some(key.trim())),
        None => (text.trim(), None),
    };
    if location.is_empty() || !location.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(invalid("replicas: name regions, such as europe-west1, or LOCATION=KEY"));
    }
    key.map(|key| check_key("replicas", key)).transpose()?;
    Ok((location.to_owned(), key.map(str::to_owned)))
}

fn check_key(name: &'static str, key: &str) -> Result<()> {
    let parts: Vec<&str> = key.split('/').collect();
    match parts[..] {
        ["projects", p, "locations", l, "keyRings", r, "cryptoKeys", k]
            if ![p, l, r, k].iter().any(|part| part.is_empty()) =>
        {
            Ok(())
        }
        _ => Err(invalid(format!("{name}: a key is projects/P/locations/L/keyRings/R/cryptoKeys/K"))),
    }
}

fn own_labels(given: &[String]) -> Result<Vec<(String, String)>> {
    let wrong = || {
        invalid(format!(
            "labels: up to {OWN_LABELS} of the form key=value, each of at most 63 lower-case letters, digits, _ and -, \
             keys beginning with a letter, and not with strongroom"
        ))
    };
    if given.len() > OWN_LABELS {
        return Err(wrong());
    }
    let mut all: Vec<(String, String)> = Vec::new();
    for one in given {
        let (key, value) = one.split_once('=').ok_or_else(wrong)?;
        let (key, value) = (key.trim(), value.trim());
        let fits = labels::is_key(key) && labels::is_value(value) && !key.starts_with("strongroom");
        if !fits || all.iter().any(|(known, _)| known == key) {
            return Err(wrong());
        }
        all.push((key.to_owned(), value.to_owned()));
    }
    Ok(all)
}

pub(crate) fn invalid(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::ConfigInvalid, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_of_a_region_are_asked_for_at_its_own_endpoint() {
        let asked = |more: &[(&str, &str)]| {
            let mut config = json!({"project": "p"});
            for (key, value) in more {
                config[key] = json!(value);
            }
            serde_json::from_value::<Config>(config).unwrap().endpoint_url()
        };
        assert_eq!(asked(&[]), None);
        let region = ("location", "europe-west1");
        let own = "https://secretmanager.europe-west1.rep.googleapis.com";
        assert_eq!(asked(&[region]).as_deref(), Some(own));
        let other = "https://secrets.example.com";
        assert_eq!(asked(&[region, ("endpoint", other)]).as_deref(), Some(other));
    }

    #[test]
    fn a_host_of_googles_own_is_no_other_place() {
        for (endpoint, place) in [
            ("https://restricted.googleapis.com/", ""),
            ("https://secretmanager.googleapis.com:443", ""),
            ("https://SecretManager.europe-west1.rep.GoogleAPIs.com/v1/", ""),
            ("https://secrets.example.com/", "https://secrets.example.com/"),
            ("https://googleapis.com.example.com", "https://googleapis.com.example.com/"),
            ("https://example.com/.googleapis.com", "https://example.com/.googleapis.com/"),
        ] {
            let config = json!({"project": "p", "endpoint": endpoint});
            let config: Config = serde_json::from_value(config).unwrap();
            assert_eq!(config.place(), format!("{place}projects/p/strongroom"), "{endpoint}");
        }
    }
}
