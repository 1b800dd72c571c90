//! Our promises in terms of the service's calls.
//!
//! An object is a secret `PREFIX-NAMESPACE-OBJECT`, a version one of its versions. The service's numbers begin anew when
//! a secret is deleted and made again, so a version's name has its time too, in milliseconds: `7-1767225600000`.

use crate::{
    client::{Client, last},
    error::{Failure, Why},
    labels,
};
use google_cloud_secretmanager_v1::model::{SecretVersion, secret_version::State};
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Labels, NamespaceId, NewVersion, ObjectId, Payload, Result,
    Retry, ScanPage, VersionRef, async_trait,
};

/// How often a change looks again because somebody else changed the same.
const LOOKS: usize = 4;

/// One namespace in a project, or in its part of one region.
pub(crate) struct GcpBackend {
    info: BackendInfo,
    pub(crate) client: Client,
    namespace: NamespaceId,
    /// What the names of all our secrets begin with: `PREFIX-NAMESPACE-`.
    pub(crate) prefix: String,
    own_labels: Vec<(String, String)>,
}

impl GcpBackend {
    pub(crate) fn new(
        info: BackendInfo,
        client: Client,
        namespace: NamespaceId,
        prefix: &str,
        own_labels: Vec<(String, String)>,
    ) -> Self {
        let prefix = format!("{prefix}-{namespace}-");
        Self { info, client, namespace, prefix, own_labels }
    }

    pub(crate) fn name(&self, object: ObjectId) -> String {
        format!("{}{object}", self.prefix)
    }

    /// Makes the secret, unless it is there: a create that was interrupted may have left it without a version.
    async fn create(&self, name: &str, labels: &Labels) -> Result<()> {
        let tags = labels::first_labels(self.namespace, labels, &self.own_labels);
        match self.client.create(name, tags, labels::first_annotations(labels)).await {
            Ok(()) => Ok(()),
            Err(failure) if failure.why == Why::Exists => Ok(()),
            // No secret is asked for here.
            Err(failure) if failure.why == Why::Missing => Err(Error::new(
                ErrorKind::ConfigInvalid,
                "Google Cloud does not find where a new secret is to be kept: check project, location, replicas and kms_key",
            )),
            // There is no secret yet whose state it could be.
            Err(failure) if failure.why == Why::State => Err(Error::new(
                ErrorKind::ConfigInvalid,
                "Google Cloud does not keep a new secret there: a policy of the organisation may forbid the place: check \
                 location, replicas and kms_key",
            )),
            Err(failure) => Err(failure.into()),
        }
    }

    /// A version without its bytes; `None` if it is not there, or has only the number in common with it.
    async fn look(&self, name: &str, number: u64, at: &VersionRef) -> Result<Option<SecretVersion>> {
        match self.client.version(name, number).await {
            Ok(version) => Ok(Some(version).filter(|version| reference(version).as_ref() == Some(at))),
            Err(failure) if failure.why == Why::Missing => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }
}

#[async_trait]
impl Backend for GcpBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        let name = self.name(version.object);
        if version.first {
            self.create(&name, version.labels).await?;
        }
        let added = match self.client.add(&name, version.payload).await {
            // Somebody deleted it.
            Err(failure) if failure.why == Why::Missing && !version.first => {
                self.create(&name, version.labels).await?;
                self.client.add(&name, version.payload).await
            }
            added => added,
        };
        match added {
            Ok(added) => reference(&added).ok_or_else(|| {
                let text = "Google Cloud did not say which version it added: check endpoint, and try again";
                Error::new(ErrorKind::Unexpected, text)
            }),
            Err(failure) if failure.why == Why::Missing => Err(Error::new(
                ErrorKind::Unavailable,
                "somebody deleted the secret in Google Cloud while it was written: try again",
            )
            .retryable(Retry::Backoff)),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        let Some(number) = number(at) else { return Err(not_there(at)) };
        let name = self.name(object);
        match self.client.access(&name, number).await {
            // Whether a secret that was made again has other bytes under this number, the engine's digest tells.
            Ok(payload) => Ok(payload),
            Err(failure) if failure.why == Why::Missing => Err(not_there(at)),
            Err(failure) if failure.why == Why::State => match self.look(&name, number, at).await? {
                Some(version) if is_disabled(&version) => Err(disabled(at)),
                Some(version) if is_there(&version) => Err(failure.into()),
                _ => Err(not_there(at)),
            },
            Err(failure) => Err(failure.into()),
        }
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        let name = self.name(object);
        let mut refused: Option<Failure> = None;
        for _ in 0..LOOKS {
            // Not found may be not found yet: Google shows at once only what is asked for by version.
            let shown = self.client.describe(&name).await?;
            let Some(changed) = labels::changed(shown, labels) else { return Ok(()) };
            match self.client.label(&name, changed).await {
                Ok(()) => return Ok(()),
                // Somebody else changed it in between.
                Err(failure) if failure.why == Why::State => refused = Some(failure),
                Err(failure) => return Err(failure.into()),
            }
        }
        Err(kept_changing(refused))
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        let Some(number) = number(at) else { return Ok(()) };
        let name = self.name(object);
        let mut refused: Option<Failure> = None;
        for _ in 0..LOOKS {
            // Only this one, and not another of the same number.
            let version = match self.look(&name, number, at).await? {
                Some(version) if is_there(&version) => version,
                _ => return Ok(()),
            };
            match self.client.destroy(&name, number, &version.etag).await {
                Ok(()) => return Ok(()),
                Err(failure) if failure.why == Why::Missing => return Ok(()),
                Err(failure) if failure.why == Why::State => refused = Some(failure),
                Err(failure) => return Err(failure.into()),
            }
        }
        Err(kept_changing(refused))
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        match self.client.delete(&self.name(object)).await {
            Ok(()) => Ok(()),
            Err(failure) if failure.why == Why::Missing => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        match only {
            Some(object) => Ok(ScanPage::new(self.scan_one(object, None).await?, None)),
            None => self.scan_all(from).await,
        }
    }

    async fn check(&self) -> Result<()> {
        // A name that nothing has: that it is not there is the answer.
        match self.client.describe(&format!("{}check", self.prefix)).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.why == Why::Missing => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }
}

fn kept_changing(refused: Option<Failure>) -> Error {
    let text = "somebody else keeps changing the secret in Google Cloud: try again, and see who does";
    let error = Error::new(ErrorKind::Unavailable, text).retryable(Retry::Backoff);
    match refused {
        // With the service's codes.
        Some(failure) => failure.error.context().fold(error, |error, (key, value)| error.with(key, value)),
        None => error,
    }
}

/// What we call a version.
pub(crate) fn reference(version: &SecretVersion) -> Option<VersionRef> {
    let created = version.create_time?;
    let number: u64 = last(&version.name).parse().ok()?;
    let time = created.seconds() * 1000 + i64::from(created.nanos() / 1_000_000);
    Some(VersionRef::new(format!("{number}-{time}")))
}

/// The service's number of a version, if it is one that we could have given out.
fn number(at: &VersionRef) -> Option<u64> {
    let (number, time) = at.as_str().split_once('-')?;
    time.parse::<i64>().ok()?;
    number.parse().ok()
}

/// Whether a version is there: one that is about to be destroyed is not.
pub(crate) fn is_there(version: &SecretVersion) -> bool {
    version.state == State::Enabled || is_disabled(version)
}

fn is_disabled(version: &SecretVersion) -> bool {
    version.state == State::Disabled && version.scheduled_destroy_time.is_none()
}

fn not_there(at: &VersionRef) -> Error {
    Error::new(ErrorKind::NotFound, "there is no such version in Google Cloud Secret Manager")
        .with("version", at)
}

fn disabled(at: &VersionRef) -> Error {
    Error::new(
        ErrorKind::Lost,
        "somebody disabled the version in Google Cloud: enable it there (gcloud secrets versions enable)",
    )
    .with("version", at)
}
