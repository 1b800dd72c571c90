//! Files that nobody else may read.

use crate::{
    console::finishing,
    failure::{Exit, Failure, Outcome},
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};
use strongroom_core::check_replaceable;
use uuid::Uuid;

/// Writes a file with mode 0600. One that is there is kept, unless `force` replaces it, in one step.
pub(crate) fn write_private(path: &Path, content: &[u8], force: bool) -> Outcome {
    finishing(|| {
        let written = if force { Draft::write(path, content)?.put() } else { create(path, content) };
        written.map_err(|error| explain(path, &error))
    })
}

/// Makes a directory for such files, with mode 0700, and those that it lies in. One that is there stays as it is.
pub(crate) fn make_directory(directory: &Path) -> Outcome {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|error| Failure {
        exit: Some(Exit::Other),
        ..Failure::io(&format!("cannot make {}", directory.display()), &error)
    })
}

/// A file that is written, beside the place where it is going to be. It is gone if nothing comes of it.
pub(crate) struct Draft {
    path: PathBuf,
    temporary: Option<PathBuf>,
}

impl Draft {
    /// Writes it, with mode 0600.
    pub(crate) fn write(path: &Path, content: &[u8]) -> Outcome<Self> {
        check_replaceable(path)?;
        let temporary = beside(path);
        create(&temporary, content).map_err(|error| explain(path, &error))?;
        Ok(Self { path: path.to_owned(), temporary: Some(temporary) })
    }

    /// Puts it into its place, over what is there. If that cannot be done it stays where it is, which the failure says.
    pub(crate) fn publish(mut self) -> Outcome {
        self.put().map_err(|error| {
            let failure = explain(&self.path, &error);
            Failure { text: format!("{}; it is in {}", failure.text, self.keep().display()), ..failure }
        })
    }

    /// A link is replaced, not followed.
    fn put(&mut self) -> io::Result<()> {
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &self.path)?;
        }
        self.temporary = None;
        sync_directory(&self.path);
        Ok(())
    }

    /// Leaves it where it is.
    pub(crate) fn keep(mut self) -> PathBuf {
        self.temporary.take().unwrap_or_default()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Refuses anything that is there, links that lead nowhere included.
fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = open_new(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a file would be in the way of the next attempt.
        let _ = fs::remove_file(path);
    }
    sync_directory(path);
    written
}

/// Makes a name durable, as far as the file system lets us.
fn sync_directory(path: &Path) {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _ = File::open(directory).and_then(|directory| directory.sync_all());
}

/// Whether it is the name for standard output.
pub(crate) fn is_standard_output(path: &Path) -> bool {
    path == Path::new("-")
}

fn open_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// A name in the same directory, so that renaming stays within one file system.
fn beside(path: &Path) -> PathBuf {
    path.with_file_name(format!(".strongroom-{}.tmp", Uuid::new_v4().simple()))
}

fn explain(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::io(&format!("cannot write {}", path.display()), error);
    if error.kind() == io::ErrorKind::AlreadyExists {
        let text = format!("{} is there already; pass --force to replace it", path.display());
        return Failure { text, ..failure };
    }
    failure
}
