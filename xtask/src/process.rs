//! A child process that does not outlive us.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// How often a child is looked at.
pub(crate) const TICK: Duration = Duration::from_millis(20);

/// How long a child may take to end after it was told to.
const GRACE: Duration = Duration::from_secs(10);

/// Who hears the terminal's Ctrl-C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Only we do; then we stop the child and all it started.
    Own,
    /// The child too: for those that read from the terminal, which a group in the background cannot.
    Shared,
}

/// A running child, stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    group: Group,
    stop: Signal,
    ended: bool,
}

impl Process {
    /// Starts `command`; `stop` is the signal that ends it in good order.
    ///
    /// # Errors
    /// The program cannot be started.
    pub(crate) fn spawn(command: &mut Command, group: Group, stop: Signal) -> io::Result<Self> {
        if group == Group::Own {
            command.process_group(0);
        }
        Ok(Self { child: command.spawn()?, group, stop, ended: false })
    }

    /// The child's process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The child's end of a pipe, once.
    pub(crate) fn stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// The system does not tell.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        self.ended |= status.is_some();
        Ok(status)
    }

    /// Asks it to end, makes it end if it has not after a while, and leaves nothing of its group.
    pub(crate) fn stop(&mut self) {
        if !self.ended {
            self.signal(self.stop);
            let deadline = Instant::now() + GRACE;
            while Instant::now() < deadline && matches!(self.ended(), Ok(None)) {
                thread::sleep(TICK);
            }
        }
        // Also what it left behind: a program that a test started and forgot holds our pipe and its port.
        if self.group == Group::Own || !self.ended {
            self.signal(Signal::KILL);
        }
        if !self.ended {
            // An error means that there is nothing to wait for.
            let _ = self.child.wait();
            self.ended = true;
        }
    }

    fn signal(&self, signal: Signal) {
        let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else { return };
        // The only error to expect is that nobody is left.
        let _ = match self.group {
            Group::Own => kill_process_group(pid, signal),
            Group::Shared => kill_process(pid, signal),
        };
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::Stdio;

    use super::*;

    #[test]
    fn dropping_ends_the_child_and_what_it_started() {
        let mut command = Command::new("sh");
        // Both hold the pipe, and the one in the background does not listen: its end is the pipe's.
        command.args(["-c", "(trap '' TERM; sleep 60) & echo started; sleep 60"]).stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command, Group::Own, Signal::TERM).unwrap();
        let mut pipe = process.stdout().unwrap();
        let mut started = [0; 8];
        pipe.read_exact(&mut started).unwrap();

        let begun = Instant::now();
        drop(process);
        assert_eq!(pipe.read(&mut started).unwrap(), 0);
        assert!(begun.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn the_end_of_a_child_is_seen() {
        let mut command = Command::new("sh");
        command.args(["-c", "exit 3"]);
        let mut process = Process::spawn(&mut command, Group::Own, Signal::TERM).unwrap();
        let status = loop {
            if let Some(status) = process.ended().unwrap() {
                break status;
            }
            thread::sleep(TICK);
        };
        assert_eq!(status.code(), Some(3));
    }
}
