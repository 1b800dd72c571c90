//! `@FILE`, `@-` and `@@`.

use super::read_map;
use crate::{
    console::Console,
    failure::{Failure, Outcome},
    secret_text::secret,
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};
use strongroom::shown_path;
use strongroom_core::SecretValues;
use zeroize::Zeroizing;

/// The most that is read from a file or from standard input, in bytes: more than any secret may hold, and room
/// for escapes.
const INPUT_LIMIT: usize = 2 << 20;

/// Reads what arguments refer to. Standard input can be referred to once.
pub(crate) struct Sources<'a> {
    console: &'a mut dyn Console,
    input_used: bool,
}

impl<'a> Sources<'a> {
    /// With this console's standard input for `@-`.
    pub(crate) fn new(console: &'a mut dyn Console) -> Self {
        Self { console, input_used: false }
    }

    /// A value as it was given for `key`: itself, or with an `@` in front what it refers to, byte for byte.
    pub(crate) fn value(&mut self, key: &str, given: &SecretString) -> Outcome<SecretString> {
        match given.expose_secret().strip_prefix('@') {
            None => Ok(given.clone()),
            Some(literal) if literal.starts_with('@') => Ok(literal.into()),
            Some(reference) => {
                let what = format!("--{key}");
                // Not named: it may be a password that begins with an @.
                let file = "the file that is named behind the @ (for a value that begins with an @ write @@)";
                self.read(&what, reference, file).map(secret)
            }
        }
    }

    /// A map as it was given to `-v`: JSON or YAML, or with an `@` in front what it refers to.
    pub(crate) fn map(&mut self, given: &str) -> Outcome<SecretValues> {
        match given.strip_prefix('@') {
            None => read_map("--values", given),
            Some(reference) => read_map("--values", &self.text("--values", reference)?),
        }
    }

    /// The text of a file; `-` is standard input.
    pub(crate) fn text(&mut self, what: &str, reference: &str) -> Outcome<Zeroizing<String>> {
        self.read(what, reference, &shown_path(Path::new(reference)))
    }

    /// The text of a file, which an error calls `name`.
    fn read(&mut self, what: &str, reference: &str, name: &str) -> Outcome<Zeroizing<String>> {
        if reference.is_empty() {
            return Err(Failure::usage(format!("{what}: behind the @ the name of a file is missing")));
        }
        let bytes = if reference == "-" {
            self.input(what)?
        } else {
            let label = if what == name {
                format!("cannot read {name}")
            } else {
                format!("{what}: cannot read {name}")
            };
            File::open(at_home(reference))
                .and_then(|mut file| read_limited(&mut file, INPUT_LIMIT))
                .map_err(|error| Failure::io(&label, &error))?
        };
        to_text(what, &bytes)
    }

    fn input(&mut self, what: &str) -> Outcome<Zeroizing<Vec<u8>>> {
        if std::mem::replace(&mut self.input_used, true) {
            return Err(Failure::usage(format!("{what}: standard input is used twice; put one into a file")));
        }
        let label = format!("{what}: cannot read standard input");
        self.console.read_all(INPUT_LIMIT).map_err(|error| Failure::io(&label, &error))
    }
}

/// Everything that is to be read, but no more than `limit` bytes and one; leaves no copies behind.
pub(crate) fn read_limited(from: &mut dyn Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; 8192.min(limit + 1)]);
    let mut filled = 0;
    loop {
        if filled == bytes.len() {
            if filled > limit {
                break;
            }
            let mut grown = Zeroizing::new(vec![0; (2 * filled).min(limit + 1)]);
            grown[..filled].copy_from_slice(&bytes);
            bytes = grown;
        }
        match from.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn to_text(what: &str, bytes: &[u8]) -> Outcome<Zeroizing<String>> {
    if bytes.len() > INPUT_LIMIT {
        return Err(Failure::usage(format!("{what}: more than {INPUT_LIMIT} bytes; a secret holds less")));
    }
    // The error of the conversion is dropped: it says where, but a library's words could say what.
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => {
            let text = format!("{what}: not UTF-8 text; encode binary values, for example with base64");
            Err(Failure::usage(text))
        }
    }
}

/// Shells leave `--key=@~/file` as it is.
fn at_home(reference: &str) -> PathBuf {
    match (reference.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => Path::new(reference).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_stops_one_byte_behind_the_limit() {
        for (length, limit) in [(0, 10), (10, 10), (11, 10), (50, 10), (100_000, 90_000), (9000, 100_000)] {
            let bytes = vec![7; length];
            let read = read_limited(&mut bytes.as_slice(), limit).unwrap();
            assert_eq!(read.len(), length.min(limit + 1), "{length} of {limit}");
        }
    }
}
