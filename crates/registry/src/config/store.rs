//! `[store]` and `[stores.NAME]`.

use strongroom_core::{Result, Settings};

/// The `type` of a store whose section does not say.
const DEFAULT_KIND: &str = "sql";

/// One store's section.
#[derive(Debug)]
#[non_exhaustive]
pub struct StoreSettings {
    /// The key `type`: which back-end it is. Default `sql`.
    pub kind: String,
    /// The key `seal`: whether values are sealed before the back-end sees them; `None`: what the back-end's
    /// plugin says.
    pub seal: Option<bool>,
    /// The other keys, which are the plugin's.
    pub settings: Settings,
}

impl StoreSettings {
    /// Takes the common keys out of a section.
    pub(super) fn read(mut settings: Settings) -> Result<Self> {
        let kind = settings.take("type")?.unwrap_or_else(|| DEFAULT_KIND.to_owned());
        let seal = settings.take("seal")?;
        Ok(Self { kind, seal, settings })
    }
}
