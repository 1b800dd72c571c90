//! The canonical bytes of a secret's values.
//!
//! A count, then for each pair the length of the key, the key, the length of the value, the value; sorted by the
//! bytes of the keys, none twice. Every set of values has exactly one such form.

use secrecy::{ExposeSecret, SecretString};
use strongroom_core::{Error, ErrorKind, Result, SecretValues};
use zeroize::Zeroizing;

/// Sealed values are padded to a multiple of this, in bytes.
const BLOCK: usize = 64;
/// The length of a count or length, in bytes.
const LENGTH: usize = 4;

/// The canonical bytes, not padded.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for values that are withheld, which would otherwise pass for none, and for a key
/// or value of 4 GiB or more.
pub fn encode_values(values: &SecretValues) -> Result<Zeroizing<Vec<u8>>> {
    values.check_writable()?;
    let bytes = values.iter().fold(LENGTH, |sum, (key, value)| {
        sum.saturating_add(2 * LENGTH).saturating_add(key.len()).saturating_add(value.expose_secret().len())
    });
    // Room for the padding too: a vector that grows leaves its old bytes behind, not wiped.
    let mut out = Zeroizing::new(Vec::with_capacity(padded(bytes)));
    out.extend_from_slice(&length(values.len())?);
    for (key, value) in values.iter() {
        for text in [key, value.expose_secret()] {
            out.extend_from_slice(&length(text.len())?);
            out.extend_from_slice(text.as_bytes());
        }
    }
    Ok(out)
}

/// Reads canonical bytes, not padded.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for anything that [`encode_values`] would not have written: lengths that do not fit,
/// keys unsorted or twice, text that is not UTF-8, bytes left over.
pub fn decode_values(bytes: &[u8]) -> Result<SecretValues> {
    let (values, rest) = read(bytes)?;
    if rest.is_empty() { Ok(values) } else { Err(corrupt("bytes are left over behind the last one")) }
}

/// Appends zeros up to the next multiple of 64 bytes, so that the sealed length tells little of the true one.
///
/// What [`encode_values`] made has the room for it already, and is not moved.
pub fn pad(bytes: &mut Zeroizing<Vec<u8>>) {
    let target = padded(bytes.len());
    if bytes.capacity() < target {
        let mut larger = Zeroizing::new(Vec::with_capacity(target));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
    bytes.resize(target, 0);
}

/// Reads canonical bytes that were [`pad`]ded.
///
/// # Errors
/// [`ErrorKind::Corrupt`] as for [`decode_values`], and for padding that is not zeros up to the next multiple of
/// 64 bytes.
pub fn decode_padded(bytes: &[u8]) -> Result<SecretValues> {
    let (values, padding) = read(bytes)?;
    let used = bytes.len() - padding.len();
    if bytes.len() != padded(used) || padding.iter().any(|byte| *byte != 0) {
        return Err(corrupt("the padding is wrong"));
    }
    Ok(values)
}

/// Reads the pairs; what is behind them is the caller's to judge.
fn read(bytes: &[u8]) -> Result<(SecretValues, &[u8])> {
    let mut rest = bytes;
    let count = take_length(&mut rest)?;
    let mut values = SecretValues::new();
    let mut last: Option<&str> = None;
    for _ in 0..count {
        let key = take_text(&mut rest)?;
        if last.is_some_and(|last| last >= key) {
            return Err(corrupt("a key is there twice or out of order"));
        }
        // From a borrowed text, which is copied once and exactly: an owned one might be moved to shrink it.
        values.set(key, SecretString::from(take_text(&mut rest)?));
        last = Some(key);
    }
    Ok((values, rest))
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Result<&'a str> {
    let length = take_length(rest)?;
    let (text, behind) = rest.split_at_checked(length).ok_or_else(cut_off)?;
    *rest = behind;
    std::str::from_utf8(text).map_err(|_| corrupt("a key or value is not UTF-8"))
}

fn take_length(rest: &mut &[u8]) -> Result<usize> {
    let (length, behind) = rest.split_first_chunk::<LENGTH>().ok_or_else(cut_off)?;
    *rest = behind;
    usize::try_from(u32::from_be_bytes(*length)).map_err(|_| cut_off())
}

fn length(bytes: usize) -> Result<[u8; LENGTH]> {
    u32::try_from(bytes).map(u32::to_be_bytes).map_err(|_| {
        Error::new(
            ErrorKind::InvalidInput,
            "values: a key or value of 4 GiB or more cannot be stored; split it",
        )
        .with("bytes", bytes)
    })
}

/// The next multiple of the block. A length in memory is at most `isize::MAX`, so this does not overflow.
fn padded(bytes: usize) -> usize {
    bytes.checked_next_multiple_of(BLOCK).unwrap_or(usize::MAX)
}

fn cut_off() -> Error {
    corrupt("they are cut off")
}

fn corrupt(what: &'static str) -> Error {
    Error::new(ErrorKind::Corrupt, "the stored values cannot be read; restore them from a backup")
        .with("why", what)
}
