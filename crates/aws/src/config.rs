//! `type = "aws"`.

use crate::{
    backend::AwsBackend,
    bulk::SECRETS,
    client::{Client, quiet},
    connect,
    labels::{OWN_TAGS, tag},
};
use aws_sdk_secretsmanager::types::Tag;
use secrecy::SecretString;
use serde::Deserialize;
use std::{path::PathBuf, sync::Arc};
use strongroom_core::{
    BackendInfo, Configure, Error, ErrorKind, Limits, OpenContext, Opened, Plugin, Prices, Removal, Result,
    settings::{check_endpoint, host},
};

/// What a registry needs to know.
pub const PLUGIN: Plugin = Plugin::of::<Config>();

/// Of the 20 staging labels of a secret, two are the service's, and some are on their way out.
const HISTORY: u32 = 15;

const LIMITS: Limits = Limits::new(65_536, Removal::Expires)
    .bulk_read(SECRETS)
    .history(HISTORY)
    .relabel_after_create()
    .recoverable();

/// 0.05 dollars for 10,000 requests. Bringing labels up to date and removing look first, then write.
const PRICES: Prices = Prices::each(5_000).relabel(10_000).remove(10_000);

/// What an endpoint looks like.
pub(crate) const EXAMPLE: &str = "https://vpce-1.example.com";

/// What the names of AWS's own hosts end with.
const AWS: [&str; 5] =
    [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws", ".api.amazonwebservices.com.cn"];

/// Where secrets are kept in AWS Secrets Manager, and with whose credentials. The README has the table of keys.
#[derive(Deserialize)]
pub(crate) struct Config {
    pub(crate) region: String,
    pub(crate) access_key_id: Option<String>,
    pub(crate) secret_access_key: Option<SecretString>,
    pub(crate) session_token: Option<SecretString>,
    pub(crate) profile: Option<String>,
    pub(crate) role_arn: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) role_session_name: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) sts_endpoint: Option<String>,
    pub(crate) ca_path: Option<PathBuf>,
    #[serde(default)]
    pub(crate) allow_http: bool,
    kms_key: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default = "default_recovery_days")]
    recovery_days: u8,
    #[serde(default = "default_prefix")]
    prefix: String,
}

fn default_recovery_days() -> u8 {
    7
}

fn default_prefix() -> String {
    "strongroom".to_owned()
}

impl Configure for Config {
    const KIND: &'static str = "aws";
    const ABOUT: &'static str = "AWS Secrets Manager";
    const LIMITS: Option<Limits> = Some(LIMITS);
    /// People are meant to read the values in AWS, too.
    const SEAL_BY_DEFAULT: bool = false;

    async fn open(self, cx: OpenContext) -> Result<Opened> {
        let own_tags = self.check()?;
        let (sdk, endpoint) = quiet(connect::sdk(&self)).await?;
        let days = (self.recovery_days > 0).then_some(i64::from(self.recovery_days));
        let client = Client::new(sdk, self.kms_key.clone(), days);
        let info = BackendInfo::new(Self::KIND, self.place(endpoint.as_deref()), LIMITS).prices(PRICES);
        Ok(Opened::Backend(Arc::new(AwsBackend::new(info, client, cx.namespace, &self.prefix, own_tags))))
    }
}

impl Config {
    /// Refuses what cannot work; answers the tags.
    fn check(&self) -> Result<Vec<Tag>> {
        if self.region.is_empty() || !self.region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(invalid("region: name one, such as eu-west-1"));
        }
        if self.access_key_id.is_some() != self.secret_access_key.is_some() {
            return Err(invalid("access_key_id and secret_access_key: set both or neither"));
        }
        if self.session_token.is_some() && self.access_key_id.is_none() {
            return Err(invalid("session_token: set access_key_id and secret_access_key, too"));
        }
        if self.profile.is_some() && self.access_key_id.is_some() {
            return Err(invalid(
                "profile and access_key_id: credentials come from one of them; remove the other",
            ));
        }
        if self.role_arn.is_none() && (self.external_id.is_some() || self.role_session_name.is_some()) {
            return Err(invalid("external_id and role_session_name: they are for role_arn; set it, too"));
        }
        if self.role_arn.is_none() && self.sts_endpoint.is_some() {
            return Err(invalid(
                "sts_endpoint: it is for role_arn; set it, too, or for another role of this host AWS_ENDPOINT_URL_STS",
            ));
        }
        if self.recovery_days != 0 && !(7..=30).contains(&self.recovery_days) {
            return Err(invalid("recovery_days: 7 to 30, or 0 to delete at once"));
        }
        for (key, url) in [("endpoint", &self.endpoint), ("sts_endpoint", &self.sts_endpoint)] {
            if let Some(url) = url {
                check_endpoint(key, url, EXAMPLE, self.allow_http)?;
            }
        }
        let prefix = &self.prefix;
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"/_+=.@-".contains(&b);
        if !(1..=200).contains(&prefix.len())
            || !prefix.bytes().all(fits)
            || prefix.starts_with('/')
            || prefix.ends_with('/')
        {
            return Err(invalid("prefix: 1 to 200 of A-Z, a-z, 0-9 and /_+=.@-, with no / at either end"));
        }
        own_tags(&self.tags)
    }

    /// Which account it is, no service tells without a call of its own; region and prefix are what is ours.
    fn place(&self, endpoint: Option<&str>) -> String {
        let place = format!("{}/{}", self.region, self.prefix);
        match endpoint {
            // Others are doors to the same house.
            Some(endpoint) if !is_aws(endpoint) => format!("{}/{place}", endpoint.trim_end_matches('/')),
            _ => place,
        }
    }
}

/// Whether a URL leads to a host of AWS's own.
fn is_aws(url: &str) -> bool {
    let host = host(url).unwrap_or_default().to_ascii_lowercase();
    AWS.iter().any(|end| host.ends_with(end))
}

fn own_tags(given: &[String]) -> Result<Vec<Tag>> {
    let wrong = || {
        invalid(format!(
            "tags: up to {OWN_TAGS} of the form key=value, keys of at most 128 and values of at most 256 characters, \
             none beginning with aws: or strongroom"
        ))
    };
    if given.len() > OWN_TAGS {
        return Err(wrong());
    }
    let mut tags: Vec<Tag> = Vec::new();
    for one in given {
        let (key, value) = one.split_once('=').ok_or_else(wrong)?;
        let (key, value) = (key.trim(), value.trim());
        let lower = key.to_ascii_lowercase();
        let is_ours = lower.starts_with("aws:") || lower.starts_with("strongroom");
        let fits = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        if is_ours || !fits || tags.iter().any(|tag| tag.key() == Some(key)) {
            return Err(wrong());
        }
        tags.push(tag(key, value));
    }
    Ok(tags)
}

pub(crate) fn invalid(text: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::ConfigInvalid, text)
}
