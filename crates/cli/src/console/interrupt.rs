//! Signals that end the process, where something has to be put in order first: a terminal that does not show what is typed, a
//! file that is half written.

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag::{register, register_conditional_default},
    low_level::emulate_default_handler,
};
use std::{
    ffi::c_int,
    fs, future,
    io::{self, Write},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

const SIGNALS: [c_int; 3] = [SIGINT, SIGTERM, SIGHUP];

/// What a signal does to the process, since it had to wait first: a handler cannot be taken away without `unsafe`.
struct Held {
    signal: c_int,
    /// It came.
    came: Arc<AtomicBool>,
    /// It ends the process at once, as if there was no handler.
    ends: Arc<AtomicBool>,
}

/// As in [`SIGNALS`]; `None` if it is none of ours to handle.
static HELD: [OnceLock<Option<Held>>; SIGNALS.len()] = [const { OnceLock::new() }; SIGNALS.len()];

/// Lets Ctrl-C wait for the end of `prompt`, which gives the terminal its echo back; then the process ends by it.
/// Ended at once, it would leave a terminal on which nobody sees what they type. The others end whoever waits there.
pub(super) fn after<T>(prompt: impl FnOnce() -> T) -> T {
    holding(&HELD[..1], prompt)
}

/// Lets the signals wait for a file that is written, which takes moments; then the process ends by them.
pub(crate) fn finishing<T>(write: impl FnOnce() -> T) -> T {
    holding(&HELD, write)
}

fn holding<T>(which: &'static [OnceLock<Option<Held>>], work: impl FnOnce() -> T) -> T {
    let held = which.iter().zip(SIGNALS);
    let held: Vec<_> =
        held.filter_map(|(held, signal)| held.get_or_init(|| Held::new(signal)).as_ref()).collect();
    held.iter().for_each(|held| held.ends.store(false, Ordering::SeqCst));
    let answer = work();
    held.iter().for_each(|held| held.ends.store(true, Ordering::SeqCst));
    if let Some(held) = held.iter().find(|held| held.came.load(Ordering::SeqCst)) {
        end(held.signal);
    }
    answer
}

/// Does what puts itself in order when it is dropped: a signal does that, and then ends the process. Afterwards it ends
/// the process at once.
pub(crate) async fn dropping<T>(work: impl Future<Output = T>) -> T {
    let wanted = SIGNALS.into_iter().filter(|signal| !is_ignored(*signal));
    let mut signals = Signals::listen(wanted).unwrap_or_default();
    let done = tokio::select! {
        // Also if the work is done at the same time.
        biased;
        signal = signals.next() => end(signal),
        done = work => done,
    };
    // The runtime's handlers stay.
    for (signal, _) in signals.0 {
        let _ = register_conditional_default(signal, Arc::new(AtomicBool::new(true)));
    }
    done
}

/// The signals that end the process, which do not as long as somebody listens.
#[derive(Default)]
pub(crate) struct Signals(Vec<(c_int, Signal)>);

impl Signals {
    /// Listens as a server does: also for what whoever started it wants ignored, as a shell does that starts it beside its
    /// script, but for a terminal that is closed.
    pub(crate) fn of_server() -> io::Result<Self> {
        Self::listen(SIGNALS.into_iter().filter(|signal| *signal != SIGHUP || !is_ignored(SIGHUP)))
    }

    fn listen(wanted: impl Iterator<Item = c_int>) -> io::Result<Self> {
        let listen = |number| Ok((number, signal(SignalKind::from_raw(number))?));
        Ok(Self(wanted.map(listen).collect::<io::Result<_>>()?))
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> c_int {
        future::poll_fn(|context| {
            for (number, signal) in &mut self.0 {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready(*number);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Whether whoever started us wants none of it, as `nohup` wants no SIGHUP: that one is left alone where the system does not
/// tell.
fn is_ignored(signal: c_int) -> bool {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return signal == SIGHUP };
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    (ignored >> (signal - 1)) & 1 == 1
}

/// Ends the process by a signal.
pub(crate) fn end(signal: c_int) -> ! {
    if signal == SIGINT {
        // Whoever goes on typing does so on a line of their own.
        let _ = io::stderr().write_all(b"\n");
    }
    // By the signal, so that a shell ends its script too; but the first process of a container is not ended by one.
    if std::process::id() != 1 {
        let _ = emulate_default_handler(signal);
    }
    std::process::exit(128 + signal);
}

impl Held {
    fn new(signal: c_int) -> Option<Self> {
        let held = Self { signal, came: Arc::default(), ends: Arc::default() };
        if is_ignored(signal) {
            return None;
        }
        register(signal, held.came.clone()).ok()?;
        register_conditional_default(signal, held.ends.clone()).ok()?;
        Some(held)
    }
}
