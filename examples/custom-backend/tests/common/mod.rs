//! A directory and keys of its own for each test.
#![allow(dead_code)]

use age::x25519::Identity;
use secrecy::{ExposeSecret as _, SecretString};
use std::{path::PathBuf, sync::Arc};
use strongroom_age::PLUGIN;
use strongroom_core::{
    Backend, NamespaceId, ObjectId, Result, Settings, async_trait,
    settings::{Table, Vars},
};
use strongroom_testkit::BackendSubject;
use tempfile::TempDir;

/// A directory, and an identity that opens what is in it.
pub(crate) struct Subject {
    dir: TempDir,
    pub(crate) identity: SecretString,
}

impl Subject {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), identity: Identity::generate().to_string() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("secrets")
    }

    /// What a configuration would say, as its variables.
    pub(crate) fn vars(&self) -> Vec<(String, String)> {
        vec![
            ("STRONGROOM_STORE_PATH".into(), self.path().to_str().unwrap().into()),
            ("STRONGROOM_STORE_IDENTITY".into(), self.identity.expose_secret().into()),
        ]
    }
}

#[async_trait]
impl BackendSubject for Subject {
    async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        open(self.vars(), namespace).await
    }

    /// More objects than a page shows.
    fn more_than_a_page(&self) -> usize {
        120
    }

    async fn damage(&self, namespace: NamespaceId, object: ObjectId) -> bool {
        let labels = self.path().join(namespace.to_string()).join(object.to_string()).join("labels");
        std::fs::write(labels, "damaged").is_ok()
    }
}

/// Opens it the way a registry does.
pub(crate) async fn open(
    vars: impl IntoIterator<Item = (String, String)>,
    namespace: NamespaceId,
) -> Result<Arc<dyn Backend>> {
    let vars = Vars::new(vars, |path| std::fs::read_to_string(path));
    let settings = Settings::new("store", "STRONGROOM_STORE", Table::new(), vars);
    PLUGIN.open_backend(settings, namespace).await
}
