//! A seeded, single-threaded scheduler with a time of its own.

use crate::Random;
use futures::{
    future::BoxFuture,
    task::{ArcWake, waker},
};
use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};
use strongroom_core::Timestamp;
use strongroom_engine::Env;

/// 2026-01-01 00:00 UTC.
const START: i64 = 1_767_225_600_000_000;

/// A time on the simulation's clock, in microseconds since its start.
pub(crate) fn at_micros(time: Timestamp) -> u64 {
    u64::try_from(time.0 - START).unwrap_or(0)
}

/// The random numbers, the clock and the sleepers of one simulation. Clones are the same simulation.
#[derive(Clone)]
pub(crate) struct Sim(Arc<Mutex<State>>);

struct State {
    random: Random,
    micros: u64,
    sleepers: BTreeMap<(u64, u64), Waker>,
    serial: u64,
    /// Futures that something started and nobody awaits.
    later: Vec<BoxFuture<'static, ()>>,
    /// Counts every choice: two runs of a seed are the same if they agree on it.
    trace: u64,
}

/// The replica of what goes on whoever crashes.
const OUTSIDE: usize = usize::MAX;

/// Names a task of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TaskId(u64);

/// Tasks that are run together.
pub(crate) struct Tasks {
    sim: Sim,
    tasks: Vec<Task>,
    next: u64,
}

struct Task {
    id: TaskId,
    /// Which replica it belongs to: they crash and pause together.
    replica: usize,
    future: BoxFuture<'static, ()>,
    ready: Arc<Ready>,
    paused_until: u64,
}

struct Ready(AtomicBool);

impl ArcWake for Ready {
    fn wake_by_ref(ready: &Arc<Self>) {
        ready.0.store(true, Ordering::Relaxed);
    }
}

/// A waker, and whether it was woken.
pub(crate) fn flag() -> (Waker, impl Fn() -> bool) {
    let ready = Arc::new(Ready(AtomicBool::new(false)));
    (waker(ready.clone()), move || ready.0.load(Ordering::Relaxed))
}

impl Sim {
    /// Starts with a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let state = State {
            random: Random::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            micros: 0,
            sleepers: BTreeMap::new(),
            serial: 0,
            later: Vec::new(),
            trace: 0xcbf2_9ce4_8422_2325,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number below `end`.
    pub(crate) fn below(&self, end: usize) -> usize {
        self.lock().random.below(end)
    }

    /// True in that many of 1,000 cases.
    pub(crate) fn permille(&self, cases: usize) -> bool {
        self.below(1000) < cases
    }

    /// What all choices so far add up to.
    pub(crate) fn trace(&self) -> u64 {
        self.lock().trace
    }

    /// Microseconds since the start.
    pub(crate) fn micros(&self) -> u64 {
        self.lock().micros
    }

    /// Starts something that goes on whoever crashes: a request on the wire, a transaction in the server.
    pub(crate) fn later(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.lock().later.push(Box::pin(future));
    }

    /// Lets others go first, sometimes for a while.
    pub(crate) async fn pause(&self) {
        let millis = match self.below(8) {
            0..=4 => return Yield(false).await,
            5 | 6 => 1 + self.below(20),
            _ => 1 + self.below(300),
        };
        self.sleep(Duration::from_millis(millis as u64)).await;
    }
}

/// Gives the scheduler one choice.
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Env for Sim {
    fn now(&self) -> Timestamp {
        Timestamp(START + i64::try_from(self.micros()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.micros())
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let sim = self.clone();
        let until = sim.micros() + u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 2) + 1;
        Box::pin(std::future::poll_fn(move |cx| {
            let mut state = sim.lock();
            if state.micros >= until {
                return Poll::Ready(());
            }
            state.serial += 1;
            let serial = state.serial;
            state.sleepers.insert((until, serial), cx.waker().clone());
            Poll::Pending
        }))
    }

    fn random(&self) -> u128 {
        let mut state = self.lock();
        (u128::from(state.random.bits()) << 64) | u128::from(state.random.bits())
    }
}

impl Tasks {
    /// No tasks yet.
    pub(crate) fn new(sim: &Sim) -> Self {
        Self { sim: sim.clone(), tasks: Vec::new(), next: 0 }
    }

    /// Adds a task of a replica.
    pub(crate) fn spawn(
        &mut self,
        replica: usize,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> TaskId {
        self.next += 1;
        let id = TaskId(self.next);
        let ready = Arc::new(Ready(AtomicBool::new(true)));
        self.tasks.push(Task { id, replica, future: Box::pin(future), ready, paused_until: 0 });
        id
    }

    /// Whether a task is not done.
    pub(crate) fn is_running(&self, id: TaskId) -> bool {
        self.tasks.iter().any(|task| task.id == id)
    }

    /// Drops all tasks of a replica where they stand.
    pub(crate) fn crash(&mut self, replica: usize) {
        self.tasks.retain(|task| task.replica != replica);
    }

    /// Stops all tasks of a replica for that long, like a virtual machine that is suspended.
    pub(crate) fn suspend(&mut self, replica: usize, time: Duration) {
        let until = self.sim.micros() + time.as_micros() as u64;
        for task in self.tasks.iter_mut().filter(|task| task.replica == replica) {
            task.paused_until = until;
        }
    }

    /// Polls one task that can go on, or moves the clock to where one can. `false` if none ever can.
    pub(crate) fn step(&mut self) -> bool {
        loop {
            let later = std::mem::take(&mut self.sim.lock().later);
            for future in later {
                self.spawn(OUTSIDE, future);
            }
            let now = self.sim.micros();
            let runnable = |task: &Task| task.paused_until <= now && task.ready.0.load(Ordering::Relaxed);
            let candidates: Vec<usize> =
                (0..self.tasks.len()).filter(|at| runnable(&self.tasks[*at])).collect();
            if candidates.is_empty() {
                if !self.move_clock() {
                    return false;
                }
                continue;
            }
            let chosen = candidates[self.sim.below(candidates.len())];
            {
                let mut state = self.sim.lock();
                state.micros += 20;
                let id = self.tasks[chosen].id.0;
                state.trace = (state.trace ^ id).wrapping_mul(0x100_0000_01b3);
            }
            self.wake_due();
            let task = &mut self.tasks[chosen];
            task.ready.0.store(false, Ordering::Relaxed);
            let waker = waker(task.ready.clone());
            if task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                drop(self.tasks.swap_remove(chosen));
            }
            return true;
        }
    }

    /// Lets time pass while nothing else can run.
    pub(crate) fn pass_time(&mut self) {
        if !self.move_clock() {
            self.sim.lock().micros += 1000;
        }
    }

    /// Moves the clock to the next sleeper or the end of a pause.
    fn move_clock(&mut self) -> bool {
        let now = self.sim.micros();
        let paused =
            self.tasks.iter().filter(|task| task.paused_until > now).map(|task| task.paused_until).min();
        let asleep = self.sim.lock().sleepers.first_key_value().map(|((at, _), _)| *at);
        let Some(next) = paused.into_iter().chain(asleep).min() else { return false };
        {
            let mut state = self.sim.lock();
            state.micros = state.micros.max(next);
        }
        self.wake_due();
        true
    }

    fn wake_due(&self) {
        loop {
            let due = {
                let mut state = self.sim.lock();
                let now = state.micros;
                let first = state.sleepers.first_key_value().map(|(key, _)| *key);
                first.filter(|(at, _)| *at <= now).and_then(|key| state.sleepers.remove(&key))
            };
            match due {
                Some(waker) => waker.wake(),
                None => return,
            }
        }
    }
}
