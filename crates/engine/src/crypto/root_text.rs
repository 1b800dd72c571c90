//! A root key as a line of text: `strongroom-root-key:v1:<id>:<base64>:<crc>`.
//!
//! The id is 32 hexadecimal digits, the key standard base64 with padding, the crc CRC32C over everything before
//! its colon, as 8 hexadecimal digits; all in lower case. The crc tells a typo from a wrong key.

use super::{
    key::{DataKey, KEY_LEN},
    root::RootId,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::SecretString;
use std::fmt::Write as _;
use strongroom_core::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

const PREFIX: &str = "strongroom-root-key:";
const VERSION: &str = "v1";
const ID_CHARS: usize = 32;
const KEY_CHARS: usize = 44;
const CRC_CHARS: usize = 8;
const LINE_CHARS: usize = PREFIX.len() + VERSION.len() + ID_CHARS + KEY_CHARS + CRC_CHARS + 3;

/// Writes the line.
pub(super) fn write(id: RootId, key: &DataKey) -> SecretString {
    let mut encoded = Zeroizing::new([0; KEY_CHARS]);
    // Neither can fail: 32 bytes are 44 characters, and base64 is ASCII.
    let length = STANDARD.encode_slice(key.bytes(), encoded.as_mut_slice()).unwrap_or_default();
    let encoded = std::str::from_utf8(&encoded[..length]).unwrap_or_default();

    // Of the exact size from the start, so that nothing is moved and left behind. Writing to a string never
    // fails.
    let mut line = Zeroizing::new(String::with_capacity(LINE_CHARS));
    let _ = write!(line, "{PREFIX}{VERSION}:{id}:{encoded}");
    let crc = crc32c::crc32c(line.as_bytes());
    let _ = write!(line, ":{crc:08x}");
    SecretString::from(line.as_str())
}

/// Reads the line: the id that it names and the key. Whether they belong together is not looked at.
pub(super) fn parse(text: &str) -> Result<(RootId, DataKey)> {
    // Editors on Windows write a byte order mark.
    let line = text.strip_prefix('\u{feff}').unwrap_or(text).trim_ascii();
    let versioned = line.strip_prefix(PREFIX).ok_or_else(|| {
        invalid(
            "root key: this is not a root key, which is one line beginning with strongroom-root-key:v1: (a \
             password is no key): put your copy of the key back; only for a new database, or as a second key, make one \
             with `strongroom keys generate`",
        )
    })?;
    let (version, parts) = versioned.split_once(':').unwrap_or((versioned, ""));
    if version != VERSION {
        return Err(invalid("root key: its version is not known here, only v1 is; use a newer release"));
    }
    let parts: Vec<&str> = parts.split(':').collect();
    let [id, encoded, crc] = parts[..] else {
        return Err(invalid(
            "root key: it must have five parts with four colons between them; copy the whole line again",
        )
        .with("parts", parts.len() + 2));
    };
    for (part, text, expected) in [("id", id, ID_CHARS), ("key", encoded, KEY_CHARS), ("crc", crc, CRC_CHARS)]
    {
        if text.len() != expected {
            return Err(invalid(
                "root key: a part has the wrong length, something was cut off or added; copy the whole line again",
            )
            .with("part", part)
            .with("characters", text.len())
            .with("expected", expected));
        }
    }
    check_crc(line, crc)?;
    let id = RootId::parse(id).map_err(|_| {
        invalid("root key: its id is not hexadecimal in lower case; use the line as it was made")
    })?;
    Ok((id, decode(encoded)?))
}

fn check_crc(line: &str, crc: &str) -> Result<()> {
    // The line ends in a colon and the crc, so it is longer than both.
    let covered = &line.as_bytes()[..line.len() - crc.len() - 1];
    // Wiped, because it is linear in the key: 32 bits of it can be told from this.
    let expected = Zeroizing::new(format!("{:08x}", crc32c::crc32c(covered)));
    if *expected == crc {
        return Ok(());
    }
    Err(invalid(
        "root key: its checksum does not match, a character was mistyped or changed; copy the whole line again",
    ))
}

fn decode(encoded: &str) -> Result<DataKey> {
    // 44 characters decode to 33 bytes at most.
    let mut decoded = Zeroizing::new([0; KEY_LEN + 1]);
    // The library's error is dropped: it quotes a character of the key.
    let length = STANDARD.decode_slice(encoded, decoded.as_mut_slice()).map_err(|_| {
        invalid("root key: its key is not standard base64 with padding; use the line as it was made")
    })?;
    match decoded.split_first_chunk::<KEY_LEN>() {
        Some((key, _)) if length == KEY_LEN => Ok(DataKey::from_bytes(key)),
        _ => Err(invalid("root key: its key is not exactly 32 bytes; use the line as it was made")
            .with("bytes", length)
            .with("expected", KEY_LEN)),
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, message)
}
