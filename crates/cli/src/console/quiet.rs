//! A terminal that shows nothing of what is typed or pasted.

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr},
};
use std::{
    fs::File,
    io::{self, Read},
};
use zeroize::Zeroizing;

/// How long the rest of what is pasted is waited for: over a network it comes in pieces.
const REST: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// The terminal, which shows what is typed again when this goes.
pub(super) struct Quiet {
    terminal: File,
    before: Termios,
}

impl Quiet {
    pub(super) fn new() -> io::Result<Self> {
        let terminal = File::open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut quiet = before.clone();
        // Lines without an end are input, too.
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Now, &quiet)?;
        Ok(Self { terminal, before })
    }

    /// Throws away what came behind the line that was read, which the next question would show; whether that was more than
    /// ends of lines.
    pub(super) fn drain(&self) -> io::Result<bool> {
        let mut more = false;
        let mut bytes = Zeroizing::new([0; 256]);
        loop {
            let mut ready = [PollFd::new(&self.terminal, PollFlags::IN)];
            if poll(&mut ready, Some(&REST))? == 0 {
                return Ok(more);
            }
            let length = (&self.terminal).read(&mut *bytes)?;
            if length == 0 {
                return Ok(more);
            }
            more |= bytes[..length].iter().any(|byte| !matches!(byte, b'\r' | b'\n'));
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // There is nobody to tell.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
