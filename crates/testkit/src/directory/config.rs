//! How the directory makes itself known to a registry.

use super::{DirectoryBackend, LIMITS};
use serde::Deserialize;
use std::{path::PathBuf, sync::Arc};
use strongroom_core::{Configure, Error, ErrorKind, Limits, OpenContext, Opened, Plugin, Result};

/// `type = "directory"`, for tests.
pub const PLUGIN: Plugin = Plugin::of::<Config>();

/// Where the directory is.
#[derive(Debug, Deserialize)]
pub struct Config {
    /// An absolute path; it is made when the first version is put.
    pub path: PathBuf,
}

impl Configure for Config {
    const KIND: &'static str = "directory";
    const ABOUT: &'static str = "files in a directory, for tests";
    const LIMITS: Option<Limits> = Some(LIMITS);

    async fn open(self, cx: OpenContext) -> Result<Opened> {
        if !self.path.is_absolute() {
            return Err(Error::new(ErrorKind::ConfigInvalid, "path: give an absolute path"));
        }
        Ok(Opened::Backend(Arc::new(DirectoryBackend::new(&self.path, cx.namespace))))
    }
}
