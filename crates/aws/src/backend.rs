//! Our promises in terms of the service's calls.
//!
//! An object is a secret `PREFIX/NAMESPACE/OBJECT`, a version one of its versions, whose id is the attempt's uid. A
//! version is there as long as it has a staging label of ours, or is the one that the secret was created with and
//! still waits for its label.

use crate::{
    client::{Client, Move, Value},
    error::{Failure, Why},
    labels::{self, CURRENT, Shown, is_kept, label},
};
use aws_sdk_secretsmanager::types::Tag;
use std::sync::Arc;
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Labels, NamespaceId, NewVersion, ObjectId, Payload, Result,
    Retry, ScanPage, VersionRef, VersionUid, async_trait,
};
use uuid::Uuid;

/// One namespace in an account's region.
pub(crate) struct AwsBackend {
    info: BackendInfo,
    pub(crate) client: Arc<Client>,
    namespace: NamespaceId,
    /// What the names of all our secrets begin with: `PREFIX/NAMESPACE/`.
    pub(crate) prefix: String,
    own_tags: Vec<Tag>,
}

impl AwsBackend {
    pub(crate) fn new(
        info: BackendInfo,
        client: Client,
        namespace: NamespaceId,
        prefix: &str,
        own_tags: Vec<Tag>,
    ) -> Self {
        let prefix = format!("{prefix}/{namespace}/");
        Self { info, client: Arc::new(client), namespace, prefix, own_tags }
    }

    pub(crate) fn name(&self, object: ObjectId) -> String {
        format!("{}{object}", self.prefix)
    }

    /// Creates a secret with its first version. `again` if the service said that a secret is not there which was.
    async fn create(&self, name: &str, version: &NewVersion<'_>, again: bool) -> Result<()> {
        let (id, value) = (version.uid.to_string(), version.payload.expose_text()?);
        let tags = labels::first_tags(self.namespace, version.labels, version.uid, &self.own_tags);
        match self.client.create(name, &id, value, tags).await {
            Ok(()) => Ok(()),
            // A repeat: what was written is there, whatever was put after it.
            Err(failure) if failure.why == Why::Exists && self.holds(name, &id, version.payload).await => {
                Ok(())
            }
            Err(failure) if failure.why == Why::Exists && again => Err(not_shown_yet()),
            Err(failure) if failure.why == Why::State => Err(self.deleted(name, failure).await),
            // No secret is asked for here.
            Err(failure) if failure.why == Why::Missing => Err(Error::new(
                ErrorKind::ConfigInvalid,
                "AWS Secrets Manager does not find what a new secret needs: check kms_key, region and endpoint",
            )),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Adds a version to a secret. One that was deleted behind our back is made anew.
    async fn add(&self, name: &str, version: &NewVersion<'_>) -> Result<()> {
        let mut stages = vec![label(version.uid)];
        if version.newest {
            stages.push(CURRENT.to_owned());
        }
        let (id, value) = (version.uid.to_string(), version.payload.expose_text()?);
        match self.client.put(name, &id, value, stages).await {
            Ok(()) => Ok(()),
            Err(failure) if failure.why == Why::Missing => {
                self.create(name, version, true).await?;
                // Nobody is told that there is a secret whose first version waits for its label.
                match self.label_created(name, version.labels).await {
                    Err(error) if error.kind() == ErrorKind::NotFound => Err(not_shown_yet()),
                    labelled => labelled,
                }
            }
            Err(failure) if failure.why == Why::State => Err(self.deleted(name, failure).await),
            // Its labels: they are free again once old versions are removed.
            Err(failure) if failure.why == Why::Full => {
                let text = "the secret takes no more labels in AWS Secrets Manager: try again, or lower engine.history";
                Err(Error::new(ErrorKind::Unavailable, text).retryable(Retry::AfterRemoval))
            }
            Err(failure) => Err(failure.into()),
        }
    }

    async fn label_created(&self, name: &str, labels: &Labels) -> Result<()> {
        let shown = self.client.describe(name).await?;
        self.relabel_shown(name, shown, labels).await
    }

    async fn holds(&self, name: &str, id: &str, payload: &Payload) -> bool {
        let held = self.client.get(name, id).await.ok().and_then(|value| value.payload);
        held.is_some_and(|held| held.expose() == payload.expose())
    }

    /// A more telling error, if the secret is scheduled for deletion.
    async fn deleted(&self, name: &str, failure: Failure) -> Error {
        match self.client.describe(name).await {
            Ok(None) => Error::new(
                ErrorKind::Lost,
                "somebody scheduled the secret for deletion in AWS: restore it there (RestoreSecret), then try again",
            )
            .with("aws secret", name),
            _ => failure.into(),
        }
    }

    /// Whether a version that was read without a label that keeps it is there: it is the one that still waits for its label,
    /// or has it by now.
    async fn is_there(&self, name: &str, id: &str) -> Result<bool> {
        let shown = self.look(name).await?;
        Ok(shown.is_some_and(|shown| shown.versions().iter().any(|(one, _)| *one == id)))
    }

    /// A secret without its values; `None` if it is not there or scheduled for deletion.
    pub(crate) async fn look(&self, name: &str) -> Result<Option<Shown>> {
        match self.client.describe(name).await {
            Ok(shown) => Ok(shown),
            Err(failure) if failure.why == Why::Missing => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    pub(crate) async fn read(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        let Some(id) = id(at) else { return Err(not_there(at)) };
        let name = self.name(object);
        match self.client.get(&name, &id).await {
            Ok(value) if is_kept(&value.stages) || self.is_there(&name, &id).await? => payload(&value),
            Ok(_) => Err(not_there(at)),
            Err(failure) if failure.why == Why::Missing => Err(not_there(at)),
            // Scheduled for deletion, or somebody else's trouble.
            Err(failure) if failure.why == Why::State => match self.client.describe(&name).await {
                Ok(None) => Err(not_there(at)),
                _ => Err(failure.into()),
            },
            Err(failure) => Err(failure.into()),
        }
    }

    /// Gives the version that waits for its label this label, and the secret its tags.
    async fn relabel_shown(&self, name: &str, shown: Option<Shown>, labels: &Labels) -> Result<()> {
        let Some(shown) = shown else { return Ok(()) };
        let mut tags = labels::changed_tags(&shown, labels);
        if let Some(waiting) = shown.unlabelled() {
            let (id, ours) = (waiting.to_string(), label(waiting));
            if !shown.has(&id, &ours) {
                self.client.move_label(name, Move { label: &ours, from: None, to: Some(&id) }).await?;
            }
            // The only version is never removed by itself.
            if shown.stages.len() > 1 && self.look(name).await?.is_some_and(|now| now.is_first_removed()) {
                match self.client.move_label(name, Move { label: &ours, from: Some(&id), to: None }).await {
                    Ok(()) => {}
                    // Whoever removes it came first.
                    Err(failure) if failure.why == Why::Parameter => {}
                    Err(failure) => return Err(failure.into()),
                }
            } else {
                tags.push(labels::labelled_tag());
            }
        }
        if !tags.is_empty() {
            self.client.tag(name, tags).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Backend for AwsBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        let name = self.name(version.object);
        if version.first {
            self.create(&name, version, false).await?;
        } else {
            self.add(&name, version).await?;
        }
        Ok(VersionRef::new(version.uid.to_string()))
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        self.read(object, at).await
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        self.read_many(wanted).await
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        let name = self.name(object);
        // Not found may be not found yet: AWS does not promise to show at once what it made.
        let shown = self.client.describe(&name).await?;
        match self.relabel_shown(&name, shown, labels).await {
            // It went in between.
            Err(_) if self.look(&name).await?.is_none() => Ok(()),
            done => done,
        }
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        self.take_away(object, at).await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        let name = self.name(object);
        match self.client.delete(&name).await {
            Ok(()) => Ok(()),
            Err(failure) if failure.why == Why::Missing => Ok(()),
            Err(failure) if failure.why == Why::State => match self.look(&name).await? {
                None => Ok(()),
                Some(_) => Err(failure.into()),
            },
            Err(failure) => Err(failure.into()),
        }
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        match only {
            Some(object) => self.scan_one(object).await,
            None => self.scan_all(from).await,
        }
    }

    async fn check(&self) -> Result<()> {
        // A name that nothing has: that it is not there is the answer.
        self.look(&format!("{}check", self.prefix)).await.map(drop)
    }
}

/// The service's id of a version, if it is one that we could have given out.
pub(crate) fn id(at: &VersionRef) -> Option<String> {
    let uid = VersionUid(Uuid::try_parse(at.as_str()).ok()?);
    Some(uid.to_string())
}

pub(crate) fn not_there(at: &VersionRef) -> Error {
    Error::new(ErrorKind::NotFound, "there is no such version in AWS Secrets Manager").with("version", at)
}

/// One part of the service knows of the secret, and another does not.
fn not_shown_yet() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "AWS Secrets Manager does not show the secret everywhere yet: try again",
    )
    .retryable(Retry::Backoff)
}

pub(crate) fn payload(value: &Value) -> Result<Payload> {
    value.payload.clone().ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, "the version in AWS Secrets Manager is binary: it is none of ours")
    })
}
