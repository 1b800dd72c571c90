//! The suite for `SecretsStore`.

mod creating;
mod deleting;
mod fixture;
mod listing;
mod over;
mod past;
mod reading;
mod rights;
mod updating;

pub use over::OverBackend;

use std::sync::Arc;
use strongroom_core::{Access, Context, Result, SecretsStore, async_trait};

/// How many versions of a secret a store keeps at least, unless it says otherwise.
const HISTORY: usize = 5;

/// A store under test.
#[async_trait]
pub trait StoreSubject: Send + Sync {
    /// Opens a fresh store without secrets, each time another one.
    async fn open(&self) -> Result<Arc<dyn SecretsStore>>;

    /// Opens the store that was opened last once more, as another process would.
    async fn another(&self) -> Result<Arc<dyn SecretsStore>>;

    /// An account, 0 to 2, of the store that was opened last, with these rights. No case asks for the same
    /// account with other rights again.
    async fn context(&self, account: usize, access: Access) -> Result<Context>;

    /// How many versions of a secret the store that was opened last keeps at least: 5 unless you say otherwise, and never
    /// less than 2.
    fn history(&self) -> usize {
        HISTORY
    }

    /// Cleans up after a case.
    async fn finish(&self) {}
}

groups! {
    /// One `#[test]` for each promise of a `SecretsStore`: `store_suite!(MySubject::new())`, or
    /// `store_suite!(MySubject::new(), ignore = "needs a server")`, whose cases are ignored and not passed unless
    /// asked for.
    macro store_suite in store; subject StoreSubject;
    creating => __store_creating,
    deleting => __store_deleting,
    listing => __store_listing,
    past => __store_past,
    reading => __store_reading,
    rights => __store_rights,
    updating => __store_updating,
}
