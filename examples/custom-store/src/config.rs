//! The configuration.

use crate::store::NotebookStore;
use serde::Deserialize;
use std::{path::PathBuf, sync::Arc};
use strongroom_core::{Configure, Error, ErrorKind, Limits, OpenContext, Opened, Result};

/// `type = "notebook"`.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Config {
    /// The file, an absolute path; it is made with the first secret, its directory is not.
    pub path: PathBuf,
}

impl Configure for Config {
    const KIND: &'static str = "notebook";
    const ABOUT: &'static str = "secrets in one file, with their names and owners";
    const LIMITS: Option<Limits> = None;
    // It has names and owners of its own: no database is opened for it.
    const WHOLE: bool = true;

    async fn open(self, _: OpenContext) -> Result<Opened> {
        if !self.path.is_absolute() {
            return Err(Error::new(ErrorKind::ConfigInvalid, "path: give an absolute path"));
        }
        Ok(Opened::Store(Arc::new(NotebookStore::new(self.path))))
    }
}
