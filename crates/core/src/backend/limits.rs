//! What is known of a back-end without a call.

use crate::Prices;

/// What a back-end can hold and do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest payload, in encoded bytes.
    pub payload_bytes: usize,
    /// How many versions one [`Backend::get_many`](super::Backend::get_many) may ask for; 1 if there is no bulk read.
    pub bulk_read: usize,
    /// The longest history that it can keep, in versions; `None` if it sets no limit.
    pub history: Option<u32>,
    /// What [`Backend::remove`](super::Backend::remove) does.
    pub removal: Removal,
    /// Whether an object that was just made wants a [`Backend::relabel`](super::Backend::relabel) soon: its service takes only some of what a
    /// version needs when it makes one.
    pub relabel_after_create: bool,
    /// Whether an operator of the service can bring an object back for a while that [`Backend::delete`](super::Backend::delete) deleted, unless
    /// the configuration says otherwise.
    pub recoverable: bool,
}

/// What becomes of one version that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Its bytes are gone.
    Destroys,
    /// It can no longer be read, but an operator of the service can bring it back.
    Disables,
    /// The service drops it at a time of its own.
    Expires,
}

impl Limits {
    /// Limits without bulk read, that set no limit to the history; what is deleted is gone.
    #[must_use]
    pub const fn new(payload_bytes: usize, removal: Removal) -> Self {
        Self {
            payload_bytes,
            bulk_read: 1,
            history: None,
            removal,
            relabel_after_create: false,
            recoverable: false,
        }
    }

    /// Allows that many versions in one [`Backend::get_many`](super::Backend::get_many).
    #[must_use]
    pub const fn bulk_read(mut self, versions: usize) -> Self {
        self.bulk_read = versions;
        self
    }

    /// Keeps at most that many versions.
    #[must_use]
    pub const fn history(mut self, versions: u32) -> Self {
        self.history = Some(versions);
        self
    }

    /// What was deleted can be brought back for a while.
    #[must_use]
    pub const fn recoverable(mut self) -> Self {
        self.recoverable = true;
        self
    }

    /// Wants a relabel soon after an object was made.
    #[must_use]
    pub const fn relabel_after_create(mut self) -> Self {
        self.relabel_after_create = true;
        self
    }
}

/// What is known about an opened back-end without a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendInfo {
    /// The configured `type`.
    pub kind: &'static str,
    /// Which account, project, vault or mount: recorded in the catalog, so that opening another one by mistake
    /// is found. No credentials.
    pub endpoint: String,
    /// What it can hold and do.
    pub limits: Limits,
    /// What its service charges for calls; `None` if that is not known.
    pub prices: Option<Prices>,
}

impl BackendInfo {
    /// Puts it together.
    pub fn new(kind: &'static str, endpoint: impl Into<String>, limits: Limits) -> Self {
        Self { kind, endpoint: endpoint.into(), limits, prices: None }
    }

    /// With what its service charges for calls.
    #[must_use]
    pub fn prices(mut self, prices: Prices) -> Self {
        self.prices = Some(prices);
        self
    }
}
