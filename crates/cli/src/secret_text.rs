//! Text that may hold values.

use secrecy::SecretString;
use std::fmt::{self, Write};
use zeroize::Zeroizing;

/// Text that grows without leaving copies behind and is wiped when dropped.
#[derive(Clone, Default)]
pub(crate) struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Adds a character.
    pub(crate) fn push(&mut self, c: char) {
        self.push_str(c.encode_utf8(&mut [0; 4]));
    }

    /// Adds text.
    pub(crate) fn push_str(&mut self, text: &str) {
        let needed = self.0.len() + text.len();
        if needed > self.0.capacity() {
            // Growing in place would free the old buffer as it is.
            let mut grown = Zeroizing::new(String::with_capacity(needed.max(2 * self.0.capacity()).max(64)));
            grown.push_str(&self.0);
            self.0 = grown;
        }
        self.0.push_str(text);
    }
}

impl Write for SecretText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretText({} bytes)", self.0.len())
    }
}

/// Takes a text over as a secret, wiping the original.
pub(crate) fn secret(text: Zeroizing<String>) -> SecretString {
    // From a slice, because converting a String may move its bytes and leave the old ones.
    SecretString::from(text.as_str())
}
