//! The process's own terminal or pipes.

use super::{Console, interrupt};
use crate::{input::read_limited, secret_text::secret};
use secrecy::SecretString;
use std::io::{self, IsTerminal, Write};
use zeroize::Zeroizing;

/// Standard input, output and error of this process.
pub(crate) struct ProcessConsole;

impl Console for ProcessConsole {
    fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    fn shows_results(&self) -> bool {
        io::stdout().is_terminal()
    }

    fn shows_messages(&self) -> bool {
        io::stderr().is_terminal()
    }

    #[cfg(unix)]
    fn write(&mut self, mut result: &[u8]) -> io::Result<()> {
        // Past the library's buffer, which is never wiped.
        while !result.is_empty() {
            match rustix::io::write(rustix::stdio::stdout(), result) {
                Ok(written) => result = &result[written..],
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn write(&mut self, result: &[u8]) -> io::Result<()> {
        io::stdout().write_all(result)?;
        io::stdout().flush()
    }

    fn message(&mut self, text: &str) {
        // There is nowhere left to complain to.
        let _ = io::stderr().write_all(text.as_bytes());
    }

    fn read_all(&mut self, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
        read_limited(&mut io::stdin().lock(), limit)
    }

    fn read_line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        if io::stdin().read_line(&mut line)? == 0 {
            return Ok(None);
        }
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(Some(line))
    }

    fn read_hidden(&mut self) -> io::Result<Option<SecretString>> {
        match interrupt::after(read_hidden) {
            Ok(line) => Ok(Some(secret(line))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// One line; what was pasted with others is refused, so that no part of it is taken for the whole or shown later.
fn read_hidden() -> io::Result<Zeroizing<String>> {
    let quiet = super::quiet::Quiet::new()?;
    let line = quiet.line();
    // Also behind a line that is refused.
    let more = quiet.drain()?;
    let line = line?;
    if more {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(line)
}
