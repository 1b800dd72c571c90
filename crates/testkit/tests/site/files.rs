//! Deployments in files of their own.

use super::{Clock, Site, sqlite};
use std::sync::Arc;
use strongroom_engine::crypto::RootKey;

/// One with a root key of its own.
pub(crate) async fn file() -> (tempfile::TempDir, Site) {
    make(None).await
}

/// One that was made with that root key.
pub(crate) async fn file_with(root: Arc<RootKey>) -> (tempfile::TempDir, Site) {
    make(Some(root)).await
}

async fn make(root: Option<Arc<RootKey>>) -> (tempfile::TempDir, Site) {
    let directory = tempfile::tempdir().unwrap();
    let clock = Clock::start();
    let catalog = sqlite(&directory.path().join("strongroom.db"), &clock).await;
    let site = Site::over(Arc::new(catalog), &clock, root).await;
    (directory, site)
}
