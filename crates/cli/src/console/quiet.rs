//! A terminal that shows nothing of what is typed or pasted.

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use signal_hook::{consts::SIGINT, low_level::raise};
use std::{
    fs::File,
    io::{self, ErrorKind, Read},
};
use zeroize::Zeroizing;

/// How long the rest of what is pasted is waited for, in tenths of a second: over a network it comes in pieces.
const REST: u8 = 1;
/// What Ctrl-C is where it is a character.
const INTERRUPT: u8 = 3;

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
        // Lines without an end are input, too, and so is what would stop or end us while nothing is shown.
        let shown = LocalModes::ECHO | LocalModes::ECHONL;
        quiet.local_modes.remove(shown | LocalModes::ICANON | LocalModes::ISIG);
        // Not every system can poll a terminal, but all can bound a read.
        quiet.special_codes[SpecialCodeIndex::VMIN] = 0;
        quiet.special_codes[SpecialCodeIndex::VTIME] = REST;
        tcsetattr(&terminal, OptionalActions::Now, &quiet)?;
        Ok(Self { terminal, before })
    }

    /// Throws away what came behind the line that was read, which the next question would show; whether that was more than
    /// ends of lines.
    pub(super) fn drain(&self) -> io::Result<bool> {
        let mut more = false;
        let mut bytes = Zeroizing::new([0; 256]);
        loop {
            let length = (&self.terminal).read(&mut *bytes)?;
            if length == 0 {
                return Ok(more);
            }
            if bytes[..length].contains(&INTERRUPT) {
                raise(SIGINT)?;
                return Err(ErrorKind::Interrupted.into());
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
