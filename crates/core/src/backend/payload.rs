//! The bytes of a version, and the service's name of it.

use crate::{Error, ErrorKind, Result};
use std::fmt;
use zeroize::Zeroizing;

/// Bytes that a back-end keeps: wiped when dropped; `Debug` tells their number alone.
#[derive(Clone)]
pub struct Payload(Zeroizing<Vec<u8>>);

impl Payload {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, for services that keep text.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] if they are not UTF-8.
    pub fn expose_text(&self) -> Result<&str> {
        std::str::from_utf8(&self.0)
            .map_err(|_| Error::new(ErrorKind::Corrupt, "the payload is not UTF-8 text"))
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

/// The service's own name of one version, chosen by the back-end and opaque to everybody else.
/// At most [`MAX_BYTES`](Self::MAX_BYTES): the engine takes a longer one for a put that failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionRef(String);

impl VersionRef {
    /// The longest name that every catalog has room for, in bytes.
    pub const MAX_BYTES: usize = 255;

    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<VersionRef> for String {
    fn from(at: VersionRef) -> Self {
        at.0
    }
}
