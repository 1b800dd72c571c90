//! Sweeping: the rounds in which what attempts, deletions and a full history left in back-ends is worked on.

use crate::{
    Hindrance, Pending,
    caught::caught,
    deadline::Deadline,
    engine::{Core, Engine},
    garbage::Done,
    refusal::is_of_a_store,
    silence::Silence,
};
use std::{collections::BTreeSet, sync::Arc};
use strongroom_core::Result;

/// How many garbage rows are claimed at once.
const AT_ONCE: u32 = 64;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Attempts whose lock was taken away.
    pub fenced: u64,
    /// Garbage rows that were worked on.
    pub worked: u64,
    /// Garbage rows that could not be worked on now, because a service or the catalog did not answer.
    pub failed: u64,
}

impl Engine {
    /// Fences attempts whose lease is over and works on the garbage rows that are due.
    ///
    /// # Errors
    /// Of the catalog. What a back-end refuses is counted, and tried again later.
    pub async fn sweep(&self) -> Result<Swept> {
        self.core.sweep(false, &mut Vec::new()).await
    }

    /// Background work: sweeps for ever, at the configured pace, and goes on saying that this process runs if that was
    /// [announced](Self::announce). The host drives it; any number may run anywhere.
    pub async fn maintain(&self) {
        // Side by side: a store that is slow to clean must not make this process look dead.
        futures::join!(self.sweep_on(), self.core.go_on_saying_that_it_runs());
    }

    async fn sweep_on(&self) {
        loop {
            self.core.env.sleep(self.core.options.sweep_every).await;
            if let Err(error) = self.sweep().await {
                tracing::warn!(target: "strongroom::engine", %error, "the sweep will be tried again");
            }
        }
    }
}

impl Core {
    /// `all`: also attempts whose lease is not over and rows that are not due. `refusals`: why rows could not be worked
    /// on.
    pub(crate) async fn sweep(self: &Arc<Self>, all: bool, refusals: &mut Vec<Hindrance>) -> Result<Swept> {
        let swept = self.sweep_in_rounds(all, refusals).await;
        // Also if the catalog fails after some of them.
        refusals.iter().for_each(Hindrance::log);
        swept
    }

    async fn sweep_in_rounds(self: &Arc<Self>, all: bool, refusals: &mut Vec<Hindrance>) -> Result<Swept> {
        let deadline = Deadline::after(self.options.lease, &self.env);
        let mut swept = Swept {
            fenced: self.certain(&deadline, |_| self.catalog.fence_overdue(all)).await?,
            ..Swept::default()
        };
        // A whole object that is gone needs no call for each version that it had: none is ever used again.
        let (mut gone, mut silence) = (BTreeSet::new(), Silence::default());
        loop {
            let limit = if all { u32::MAX } else { AT_ONCE };
            let claimed =
                self.certain(&deadline, |_| self.catalog.claim(limit, self.options.lease, all)).await?;
            let last = claimed.len() < AT_ONCE as usize || all;
            for pending in claimed {
                let place = (pending.store.clone(), pending.object);
                match self.work_on(&pending, gone.contains(&place), &mut silence).await {
                    Ok(done) => {
                        swept.worked += 1;
                        if done == Done::Object {
                            gone.insert(place);
                        }
                    }
                    Err(error) => {
                        swept.failed += 1;
                        let store = is_of_a_store(&error).then_some(&pending.store);
                        Hindrance::note(refusals, store, &error);
                    }
                }
            }
            // What fails is due again after a lease: with enough of it this would go on for ever, and fence nobody.
            if last || deadline.is_over() {
                return Ok(swept);
            }
        }
    }

    /// Works on one of many rows, unless its store gives no answer: each call to it would take all the time that it may.
    async fn work_on(self: &Arc<Self>, pending: &Pending, gone: bool, silence: &mut Silence) -> Result<Done> {
        if let Some(store) = self.stores.get(&pending.store)
            && let Some(error) = silence.of(store).await
        {
            return Err(error);
        }
        let own = Deadline::after(self.options.lease / 2, &self.env);
        // A back-end may be anybody's, and one row of it must not end the upkeep of all others.
        let worked = caught(self.work_in(pending, gone, &own)).await.and_then(|worked| worked);
        if let Err(error) = &worked {
            silence.note(&pending.store, error);
        }
        worked
    }
}
