//! A directory keeps the promises.

use std::sync::Arc;
use strongroom_core::{Backend, NamespaceId, ObjectId, Result, async_trait};
use strongroom_testkit::{BackendSubject, DirectoryBackend, backend_suite};
use tempfile::TempDir;

struct Directory(TempDir);

impl Directory {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }
}

#[async_trait]
impl BackendSubject for Directory {
    async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(DirectoryBackend::new(self.0.path(), namespace)))
    }

    /// More objects than a page shows.
    fn more_than_a_page(&self) -> usize {
        120
    }

    async fn damage(&self, namespace: NamespaceId, object: ObjectId) -> bool {
        let labels = self.0.path().join(namespace.to_string()).join(object.to_string()).join("labels");
        std::fs::write(labels, "damaged").is_ok()
    }
}

backend_suite!(Directory::new());
