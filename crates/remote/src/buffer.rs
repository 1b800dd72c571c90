//! Bytes that may hold values.

use bytes::Bytes;
use std::io;
use zeroize::Zeroizing;

/// Bytes that grow without leaving copies behind and are wiped when dropped.
#[derive(Default)]
pub(crate) struct Buffer(Zeroizing<Vec<u8>>);

impl Buffer {
    /// With room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(bytes)))
    }

    /// Adds bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            // Growing in place would free the old bytes as they are.
            let mut grown = Zeroizing::new(Vec::with_capacity(needed.max(2 * self.0.capacity()).max(256)));
            grown.extend_from_slice(&self.0);
            self.0 = grown;
        }
        self.0.extend_from_slice(bytes);
    }

    /// The bytes for the HTTP library, wiped when the last clone is gone.
    pub(crate) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Adds text as it stands in a query, a path or a form: everything but letters, digits and `-._~` is escaped.
pub(crate) fn escape(buffer: &mut Buffer, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            buffer.push(&[byte]);
        } else {
            buffer.push(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
}

/// What [`escape`] adds, for texts that may be seen.
pub(crate) fn escaped(text: &str) -> String {
    let mut buffer = Buffer::default();
    escape(&mut buffer, text);
    // Nothing but ASCII was added.
    String::from_utf8_lossy(buffer.as_ref()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_means_something_is_escaped() {
        assert_eq!(escaped("aZ09-._~"), "aZ09-._~");
        assert_eq!(escaped("a/b c+&=%?#\n\\é"), "a%2Fb%20c%2B%26%3D%25%3F%23%0A%5C%C3%A9");
    }

    #[test]
    fn a_buffer_grows() {
        let mut buffer = Buffer::with_capacity(1);
        (0..1000_u16).for_each(|n| buffer.push(&n.to_be_bytes()));
        let bytes = buffer.into_bytes();
        assert!((0..1000_u16).flat_map(u16::to_be_bytes).eq(bytes));
    }
}
