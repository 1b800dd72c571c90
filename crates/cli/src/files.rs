//! Files that nobody else may read, and what is said if they cannot be written.

use crate::{
    console::finishing,
    failure::{Exit, Failure, Outcome},
};
use std::{io, path::Path};
use strongroom::shown_path;
use strongroom_files::{Draft, check_replaceable, create_directory};

/// Writes a file with mode 0600. One that is there is kept, unless `force` replaces it; either way in one step.
pub(crate) fn write_private(path: &Path, content: &[u8], force: bool) -> Outcome {
    finishing(|| {
        if !force && path.symlink_metadata().is_ok() {
            // Before anything is written. What comes meanwhile stays as well.
            return Err(explain(path, &io::ErrorKind::AlreadyExists.into()));
        }
        let draft = draft(path, content)?;
        draft.publish(path, force).map_err(|failed| explain(path, &failed.error))
    })
}

/// What is going to be a file with mode 0600.
pub(crate) fn draft(path: &Path, content: &[u8]) -> Outcome<Draft> {
    check_replaceable(path).map_err(|error| Failure::usage(format!("{} {error}", shown_path(path))))?;
    Draft::write(path, content).map_err(|error| explain(path, &error))
}

/// Puts a draft into its place, over what is there. If that cannot be done it stays where it is, which the failure says.
pub(crate) fn publish(draft: Draft, path: &Path) -> Outcome {
    draft.publish(path, true).map_err(|failed| {
        let failure = explain(path, &failed.error);
        let text = match failed.draft.map(Draft::keep) {
            Some(Ok(kept)) => format!("{}; it is in {}", failure.text, kept.display()),
            _ => failure.text,
        };
        Failure { text, ..failure }
    })
}

/// Makes a directory for such files, with mode 0700, and those that it lies in. One that is there stays as it is.
pub(crate) fn make_directory(directory: &Path) -> Outcome {
    create_directory(directory).map_err(|error| Failure {
        exit: Some(Exit::Other),
        ..Failure::io(&format!("cannot make {}", directory.display()), &error)
    })
}

/// Whether it is the name for standard output.
pub(crate) fn is_standard_output(path: &Path) -> bool {
    path == Path::new("-")
}

fn explain(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::io(&format!("cannot write {}", path.display()), error);
    if error.kind() == io::ErrorKind::AlreadyExists {
        let text = format!("{} is there already; pass --force to replace it", path.display());
        return Failure { text, ..failure };
    }
    failure
}
