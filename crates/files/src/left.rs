//! What those left who were killed while they wrote.

use crate::directory_of;
use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::Path,
    time::Duration,
};

/// How a draft's name ends.
pub(crate) const SUFFIX: &str = ".tmp";
/// How many letters and digits are drawn for it.
pub(crate) const RANDOM: usize = 16;
/// How much of its place's name is in it: file systems take 255 bytes.
const MOST: usize = 200;
/// How long nobody has written to a file that is not made any more: one that is, is written to all the time.
const IDLE: Duration = Duration::from_secs(3600);

/// How a draft's name begins.
pub(crate) fn prefix(to: &Path) -> OsString {
    let name = to.file_name().unwrap_or_default();
    let mut end = name.len().min(MOST);
    // Not within a character: not everybody takes a name that is no text.
    while name.to_str().is_some_and(|name| !name.is_char_boundary(end)) {
        end -= 1;
    }
    OsString::from_vec([&name.as_bytes()[..end], b"."].concat())
}

/// Removes it, as far as the system lets us: what stays is in nobody's way.
pub(crate) fn remove(to: &Path) {
    let prefix = prefix(to);
    let is_left = |there: fs::Metadata| {
        let age = there.modified().ok().and_then(|modified| modified.elapsed().ok());
        there.is_file() && age.is_some_and(|age| age > IDLE)
    };
    for entry in fs::read_dir(directory_of(to)).into_iter().flatten().flatten() {
        if is_draft(&entry.file_name(), &prefix) && entry.metadata().is_ok_and(is_left) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether it is the name of a draft, or of what SQLite keeps beside one.
fn is_draft(name: &OsStr, prefix: &OsStr) -> bool {
    let name = name.as_bytes();
    let name = name.strip_suffix(b"-journal").unwrap_or(name);
    let random = name.strip_prefix(prefix.as_bytes()).and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    random.is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::prefix;
    use std::path::Path;

    #[test]
    fn a_name_is_cut_between_two_characters() {
        let long = format!("a{}", "\u{e9}".repeat(120));
        let cut = prefix(Path::new(&long));
        assert_eq!(cut.to_str(), Some(format!("a{}.", "\u{e9}".repeat(99)).as_str()));
    }
}
