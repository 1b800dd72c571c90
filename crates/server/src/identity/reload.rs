//! Reading the keys again because of what a caller showed.
//!
//! A token that names an unknown key may come from another replica that made the key just now, or from somebody who
//! made the name up. Neither is told from the other without a look at the database; so everybody who waits shares one
//! look, and there is one in a second at most.

use futures::FutureExt;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use strongroom_core::Result;
use strongroom_engine::{Batch, Engine};

/// How often the keys are read again at most.
const PACE: Duration = Duration::from_secs(1);

/// Reads the keys again, now and then.
pub(super) struct Reload(Batch<(), ()>);

impl Reload {
    pub(super) fn new(engine: Engine) -> Self {
        let last = Arc::new(Mutex::new(None::<Duration>));
        Self(Batch::new(engine.env(), move |_| {
            let (engine, last) = (engine.clone(), last.clone());
            async move {
                let before = *last.lock().unwrap_or_else(PoisonError::into_inner);
                let now = engine.env().monotonic();
                if let Some(left) = before.and_then(|before| (before + PACE).checked_sub(now)) {
                    engine.env().sleep(left).await;
                }
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(engine.env().monotonic());
                engine.reload_keys().await?;
                Ok(vec![()])
            }
            .boxed()
        }))
    }

    /// Knows afterwards the keys that were there when it was called; may wait for a second.
    ///
    /// # Errors
    /// Of the database and of the root key.
    pub(super) async fn keys(&self) -> Result<()> {
        self.0.read(&[()]).await.map(drop)
    }
}
