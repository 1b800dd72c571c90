//! Bytes as letters and digits, which a double click selects whole.

use zeroize::Zeroizing;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many digits `bytes` bytes need at most.
pub(super) const fn digits(bytes: usize) -> usize {
    // log(256) / log(62) is a little less than 1.3436.
    (bytes * 13_436).div_ceil(10_000)
}

/// The bytes as one number, in so many digits that all of that length have the same.
pub(super) fn encode(bytes: &[u8]) -> Zeroizing<String> {
    let mut number = Zeroizing::new(bytes.to_vec());
    let mut text = Zeroizing::new(vec![0; digits(bytes.len())]);
    for digit in text.iter_mut().rev() {
        let mut rest = 0_u32;
        for byte in number.iter_mut() {
            let value = rest << 8 | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or_default();
            rest = value % 62;
        }
        *digit = DIGITS[rest as usize];
    }
    // As large as it gets at once: a copy that was outgrown would stay.
    let mut encoded = Zeroizing::new(String::with_capacity(text.len()));
    encoded.extend(text.iter().copied().map(char::from));
    encoded
}

/// The bytes of a text that [`encode`] made.
pub(super) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != digits(N) {
        return None;
    }
    let mut number = [0_u8; N];
    for c in text.bytes() {
        let mut carry = u32::try_from(DIGITS.iter().position(|digit| *digit == c)?).ok()?;
        for byte in number.iter_mut().rev() {
            let value = u32::from(*byte) * 62 + carry;
            *byte = (value & 0xff) as u8;
            carry = value >> 8;
        }
        if carry != 0 {
            return None;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for byte in [0, 1, 61, 62, 127, 255] {
            let bytes = [byte; 52];
            let text = encode(&bytes);
            assert_eq!(text.len(), digits(52));
            assert_eq!(decode::<52>(&text), Some(bytes));
        }
        assert_eq!(decode::<52>(&"z".repeat(digits(52))), None, "more than fits");
        assert_eq!(decode::<52>("0"), None);
        assert_eq!(decode::<2>("0-0"), None);
    }
}
