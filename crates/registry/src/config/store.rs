//! `[store]` and `[stores.NAME]`.

use super::range::Within;
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
    /// The key `target`, which `[store]` alone may have: the name of the store that new values go to instead of to
    /// this one.
    pub target: Option<String>,
    /// What it has otherwise than `[engine]`.
    pub engine: StoreEngineSettings,
    /// The other keys, which are the plugin's.
    pub settings: Settings,
}

/// Keys of `[engine]` that a store may have for itself, with the same ranges; `None`: as `[engine]` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreEngineSettings {
    /// The most that this store's values may take in a cache of their own, in bytes, beside the one that all share;
    /// 0: none of them is kept.
    pub cache_bytes: Option<u64>,
    /// How long a cached value of this store is used before it is read again, in seconds.
    pub cache_max_age_s: Option<u64>,
    /// How long one attempt of a call to this store may take, in milliseconds.
    pub call_timeout_ms: Option<u64>,
    /// How often a call to this store is attempted, where repeating it is safe.
    pub call_attempts: Option<u32>,
}

impl StoreSettings {
    /// Takes the common keys out of a section.
    pub(super) fn read(mut settings: Settings) -> Result<Self> {
        let kind = settings.take("type")?.unwrap_or_else(|| DEFAULT_KIND.to_owned());
        let seal = settings.take("seal")?;
        let engine = StoreEngineSettings::take(&mut settings)?;
        Ok(Self { kind, seal, target: None, engine, settings })
    }

    /// Takes the keys out of the section of the default store.
    pub(super) fn read_default(settings: Settings) -> Result<Self> {
        let mut read = Self::read(settings)?;
        read.target = read.settings.take("target")?;
        Ok(read)
    }
}

impl StoreEngineSettings {
    fn take(settings: &mut Settings) -> Result<Self> {
        let cache_bytes: Option<Within<u64, 0, { 1 << 40 }>> = settings.take("cache_bytes")?;
        let cache_max_age_s: Option<Within<u64, 1, 31_536_000>> = settings.take("cache_max_age_s")?;
        let call_timeout_ms: Option<Within<u64, 1, 600_000>> = settings.take("call_timeout_ms")?;
        let call_attempts: Option<Within<u32, 1, 20>> = settings.take("call_attempts")?;
        Ok(Self {
            cache_bytes: cache_bytes.map(|Within(bytes)| bytes),
            cache_max_age_s: cache_max_age_s.map(|Within(age)| age),
            call_timeout_ms: call_timeout_ms.map(|Within(time)| time),
            call_attempts: call_attempts.map(|Within(attempts)| attempts),
        })
    }

    /// A key that is set: in a store that is never called, one that has no effect.
    #[cfg(feature = "_sql")]
    pub(crate) fn any(&self) -> Option<&'static str> {
        [
            ("cache_bytes", self.cache_bytes.is_some()),
            ("cache_max_age_s", self.cache_max_age_s.is_some()),
            ("call_timeout_ms", self.call_timeout_ms.is_some()),
            ("call_attempts", self.call_attempts.is_some()),
        ]
        .into_iter()
        .find_map(|(key, set)| set.then_some(key))
    }
}
