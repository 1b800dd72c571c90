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
/// Ctrl-D: there is nothing more.
const END: u8 = 4;
/// Ctrl-U: takes the line back.
const KILL: u8 = 0x15;
/// Ctrl-W: takes a word back.
const WORD: u8 = 0x17;
/// What the key that takes a character back sends: one or the other.
const ERASE: [u8; 2] = [8, 0x7f];

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
        // Each byte is waited for.
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Now, &quiet)?;
        Ok(Self { terminal, before })
    }

    /// The line that is typed or pasted, as it is: what has a control character in it that is neither a tab nor takes
    /// something back is refused, since nobody knows what it was to do. Its length is not bounded, as a terminal's own lines
    /// are.
    pub(super) fn line(&self) -> io::Result<Zeroizing<String>> {
        let mut line = Zeroizing::new(Vec::<u8>::new());
        loop {
            let mut byte = Zeroizing::new([0_u8]);
            match (&self.terminal).read(&mut *byte) {
                // No part of a line is taken for the whole.
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            match byte[0] {
                b'\r' | b'\n' => break,
                INTERRUPT => {
                    raise(SIGINT)?;
                    return Err(ErrorKind::Interrupted.into());
                }
                END if line.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
                KILL => line.clear(),
                WORD => {
                    let left = without_last_word(&line);
                    line.truncate(left);
                }
                byte if ERASE.contains(&byte) => {
                    let left = without_last_character(&line);
                    line.truncate(left);
                }
                byte => push(&mut line, byte),
            }
        }
        if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return Err(ErrorKind::InvalidInput.into());
        }
        let text = std::str::from_utf8(&line).map_err(|_| ErrorKind::InvalidInput)?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// Throws away what came behind the line that was read, which the next question would show; whether that was more than
    /// ends of lines.
    pub(super) fn drain(&self) -> io::Result<bool> {
        // Not every system can poll a terminal, but all can bound a read.
        let mut bounded = tcgetattr(&self.terminal)?;
        bounded.special_codes[SpecialCodeIndex::VMIN] = 0;
        bounded.special_codes[SpecialCodeIndex::VTIME] = REST;
        tcsetattr(&self.terminal, OptionalActions::Now, &bounded)?;
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

/// Adds a byte. Growing in place would free the old buffer as it is.
fn push(line: &mut Zeroizing<Vec<u8>>, byte: u8) {
    if line.len() == line.capacity() {
        let mut grown = Zeroizing::new(Vec::<u8>::with_capacity((2 * line.len()).max(256)));
        grown.extend_from_slice(line);
        *line = grown;
    }
    line.push(byte);
}

/// How long a line is without its last character.
fn without_last_character(line: &[u8]) -> usize {
    // All bytes of one but its first begin with these two bits.
    line.iter().rposition(|byte| byte & 0b1100_0000 != 0b1000_0000).unwrap_or(0)
}

/// How long a line is without its last word and the spaces behind that.
fn without_last_word(line: &[u8]) -> usize {
    let behind = |is: fn(&u8) -> bool, line: &[u8]| line.iter().rposition(is).map_or(0, |at| at + 1);
    behind(|byte| *byte == b' ', &line[..behind(|byte| *byte != b' ', line)])
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // There is nobody to tell.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::{without_last_character, without_last_word};

    #[test]
    fn whole_characters_and_words_are_taken_back() {
        for (line, character, word) in [
            ("", "", ""),
            ("a", "", ""),
            ("ab", "a", ""),
            ("a\u{e9}", "a", ""),
            ("a b\u{1f4bb}", "a b", "a "),
            ("a b  ", "a b ", "a "),
            ("  ", " ", ""),
        ] {
            assert_eq!(&line[..without_last_character(line.as_bytes())], character, "{line:?}");
            assert_eq!(&line[..without_last_word(line.as_bytes())], word, "{line:?}");
        }
    }
}
