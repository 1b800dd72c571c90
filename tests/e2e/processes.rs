//! Several processes at a time, and files that hold one up.

use crate::support::{Ended, Home, ended};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

impl Home {
    /// Starts the program.
    pub(crate) fn spawn<const N: usize>(&self, args: [&str; N]) -> Child {
        self.command(args).spawn().unwrap()
    }

    /// Starts as many processes as there are inputs, each of which reads its own from standard input, and lets them all
    /// go on at once when they wait for it.
    pub(crate) fn together<const N: usize>(&self, inputs: &[String], args: [&str; N]) -> Vec<Ended> {
        let start = |_: &String| self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut children: Vec<Child> = inputs.iter().map(start).collect();
        children.iter().for_each(|child| until("the process waits for its input", || waits(child)));
        let gates: Vec<_> = children.iter_mut().map(|child| child.stdin.take().unwrap()).collect();
        for (mut gate, input) in gates.into_iter().zip(inputs) {
            gate.write_all(input.as_bytes()).unwrap();
        }
        children.into_iter().map(|child| ended(child.wait_with_output().unwrap())).collect()
    }
}

/// Whether a process sleeps in a call that reads.
fn waits(child: &Child) -> bool {
    let call = fs::read_to_string(format!("/proc/{}/syscall", child.id())).unwrap_or_default();
    // The number of `read`, and standard input.
    call.starts_with("0 0x0 ") || call.starts_with("63 0x0 ")
}

/// Waits, but not for ever.
pub(crate) fn until(what: &str, mut there: impl FnMut() -> bool) {
    let started = Instant::now();
    while !there() {
        assert!(started.elapsed() < Duration::from_secs(20), "not in time: {what}");
        sleep(Duration::from_millis(2));
    }
}

/// Kills a process as soon as it has written that much to the log of the database; whether it came to that.
pub(crate) fn kill_at_log(home: &Home, mut child: Child, bytes: u64) -> bool {
    let log = PathBuf::from(format!("{}-wal", home.database().display()));
    let written = || fs::metadata(&log).is_ok_and(|log| log.len() >= bytes);
    loop {
        if written() {
            child.kill().unwrap();
            child.wait().unwrap();
            return written();
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        sleep(Duration::from_micros(100));
    }
}

/// A version in an object's directory that holds up whoever reads it.
pub(crate) struct Obstacle(PathBuf);

impl Obstacle {
    /// Puts it there. Who puts another version there reads this one first.
    pub(crate) fn in_the_way(object: &Path) -> Self {
        let path = object.join("00000000-0000-4000-8000-000000000000");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        Self(path)
    }

    /// Waits until somebody is held up by it and removes it, so that it is in nobody else's way; lets the one who waits go
    /// on when a test has looked around.
    pub(crate) fn while_waiting<T>(self, look: impl FnOnce() -> T) -> T {
        let mut file = None;
        until("somebody meets the obstacle", || {
            use std::os::unix::fs::OpenOptionsExt;
            let mut options = fs::OpenOptions::new();
            // Without a reader, opening to write is refused rather than waited for.
            let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap();
            file = options.write(true).custom_flags(flags).open(&self.0).ok();
            file.is_some()
        });
        fs::remove_file(&self.0).unwrap();
        let seen = look();
        // The reader may be gone by now.
        drop(file.unwrap().write_all(b"version 0 older\n"));
        seen
    }
}
