//! A deployment whose wire breaks.

use super::{
    super::{CANARY, CloudSubject, Site, uncached},
    FaultTable, Hit,
    ways::impatient,
};
use crate::wire::{Fault, Order, Wire};
use std::{sync::Arc, time::Duration};
use strongroom_core::{Backend, Error, ErrorKind};
use strongroom_engine::Engine;

/// A deployment with two secrets and a history, whose wire breaks.
pub(super) struct Broken {
    pub(super) wire: Wire,
    pub(super) site: Site,
    /// Through the wire.
    pub(super) backend: Arc<dyn Backend>,
    /// Past it.
    pub(super) whole: Arc<dyn Backend>,
    pub(super) table: FaultTable,
}

impl Broken {
    pub(super) async fn furnished(subject: &dyn CloudSubject) -> Self {
        let wire = Wire::to(&subject.server()).await;
        let site = Site::of(subject).await;
        let backend = subject.open(site.identity.namespace, Some(&wire)).await;
        let whole = subject.open(site.identity.namespace, None).await;
        let broken = Self { wire, site, backend, whole, table: subject.faults() };
        let engine = broken.site.engine(broken.backend.clone(), uncached()).await;
        let secrets = broken.site.secrets(&engine);
        secrets.create("db", [("a", "first")]).await.expect("a create failed");
        secrets.set("db", "a", "old").await.expect("an update failed");
        secrets.create("other", [("a", "old")]).await.expect("a create failed");
        broken.site.settle(&engine).await;
        broken
    }

    pub(super) async fn engine(&self, attempts: u32) -> Engine {
        self.site.engine(self.backend.clone(), impatient(attempts)).await
    }

    /// Which keeps two versions of a secret.
    pub(super) async fn engine_that_trims(&self) -> Engine {
        let mut options = impatient(3);
        options.history = 2;
        self.site.engine(self.backend.clone(), options).await
    }

    pub(super) fn order(&self, (method, path): Hit, fault: Fault) -> Order {
        Order::new(method, path, fault)
    }

    /// The wire is whole again, and the port, which may have been closed, takes connections.
    pub(super) async fn heal(&self) {
        self.wire.heal();
        tokio::time::sleep(Duration::from_millis(60)).await;
    }

    /// The same, and what was on its way has arrived.
    pub(super) async fn heal_from(&self, fault: &Fault) {
        self.heal().await;
        if let Fault::Late(time) = fault {
            tokio::time::sleep(*time).await;
        }
    }

    /// After the sweeper nothing is left that nothing names, and what the service shows is what is committed.
    pub(super) async fn assert_clean(&self) {
        self.wire.heal();
        let engine = self.site.engine(self.backend.clone(), uncached()).await;
        self.site.settle(&engine).await;
        self.site.assert_accounted(&*self.whole).await;
    }

    /// Names the store and what to do, and shows no value and no credential.
    #[track_caller]
    pub(super) fn assert_told(&self, error: &Error, remedy: &[&str], what: &str) {
        for word in remedy {
            assert!(error.to_string().contains(word), "{what}: it is not said what to do ({word}): {error}");
        }
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(self.table.kind), "{what}: the back-end is not named: {shown}");
        // That it did not answer in time, the engine itself says.
        let said = shown.contains(self.table.service) || error.kind() == ErrorKind::Timeout;
        assert!(said, "{what}: the service is not named: {shown}");
        let secrets = self.table.credentials.iter().map(String::as_str).chain([CANARY]);
        for secret in secrets {
            assert!(!shown.contains(secret), "{what}: the error shows {secret}");
        }
        assert!(error.kind().may_pass(), "{what}: {shown}");
    }
}
