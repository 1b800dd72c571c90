//! Ids that are used twice.

use futures::future::BoxFuture;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use strongroom_core::Timestamp;
use strongroom_engine::Env;

use crate::sim::scheduler::Sim;

/// Gives an id that begins with the time no random bits: two that are made in one millisecond are the same.
pub(super) struct TimeAlone {
    sim: Sim,
    /// The last question was for the time: random bits that are asked for next belong to it.
    timed: AtomicBool,
}

impl TimeAlone {
    pub(super) fn new(sim: &Sim) -> Self {
        Self { sim: sim.clone(), timed: AtomicBool::new(false) }
    }
}

impl Env for TimeAlone {
    fn now(&self) -> Timestamp {
        self.timed.store(true, Ordering::Relaxed);
        self.sim.now()
    }

    fn monotonic(&self) -> Duration {
        self.timed.store(false, Ordering::Relaxed);
        self.sim.monotonic()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        self.timed.store(false, Ordering::Relaxed);
        self.sim.sleep(time)
    }

    fn random(&self) -> u128 {
        let random = self.sim.random();
        if self.timed.swap(false, Ordering::Relaxed) { 0 } else { random }
    }
}
