//! The store keeps every promise of `SecretsStore`.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use strongroom_core::{Access, Context, Origin, OwnerId, Result, SecretsStore, async_trait};
use strongroom_notebook::NotebookStore;
use strongroom_testkit::{StoreSubject, store_suite};
use tempfile::TempDir;
use uuid::Uuid;

/// Notebooks in one directory, each opened once more than the one before.
struct Subject {
    dir: TempDir,
    opened: AtomicUsize,
    accounts: [OwnerId; 3],
}

impl Subject {
    fn new() -> Self {
        let accounts = [(); 3].map(|()| OwnerId(Uuid::new_v4()));
        Self { dir: tempfile::tempdir().unwrap(), opened: AtomicUsize::new(0), accounts }
    }
}

#[async_trait]
impl StoreSubject for Subject {
    async fn open(&self) -> Result<Arc<dyn SecretsStore>> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        self.another().await
    }

    async fn another(&self) -> Result<Arc<dyn SecretsStore>> {
        let name = format!("{}.json", self.opened.load(Ordering::SeqCst));
        Ok(Arc::new(NotebookStore::new(self.dir.path().join(name))))
    }

    async fn context(&self, account: usize, access: Access) -> Result<Context> {
        Ok(Context::new(self.accounts[account], access, Origin::new("test")))
    }
}

store_suite!(Subject::new());
