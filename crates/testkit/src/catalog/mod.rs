//! The suite for `Catalog`.

mod attempts;
mod audits;
mod commits;
mod deletes;
mod doubts;
mod fixture;
mod guards;
mod history;
mod identity;
mod keys;
mod lists;
mod moves;
mod names;
mod random;
mod reading;
mod replicas;
mod stores;
mod sweeps;
mod wraps;

use std::{sync::Arc, time::Duration};
use strongroom_core::{Owner, Result, async_trait};
use strongroom_engine::Catalog;

/// A catalog under test.
#[async_trait]
pub trait CatalogSubject: Send + Sync {
    /// Opens a fresh catalog that nobody has claimed, each time another one. These accounts can own secrets in it,
    /// besides the owner that it is initialised with; a catalog without accounts needs not look at them.
    async fn open(&self, accounts: &[Owner]) -> Result<Arc<dyn Catalog>>;

    /// Ends after so much time has passed on the catalog's own clock.
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Cleans up after a case.
    async fn finish(&self) {}
}

groups! {
    /// One `#[test]` for each promise of a `Catalog`: `catalog_suite!(MySubject::new())`, or
    /// `catalog_suite!(MySubject::new(), ignore = "needs a server")`, whose cases are ignored and not passed
    /// unless asked for.
    macro catalog_suite in catalog; subject CatalogSubject;
    attempts => __catalog_attempts,
    audits => __catalog_audits,
    commits => __catalog_commits,
    deletes => __catalog_deletes,
    doubts => __catalog_doubts,
    guards => __catalog_guards,
    history => __catalog_history,
    identity => __catalog_identity,
    keys => __catalog_keys,
    lists => __catalog_lists,
    moves => __catalog_moves,
    names => __catalog_names,
    reading => __catalog_reading,
    replicas => __catalog_replicas,
    stores => __catalog_stores,
    sweeps => __catalog_sweeps,
    wraps => __catalog_wraps,
}
