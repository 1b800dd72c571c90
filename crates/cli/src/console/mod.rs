//! Where a command reads and writes.

mod interrupt;
mod process;
mod quiet;

pub(crate) use interrupt::{Signals, dropping, end, finishing};
pub(crate) use process::ProcessConsole;

use secrecy::SecretString;
use std::io;
use zeroize::Zeroizing;

/// Standard input, output and error, and the person behind them.
///
/// A program that embeds the command line, or a test, implements it; [`run`](crate::run) uses the process's own.
pub trait Console {
    /// Whether a person can be asked: questions and answers both go over a terminal.
    fn can_ask(&self) -> bool;

    /// Whether results go to a terminal.
    fn shows_results(&self) -> bool;

    /// Whether messages go to a terminal.
    fn shows_messages(&self) -> bool;

    /// Writes a part of the result.
    ///
    /// # Errors
    /// Those of writing; `BrokenPipe` if nobody reads any more.
    fn write(&mut self, result: &[u8]) -> io::Result<()>;

    /// Writes a message. That this fails is nobody's business.
    fn message(&mut self, text: &str);

    /// All of standard input, but no more than `limit` bytes and one.
    ///
    /// # Errors
    /// Those of reading.
    fn read_all(&mut self, limit: usize) -> io::Result<Zeroizing<Vec<u8>>>;

    /// The line that a person types, without the end of the line; `None` at the end of the input.
    ///
    /// # Errors
    /// Those of reading.
    fn read_line(&mut self) -> io::Result<Option<String>>;

    /// The line that a person types without seeing it; `None` at the end of the input.
    ///
    /// # Errors
    /// Those of reading; `InvalidData` if several lines came at once, as pasted ones do, `InvalidInput` if what came is no
    /// text, or has control characters in it.
    fn read_hidden(&mut self) -> io::Result<Option<SecretString>>;
}
