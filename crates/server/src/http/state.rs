//! What every handler has at hand.

use super::{Metrics, describe::Description};
use crate::{audit::Trail, config::ServerConfig, identity::Identities};
use ipnet::IpNet;
use std::{
    ops::Deref,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use strongroom_core::SecretsStore;
use tokio::sync::{Mutex as AsyncMutex, RwLock};
use uuid::Uuid;

/// The server's parts; cheap to clone, which happens several times in each request.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What [`App`] is made of.
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn SecretsStore>,
    pub(crate) identities: Identities,
    pub(crate) trail: Trail,
    pub(crate) config: ServerConfig,
    /// What `/info` says the values are kept in.
    pub(crate) kinds: Kinds,
    pub(crate) metrics: Metrics,
    pub(crate) request_ids: RequestIds,
    /// Networks of proxies that are believed.
    pub(crate) proxies: Vec<IpNet>,
    /// The file with the first admin's made-up password.
    pub(crate) first_password: Option<PathBuf>,
    pub(crate) ready: AtomicBool,
    /// How the routes are described: here and in no layer, which every request would pass.
    pub(crate) description: Description,
    /// Held by work that goes on without its caller.
    pub(crate) detached: Arc<RwLock<()>>,
    /// Requests with an idempotency key that run now.
    pub(crate) twins: std::sync::Mutex<std::collections::HashMap<Uuid, Arc<AsyncMutex<()>>>>,
}

/// Names requests: a random number of the process, and a count.
pub(crate) struct RequestIds {
    process: u64,
    count: AtomicU64,
}

impl RequestIds {
    /// With the random part of an id that is used for nothing else.
    pub(crate) fn new(random: Uuid) -> Self {
        Self { process: random.as_u64_pair().1, count: AtomicU64::new(0) }
    }

    /// The next id, 32 hex digits.
    pub(crate) fn next(&self) -> String {
        format!("{:016x}{:016x}", self.process, self.count.fetch_add(1, Ordering::Relaxed))
    }
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
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Whether new requests are welcome.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }
}
