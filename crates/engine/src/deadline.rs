//! Until when a call may go on, and pauses in it.

use crate::{Env, errors};
use futures::future::{Either, select};
use std::{future::Future, pin::pin, sync::Arc, time::Duration};
use strongroom_core::{Context, Result};

/// A point on the engine's monotonic clock.
#[derive(Clone)]
pub(crate) struct Deadline {
    env: Arc<dyn Env>,
    until: Duration,
}

impl Deadline {
    pub(crate) fn of(cx: &Context, env: &Arc<dyn Env>) -> Self {
        Self::after(cx.timeout, env)
    }

    pub(crate) fn after(time: Duration, env: &Arc<dyn Env>) -> Self {
        Self { env: env.clone(), until: env.monotonic().saturating_add(time) }
    }

    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_sub(self.env.monotonic())
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// The future's answer, or `Timeout` when the time is over; the future is dropped then.
    pub(crate) async fn bound<T>(&self, future: impl Future<Output = T>) -> Result<T> {
        match within(&*self.env, self.left(), future).await {
            Some(answer) => Ok(answer),
            None => Err(errors::too_slow()),
        }
    }

    /// Pauses before the next try: doubles from `first` up to a second, with jitter, never past the deadline.
    pub(crate) async fn pause(&self, first: Duration, tries: u32) {
        let pause = jittered(&*self.env, first, tries).min(self.left());
        self.env.sleep(pause).await;
    }
}

/// The future's answer, or `None` after that time.
pub(crate) async fn within<T>(env: &dyn Env, time: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), env.sleep(time)).await {
        Either::Left((answer, _)) => Some(answer),
        Either::Right(_) => None,
    }
}

/// Half of an exponentially growing pause, and a random part of the other half.
pub(crate) fn jittered(env: &dyn Env, first: Duration, tries: u32) -> Duration {
    let full = first.saturating_mul(1 << tries.min(10)).min(Duration::from_secs(1));
    let half = full / 2;
    let random = (env.random() % (half.as_micros() + 1)) as u64;
    half + Duration::from_micros(random)
}
