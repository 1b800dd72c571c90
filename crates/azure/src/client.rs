//! The service's calls, one function each, and nothing of ours.

use crate::{
    error::{Failure, failed},
    tags::Tags,
};
use azure_core::http::{
    RequestContent, Url,
    pager::{PagerContinuation, PagerOptions},
};
use azure_security_keyvault_secrets::{
    SecretClient as Sdk,
    models::{
        DeletionRecoveryLevel, SecretAttributes, SecretClientGetSecretOptions,
        SecretClientListSecretPropertiesOptions, SecretClientListSecretPropertiesVersionsOptions,
        SecretClientUpdateSecretPropertiesOptions, SecretProperties, SetSecretParameters,
        UpdateSecretPropertiesParameters,
    },
};
use futures::StreamExt as _;
use strongroom_core::Payload;

type Result<T> = std::result::Result<T, Failure>;

// What a role calls them.
const GET: &str = "Microsoft.KeyVault/vaults/secrets/getSecret/action";
const SET: &str = "Microsoft.KeyVault/vaults/secrets/setSecret/action";
const UPDATE: &str = "Microsoft.KeyVault/vaults/secrets/update/action";
const LIST: &str = "Microsoft.KeyVault/vaults/secrets/readMetadata/action";
const DELETE: &str = "Microsoft.KeyVault/vaults/secrets/delete";
const PURGE: &str = "Microsoft.KeyVault/vaults/secrets/purge/action";

/// The most that the service answers in a page.
const PAGE: i32 = 25;

/// One vault, with our credentials.
pub(crate) struct Client {
    sdk: Sdk,
}

/// A version that was read.
pub(crate) struct Value {
    pub(crate) version: String,
    pub(crate) payload: Payload,
    pub(crate) tags: Tags,
}

/// A version without its value.
pub(crate) struct Shown {
    pub(crate) version: String,
    pub(crate) enabled: bool,
    /// Seconds since 1970.
    pub(crate) created: i64,
    pub(crate) tags: Tags,
}

/// What is to become of a version.
#[derive(Default)]
pub(crate) struct Change {
    /// In place of those that it has.
    pub(crate) tags: Option<Tags>,
    pub(crate) enabled: Option<bool>,
}

impl Client {
    pub(crate) fn new(sdk: Sdk) -> Self {
        Self { sdk }
    }

    /// Adds a version, and the secret if it is not there; answers the version's id.
    pub(crate) async fn set(&self, name: &str, value: &str, content: &str, tags: Tags) -> Result<String> {
        let wrong = |error| failed(SET, &error);
        let new = SetSecretParameters {
            value: Some(value.to_owned()),
            content_type: Some(content.to_owned()),
            tags: Some(tags),
            ..SetSecretParameters::default()
        };
        let content: RequestContent<SetSecretParameters> = new.try_into().map_err(wrong)?;
        let answer = self.sdk.set_secret(name, content, None).await.map_err(wrong)?;
        let answer = answer.into_model().map_err(wrong)?;
        version(answer.id.as_deref()).ok_or_else(Failure::unreadable)
    }

    /// Reads a version, or, for `None`, what the service sees as the newest one.
    pub(crate) async fn get(&self, name: &str, wanted: Option<&str>) -> Result<Value> {
        let wrong = |error| failed(GET, &error);
        let options = SecretClientGetSecretOptions {
            secret_version: wanted.map(str::to_owned),
            ..SecretClientGetSecretOptions::default()
        };
        let answer = self.sdk.get_secret(name, Some(options)).await.map_err(wrong)?;
        let answer = answer.into_model().map_err(wrong)?;
        let version = version(answer.id.as_deref()).ok_or_else(Failure::unreadable)?;
        let value = answer.value.ok_or_else(Failure::unreadable)?;
        let tags = answer.tags.unwrap_or_default();
        Ok(Value { version, payload: Payload::new(value.into_bytes()), tags })
    }

    pub(crate) async fn update(&self, name: &str, version: &str, change: Change) -> Result<()> {
        let wrong = |error| failed(UPDATE, &error);
        let attributes = change
            .enabled
            .map(|enabled| SecretAttributes { enabled: Some(enabled), ..SecretAttributes::default() });
        let change = UpdateSecretPropertiesParameters {
            secret_attributes: attributes,
            tags: change.tags,
            ..UpdateSecretPropertiesParameters::default()
        };
        let content: RequestContent<UpdateSecretPropertiesParameters> = change.try_into().map_err(wrong)?;
        let options = SecretClientUpdateSecretPropertiesOptions {
            secret_version: Some(version.to_owned()),
            ..SecretClientUpdateSecretPropertiesOptions::default()
        };
        self.sdk.update_secret_properties(name, content, Some(options)).await.map(drop).map_err(wrong)
    }

    /// A page of the names of all secrets of the vault, those of others included.
    pub(crate) async fn list(&self, from: Option<&str>) -> Result<(Vec<String>, Option<String>)> {
        let wrong = |error| failed(LIST, &error);
        let continuation = match from {
            Some(link) => Some(PagerContinuation::Link(Url::parse(link).map_err(|_| Failure::unreadable())?)),
            None => None,
        };
        let options = SecretClientListSecretPropertiesOptions {
            maxresults: Some(PAGE),
            method_options: PagerOptions { continuation, ..PagerOptions::default() },
        };
        let mut pages = self.sdk.list_secret_properties(Some(options)).map_err(wrong)?.into_pages();
        let Some(page) = pages.next().await else { return Ok((Vec::new(), None)) };
        let page = page.map_err(wrong)?.into_model().map_err(wrong)?;
        let names = page.value.iter().filter_map(|one| one.id.as_deref()?.rsplit('/').next());
        let names = names.map(str::to_owned).collect();
        Ok((names, page.next_link.filter(|link| !link.is_empty())))
    }

    /// All versions of a secret, the disabled ones included; none if it is not there.
    pub(crate) async fn versions(&self, name: &str) -> Result<Vec<Shown>> {
        let wrong = |error| failed(LIST, &error);
        let options = SecretClientListSecretPropertiesVersionsOptions {
            maxresults: Some(PAGE),
            ..SecretClientListSecretPropertiesVersionsOptions::default()
        };
        let pages = self.sdk.list_secret_properties_versions(name, Some(options)).map_err(wrong)?;
        let (mut pages, mut versions) = (pages.into_pages(), Vec::new());
        while let Some(page) = pages.next().await {
            let page = page.map_err(wrong)?.into_model().map_err(wrong)?;
            versions.extend(page.value.into_iter().filter_map(shown));
        }
        Ok(versions)
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<()> {
        self.sdk.delete_secret(name, None).await.map(drop).map_err(|error| failed(DELETE, &error))
    }

    /// Ends what was deleted for good.
    pub(crate) async fn purge(&self, name: &str) -> Result<()> {
        self.sdk.purge_deleted_secret(name, None).await.map(drop).map_err(|error| failed(PURGE, &error))
    }

    /// Whether the vault says that it keeps what was deleted from everybody until its time is over.
    pub(crate) async fn is_kept(&self, name: &str) -> bool {
        use DeletionRecoveryLevel as Level;
        let Ok(answer) = self.sdk.get_deleted_secret(name, None).await else { return false };
        let level = answer.into_model().ok().and_then(|gone| gone.attributes?.recovery_level);
        matches!(
            level,
            Some(
                Level::Recoverable
                    | Level::RecoverableProtectedSubscription
                    | Level::CustomizedRecoverable
                    | Level::CustomizedRecoverableProtectedSubscription
            )
        )
    }
}

fn shown(one: SecretProperties) -> Option<Shown> {
    let attributes = one.attributes.unwrap_or_default();
    Some(Shown {
        version: version(one.id.as_deref())?,
        enabled: attributes.enabled.unwrap_or(true),
        created: attributes.created.map_or(0, |time| time.unix_timestamp()),
        tags: one.tags.unwrap_or_default(),
    })
}

/// The version in `https://VAULT/secrets/NAME/VERSION`.
fn version(id: Option<&str>) -> Option<String> {
    let version = id?.rsplit('/').next()?;
    is_version(version).then(|| version.to_owned())
}

/// Whether it is a name as the service gives them to versions.
pub(crate) fn is_version(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
