//! What every handler has at hand.

use super::Metrics;
use crate::{audit::Trail, config::ServerConfig, identity::Identities};
use ipnet::IpNet;
use std::path::Path;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use strongroom_core::SecretsStore;
use tokio::sync::Mutex as AsyncMutex;
use uuid::Uuid;

/// The server's parts; cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) store: Arc<dyn SecretsStore>,
    pub(crate) identities: Identities,
    pub(crate) trail: Trail,
    pub(crate) config: Arc<ServerConfig>,
    /// What `/info` says the values are kept in.
    pub(crate) kinds: Arc<Kinds>,
    pub(crate) metrics: Arc<Metrics>,
    /// Networks of proxies that are believed.
    pub(crate) proxies: Arc<[IpNet]>,
    /// The file with the first admin's made-up password.
    pub(crate) first_password: Option<Arc<Path>>,
    pub(crate) ready: Arc<AtomicBool>,
    /// Requests with an idempotency key that run now.
    pub(crate) twins: Arc<std::sync::Mutex<std::collections::HashMap<Uuid, Arc<AsyncMutex<()>>>>>,
}

/// Types for `/info`, in the contract's words.
#[derive(Clone, Debug)]
pub struct Kinds {
    /// Where values are: `sql`, `aws`, `gcp`, `azure`, `hashicorp` or `custom`.
    pub secrets_store: &'static str,
    /// Where the catalog is: `sqlite`, `mysql` or `other`.
    pub database: &'static str,
}

impl App {
    /// Whether new requests are welcome.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }
}
