//! Processes that stay say so in the catalog, so that nobody takes the keys or the tables away that they work with.

use crate::{
    Replica,
    deadline::within,
    engine::{Core, Engine},
    errors,
};
use std::sync::{Arc, PoisonError};
use strongroom_core::Result;

/// A process that did not say for so many times that it runs is taken to be gone.
pub(crate) const MISSED: u32 = 4;

impl Engine {
    /// Says that this process runs, under a name that operators find it by, and which root key it was opened with;
    /// [`maintain`](Self::maintain) goes on saying so. While it does, that root key cannot be dropped, no data key is made
    /// that it could not unwrap, and tables that it works with stay.
    ///
    /// # Errors
    /// `ConfigInvalid` if the root key does not open every data key any more; `Unsupported` if the tables were narrowed
    /// by a newer release meanwhile; of the catalog. [`maintain`](Self::maintain) tries again.
    pub async fn announce(&self, name: &str) -> Result<()> {
        let core = &self.core;
        // Said again, perhaps under another name, it is still the same process.
        let id = core.announced().map_or_else(|| self.fresh_id(), |before| before.id);
        let replica = Replica { id, name: name.to_owned(), root: core.ring.roots().id() };
        *core.replica.lock().unwrap_or_else(PoisonError::into_inner) = Some(replica);
        core.say_that_it_runs().await
    }

    /// Says that this process ends. A process that ends without is taken to be gone a while later.
    ///
    /// # Errors
    /// Of the catalog.
    pub async fn withdraw(&self) -> Result<()> {
        let replica = self.core.replica.lock().unwrap_or_else(PoisonError::into_inner).take();
        match replica {
            Some(replica) => self.core.catalog.withdraw(replica.id).await,
            None => Ok(()),
        }
    }

    /// Whether this process said that it runs.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        self.core.announced().is_some()
    }
}

impl Core {
    fn announced(&self) -> Option<Replica> {
        self.replica.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn say_that_it_runs(&self) -> Result<()> {
        match self.announced() {
            Some(replica) => {
                self.catalog.announce(&replica, self.options.beat_every.saturating_mul(MISSED)).await
            }
            None => Ok(()),
        }
    }

    /// Says so for as long as it does. At once when nobody did: then there is nothing to say.
    pub(crate) async fn go_on_saying_that_it_runs(self: &Arc<Self>) {
        while self.announced().is_some() {
            self.env.sleep(self.options.beat_every).await;
            // Not for longer, or an answer that does not come takes this process for gone.
            let said = within(&*self.env, self.options.beat_every, self.say_that_it_runs()).await;
            if let Err(error) = said.unwrap_or_else(|| Err(errors::too_slow())) {
                tracing::warn!(
                    target: "strongroom::engine", %error,
                    "other processes may not know that this one runs"
                );
            }
        }
    }
}
