//! Ctrl-C where something has to be put in order first: a terminal that does not show what is typed, a file that is half
//! written.

use signal_hook::{
    consts::SIGINT,
    flag::{register, register_conditional_default},
    low_level::emulate_default_handler,
};
use std::{
    io::{self, Write},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// What a signal does to the process, since the first prompt: a handler cannot be taken away without `unsafe`.
struct Interrupt {
    /// It came.
    came: Arc<AtomicBool>,
    /// It ends the process at once, as if there was no handler.
    ends: Arc<AtomicBool>,
}

static INTERRUPT: OnceLock<io::Result<Interrupt>> = OnceLock::new();

/// Lets the signal wait for the end of `prompt`, which gives the terminal its echo back; then the process ends by it.
/// Ended at once, it would leave a terminal on which nobody sees what they type.
pub(super) fn after<T>(prompt: impl FnOnce() -> T) -> T {
    let Ok(interrupt) = INTERRUPT.get_or_init(install) else { return prompt() };
    interrupt.ends.store(false, Ordering::SeqCst);
    let answer = prompt();
    interrupt.ends.store(true, Ordering::SeqCst);
    if interrupt.came.load(Ordering::SeqCst) {
        end();
    }
    answer
}

/// Does what puts itself in order when it is dropped: the signal does that, and then ends the process. Afterwards it ends
/// the process at once.
pub(crate) async fn dropping<T>(work: impl Future<Output = T>) -> T {
    let done = tokio::select! {
        done = work => done,
        Ok(()) = tokio::signal::ctrl_c() => end(),
    };
    // The runtime's handler stays.
    let _ = register_conditional_default(SIGINT, Arc::new(AtomicBool::new(true)));
    done
}

fn end() -> ! {
    // Whoever goes on typing does so on a line of their own.
    let _ = io::stderr().write_all(b"\n");
    // By the signal, so that a shell ends its script too.
    let _ = emulate_default_handler(SIGINT);
    std::process::exit(128 + SIGINT);
}

fn install() -> io::Result<Interrupt> {
    let (came, ends) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    register(SIGINT, came.clone())?;
    register_conditional_default(SIGINT, ends.clone())?;
    Ok(Interrupt { came, ends })
}
