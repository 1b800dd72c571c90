//! What a person reads on one screen and types on another: eight letters without vowels, in two groups.

use std::fmt;
use strongroom_core::{Error, ErrorKind, Result};

/// As RFC 8628 proposes: no word comes about, and no letter looks like a digit.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LEN: usize = 8;

/// The short code of a login with a browser.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct UserCode([u8; LEN]);

impl UserCode {
    /// A new one.
    pub(super) fn generate() -> Result<Self> {
        let mut code = [0; LEN];
        for letter in &mut code {
            *letter = loop {
                let mut byte = [0];
                aws_lc_rs::rand::fill(&mut byte)
                    .map_err(|_| Error::new(ErrorKind::Unexpected, "the system gave no random bytes"))?;
                // The rest of the range would make some letters more likely.
                if byte[0] < 240 {
                    break LETTERS[usize::from(byte[0]) % LETTERS.len()];
                }
            };
        }
        Ok(Self(code))
    }

    /// Reads what somebody typed, in either case, with or without hyphens and blanks.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut letters = text.bytes().filter(|byte| !matches!(byte, b'-' | b' '));
        let mut code = [0; LEN];
        for place in &mut code {
            *place = letters.next()?.to_ascii_uppercase();
            if !LETTERS.contains(place) {
                return None;
            }
        }
        letters.next().is_none().then_some(Self(code))
    }

    /// Its letters.
    pub(super) fn letters(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, letter) in self.0.iter().enumerate() {
            if at == LEN / 2 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*letter))?;
        }
        Ok(())
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_back_however_it_is_typed() {
        let code = UserCode::generate().unwrap();
        let text = code.to_string();
        assert_eq!(text.len(), LEN + 1);
        for typed in [text.clone(), text.to_lowercase(), text.replace('-', " "), text.replace('-', "")] {
            assert_eq!(UserCode::parse(&typed), Some(code), "{typed}");
        }
        for wrong in ["", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "BCDF-GHJé"] {
            assert_eq!(UserCode::parse(wrong), None, "{wrong}");
        }
    }
}
