//! Our promises in terms of the service's calls.
//!
//! An object is a secret `PREFIX-NAMESPACE-OBJECT`, a version one of its versions, named by the service. A version is
//! there as long as it is enabled.

use crate::{
    client::{Change, Client, is_version},
    error::Why,
    scan,
    tags::{self, Tags},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, Labels, NamespaceId, NewVersion, ObjectId, Payload, Result,
    ScanPage, VersionRef, async_trait,
};

/// One namespace in a vault.
pub(crate) struct AzureBackend {
    info: BackendInfo,
    pub(crate) client: Arc<Client>,
    /// What the names of all our secrets begin with: `PREFIX-NAMESPACE-`.
    pub(crate) prefix: String,
    own_tags: Tags,
    purge: bool,
    /// The vault turned out to be protected, which cannot be taken back.
    protected: AtomicBool,
}

impl AzureBackend {
    pub(crate) fn new(
        info: BackendInfo,
        client: Client,
        namespace: NamespaceId,
        prefix: &str,
        own_tags: Tags,
        purge: bool,
    ) -> Self {
        let prefix = format!("{prefix}-{namespace}-");
        Self { info, client: Arc::new(client), prefix, own_tags, purge, protected: AtomicBool::new(false) }
    }

    pub(crate) fn name(&self, object: ObjectId) -> String {
        format!("{}{object}", self.prefix)
    }

    /// The versions that carry the labels of their object, with their tags: the newest one, or else those that only a list
    /// of all that there ever were tells.
    async fn labelled(&self, name: &str) -> Result<Vec<(String, Tags)>> {
        match self.client.get(name, None).await {
            Ok(newest) => return Ok(vec![(newest.version, newest.tags)]),
            Err(failure) if failure.why == Why::Missing => return Ok(Vec::new()),
            Err(failure) if failure.why == Why::Disabled => {}
            Err(failure) => return Err(failure.into()),
        }
        let versions = match self.client.versions(name).await {
            Ok(versions) => versions,
            Err(failure) if failure.why == Why::Missing => return Ok(Vec::new()),
            Err(failure) => return Err(failure.into()),
        };
        let labelled = scan::labelled(&versions).into_iter();
        Ok(labelled.map(|shown| (shown.version.clone(), shown.tags.clone())).collect())
    }

    /// Ends a deleted secret for good. What the vault keeps from everybody, its own time ends.
    async fn purge(&self, name: &str, was_there: bool) -> Result<()> {
        match self.client.purge(name).await {
            Ok(()) => Ok(()),
            Err(failure) if failure.why == Why::Denied => {
                // Whether nobody may or only we may not is not told by its codes.
                if self.client.is_kept(name).await {
                    self.protected.store(true, Ordering::Relaxed);
                    return Ok(());
                }
                Err(failure.into())
            }
            Err(failure) if failure.why == Why::Missing && !was_there => Ok(()),
            // The service deletes at its leisure, and until then there is nothing to purge.
            Err(failure) if failure.why == Why::Missing => Err(crate::error::deleting()),
            Err(failure) => Err(failure.into()),
        }
    }
}

#[async_trait]
impl Backend for AzureBackend {
    fn info(&self) -> &BackendInfo {
        &self.info
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        let value = version.payload.expose_text()?;
        // Shown in the portal, and all that tells a sealed value from a plain one there.
        let content = if value.starts_with('{') { "application/json" } else { "text/plain" };
        let tags = tags::new(version.labels, version.uid, &self.own_tags);
        let put = self.client.set(&self.name(version.object), value, content, tags).await;
        Ok(VersionRef::new(put?))
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        let not_there = || {
            Error::new(ErrorKind::NotFound, "there is no such version in Azure Key Vault").with("version", at)
        };
        if !is_version(at.as_str()) {
            return Err(not_there());
        }
        match self.client.get(&self.name(object), Some(at.as_str())).await {
            Ok(value) if value.version == at.as_str() => Ok(value.payload),
            Ok(_) => Err(Error::new(ErrorKind::Corrupt, "Azure Key Vault answered another version")),
            Err(failure) if matches!(failure.why, Why::Missing | Why::Disabled) => Err(not_there()),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        let name = self.name(object);
        for (version, tags) in self.labelled(&name).await? {
            let Some(tags) = tags::changed(&tags, labels) else { continue };
            let change = Change { tags: Some(tags), ..Change::default() };
            match self.client.update(&name, &version, change).await {
                Ok(()) => {}
                Err(failure) if failure.why == Why::Missing => {}
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(())
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        if !is_version(at.as_str()) {
            return Ok(());
        }
        let change = Change { enabled: Some(false), ..Change::default() };
        match self.client.update(&self.name(object), at.as_str(), change).await {
            Ok(()) => Ok(()),
            Err(failure) if failure.why == Why::Missing => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        let name = self.name(object);
        let was_there = match self.client.delete(&name).await {
            Ok(()) => true,
            Err(failure) if failure.why == Why::Missing => false,
            // Somebody else did it a moment ago.
            Err(failure) if failure.why == Why::Deleted => true,
            Err(failure) if failure.why == Why::Deleting && !self.purge => return Ok(()),
            Err(failure) => return Err(failure.into()),
        };
        let purge = self.purge && !self.protected.load(Ordering::Relaxed);
        if purge { self.purge(&name, was_there).await } else { Ok(()) }
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        match only {
            Some(object) => Ok(ScanPage::new(self.scan_one(object).await?, None)),
            None => self.scan_all(from).await,
        }
    }

    async fn check(&self) -> Result<()> {
        // A name that nothing has: that it is not there is the answer.
        match self.client.get(&format!("{}check", self.prefix), None).await {
            Ok(_) => Ok(()),
            Err(failure) if matches!(failure.why, Why::Missing | Why::Disabled) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }
}
