//! What is written beside the place where it is going to be.

use crate::{create, directory_of, is_not_for_us, left, own, sync_directory};
use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};
use tempfile::{NamedTempFile, TempPath};

/// A file that has not got its name yet, in the same directory, so that it can have it in one step. It is gone if nothing
/// comes of it.
pub struct Draft(TempPath);

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Draft").field(&self.path()).finish()
    }
}

/// A draft that did not get its name, or not for good.
#[derive(Debug)]
pub struct Unpublished {
    /// Why. `AlreadyExists` if something else has the name.
    pub error: io::Error,
    /// It is where it was; `None` if it has its name, which a power cut may take from it.
    pub draft: Option<Draft>,
}

impl From<Unpublished> for io::Error {
    fn from(failed: Unpublished) -> Self {
        failed.error
    }
}

impl Draft {
    /// An empty one for a place. What earlier ones for it left whose writers were killed is removed, once nobody has
    /// written to it for an hour.
    ///
    /// # Errors
    /// What the system says.
    pub fn beside(to: &Path) -> io::Result<Self> {
        Ok(Self(open_beside(to)?.into_temp_path()))
    }

    /// One with this content, on the disk.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(to: &Path, content: &[u8]) -> io::Result<Self> {
        // Not opened again by its name, which somebody may have given to another file meanwhile.
        let mut made = open_beside(to)?;
        made.write_all(content)?;
        made.as_file().sync_all()?;
        Ok(Self(made.into_temp_path()))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Gives it its name, which is in the same directory. A file that has it is replaced with `force` alone; a link is
    /// replaced, not followed.
    ///
    /// # Errors
    /// `AlreadyExists` without `force` if there is anything, a link that leads nowhere included; what the system says
    /// otherwise.
    pub fn publish(self, to: &Path, force: bool) -> Result<(), Unpublished> {
        let named = if force { self.0.persist(to) } else { self.0.persist_noclobber(to) };
        match named {
            Ok(()) => {}
            Err(failed) if !force && is_not_for_us(&failed.error) => Self(failed.path).take(to)?,
            Err(failed) => return Err(Self(failed.path).failed(failed.error)),
        }
        sync_directory(to).map_err(|error| Unpublished { error, draft: None })
    }

    /// Where a file system has no links, and no renaming that keeps what is there, the name is taken first: whoever kills us
    /// just then leaves an empty file.
    fn take(self, to: &Path) -> Result<(), Unpublished> {
        if let Err(error) = create(to) {
            return Err(self.failed(error));
        }
        self.0.persist(to).map_err(|failed| {
            let _ = fs::remove_file(to);
            Self(failed.path).failed(failed.error)
        })
    }

    fn failed(self, error: io::Error) -> Unpublished {
        Unpublished { error, draft: Some(self) }
    }

    /// Leaves it where it is.
    ///
    /// # Errors
    /// What the system says; it is gone then.
    pub fn keep(self) -> io::Result<PathBuf> {
        Ok(self.0.keep()?)
    }
}

fn open_beside(to: &Path) -> io::Result<NamedTempFile> {
    left::remove(to);
    let prefix = left::prefix(to);
    let made = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(left::SUFFIX)
        .rand_bytes(left::RANDOM)
        .tempfile_in(directory_of(to))?;
    own(made.as_file())?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    /// What a file system without links is needed for otherwise.
    #[test]
    fn a_name_that_is_taken_first_is_ours_alone() {
        let directory = tempfile::tempdir().unwrap();
        let to = directory.path().join("key");
        Draft::write(&to, b"one").unwrap().take(&to).unwrap();
        let failed = Draft::write(&to, b"two").unwrap().take(&to).unwrap_err();
        assert_eq!(failed.error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&to).unwrap(), b"one");
        assert_eq!(fs::read(failed.draft.unwrap().path()).unwrap(), b"two");
    }
}
