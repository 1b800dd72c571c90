//! Back-ends that a program has already: types without keys, whose registry opens them.

use serde::Deserialize;
use std::sync::Arc;
use strongroom_core::{
    Backend, Configure, Error, ErrorKind, Limits, NamespaceId, OpenContext, Opened, Plugin, Result,
};

/// Gives the back-end of a namespace.
pub(crate) type Live = Arc<dyn Fn(NamespaceId) -> Arc<dyn Backend> + Send + Sync>;

/// No keys: what there is to say the program has said.
#[derive(Deserialize)]
pub(crate) struct Config {}

/// What the registry needs to know of one.
pub(crate) const fn plugin(kind: &'static str) -> Plugin {
    let mut plugin = Plugin::of::<Config>();
    plugin.kind = kind;
    plugin
}

impl Configure for Config {
    /// In its place is the type that the program has named.
    const KIND: &'static str = "live";
    const ABOUT: &'static str = "a back-end that this program has opened itself";
    const LIMITS: Option<Limits> = None;

    async fn open(self, _: OpenContext) -> Result<Opened> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "a back-end that the program has is opened by its registry alone",
        ))
    }
}
