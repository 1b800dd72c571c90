//! A clock that moves when told to.

use crate::Random;
use futures::{
    channel::oneshot,
    future::{BoxFuture, FutureExt as _},
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use strongroom_core::Timestamp;
use strongroom_engine::Env;

/// 2026-01-01 00:00 UTC, so that dates look like dates.
const START: Timestamp = Timestamp(1_767_225_600_000_000);

/// Clocks that stand still until they are moved, and ids from a seed. Clones are the same environment.
#[derive(Clone)]
pub struct TestEnv(Arc<Mutex<State>>);

struct State {
    passed: Duration,
    random: Random,
    sleepers: Vec<(Duration, oneshot::Sender<()>)>,
}

impl TestEnv {
    /// Starts with a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let state = State { passed: Duration::ZERO, random: Random::new(seed), sleepers: Vec::new() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Moves both clocks and wakes who slept until then, the one whose sleep ends first before the others.
    pub fn advance(&self, time: Duration) {
        let mut state = self.lock();
        state.passed += time;
        let passed = state.passed;
        let (mut woken, asleep): (Vec<_>, Vec<_>) =
            std::mem::take(&mut state.sleepers).into_iter().partition(|(until, _)| *until <= passed);
        state.sleepers = asleep;
        drop(state);
        woken.sort_by_key(|(until, _)| *until);
        for (_, sleeper) in woken {
            // Who gave up waiting is gone.
            let _gone = sleeper.send(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Env for TestEnv {
    fn now(&self) -> Timestamp {
        START.plus(self.lock().passed)
    }

    fn monotonic(&self) -> Duration {
        self.lock().passed
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let mut state = self.lock();
        if time.is_zero() {
            return futures::future::ready(()).boxed();
        }
        let (sender, woken) = oneshot::channel();
        let until = state.passed + time;
        state.sleepers.push((until, sender));
        // An environment that is gone wakes everybody.
        woken.map(|_| ()).boxed()
    }

    fn random(&self) -> u128 {
        let mut state = self.lock();
        (u128::from(state.random.bits()) << 64) | u128::from(state.random.bits())
    }
}
