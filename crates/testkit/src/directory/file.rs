//! One version as a file: a line of facts, then the payload.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
};
use strongroom_core::{Error, ErrorKind, NewVersion, Payload, Result, VersionUid};

/// A version as it was read.
pub(super) struct Stored {
    pub(super) uid: VersionUid,
    /// Higher than that of every version that was there when it was put.
    pub(super) sequence: u64,
    /// Whether it was put to be seen as the newest.
    pub(super) newest: bool,
    pub(super) payload: Payload,
}

/// Writes a new file that only its owner may read.
pub(super) fn write_new(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    parts.iter().try_for_each(|part| file.write_all(part))
}

/// The line of facts.
pub(super) fn head(version: &NewVersion<'_>, sequence: u64) -> String {
    format!("version {sequence} {}\n", if version.newest { "newest" } else { "older" })
}

/// Reads a version back.
pub(super) fn parse(uid: VersionUid, bytes: Vec<u8>) -> Result<Stored> {
    let bytes = Payload::new(bytes);
    let text = bytes.expose();
    let head = text.iter().position(|byte| *byte == b'\n').map(|end| text.split_at(end + 1));
    let parsed = head.and_then(|(head, rest)| {
        let mut words = std::str::from_utf8(head).ok()?.split_ascii_whitespace().skip(1);
        let (sequence, newest) = (words.next()?.parse().ok()?, words.next()? == "newest");
        Some(Stored { uid, sequence, newest, payload: Payload::new(rest.to_vec()) })
    });
    parsed.ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, "a file in the directory is no version").with("version", uid)
    })
}

/// The version that a file's name stands for; `None` for what is no version.
pub(super) fn uid(name: &str) -> Option<VersionUid> {
    let uid: uuid::Uuid = name.parse().ok()?;
    // There are several ways to write an id; a file's name is the one that we write.
    (uid.to_string() == name).then_some(VersionUid(uid))
}

/// An error of the file system as one of ours.
pub(super) fn failed(what: &'static str) -> impl Fn(io::Error) -> Error {
    move |error| {
        // No text where we write text, or a file where we make a directory: by somebody else, or damaged.
        if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::NotADirectory) {
            return Error::new(ErrorKind::Corrupt, what).with("reason", error.kind());
        }
        Error::new(ErrorKind::Unavailable, what)
            .with("reason", error.kind())
            .retryable(strongroom_core::Retry::Backoff)
    }
}
