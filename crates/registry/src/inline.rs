//! `type = "sql"`: values lie sealed in the catalog's own rows.

use serde::Deserialize;
use strongroom_core::{Configure, DEFAULT_SIZE_LIMIT, Limits, OpenContext, Opened, Plugin, Removal, Result};

/// What the registry needs to know.
pub(crate) const PLUGIN: Plugin = Plugin::of::<Config>();

/// No keys: where the rows are is said in `[database]`.
#[derive(Debug, Deserialize)]
struct Config {}

impl Configure for Config {
    const KIND: &'static str = "sql";
    const ABOUT: &'static str = "sealed values in the rows of the database";
    const LIMITS: Option<Limits> = Some(Limits::new(DEFAULT_SIZE_LIMIT, Removal::Destroys));

    async fn open(self, _: OpenContext) -> Result<Opened> {
        Ok(Opened::Inline)
    }
}
