//! The directory: files, and what is encrypted in them. Knows nothing of secrets.

use crate::error::Failure;
use age::{
    Decryptor, Encryptor,
    x25519::{Identity, Recipient},
};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind as Io, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What files that are being written begin with. The first one to write tells git to pass over them.
const ASIDE: &str = ".new-";

/// Who can open files, and who is to be able to.
pub(crate) struct Keys {
    pub(crate) identities: Vec<Identity>,
    pub(crate) recipients: Vec<Recipient>,
}

/// The directories of one namespace.
pub(crate) struct Client {
    root: PathBuf,
    keys: Keys,
}

impl Client {
    pub(crate) fn new(root: PathBuf, keys: Keys) -> Self {
        Self { root, keys }
    }

    /// The names of all directories, sorted.
    pub(crate) fn directories(&self) -> Result<Vec<String>, Failure> {
        Ok(names(&self.root)?.unwrap_or_default())
    }

    /// The names of the files in a directory, sorted; `None` if it is not there.
    pub(crate) fn files(&self, directory: &str) -> Result<Option<Vec<String>>, Failure> {
        Ok(names(&self.root.join(directory))?)
    }

    /// Makes a directory, unless it is there.
    pub(crate) fn make(&self, directory: &str) -> Result<(), Failure> {
        let path = self.root.join(directory);
        if path.is_dir() {
            return Ok(());
        }
        // The highest one that is there: each one below it is new, and its entry must be on the disk, too.
        let there = path.ancestors().skip(1).find(|parent| parent.is_dir());
        DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        if !self.root.join(".gitignore").exists() {
            replace(&self.root, ".gitignore", format!("{ASIDE}*\n").as_bytes())?;
        }
        for parent in path.ancestors().skip(1) {
            sync(parent)?;
            if Some(parent) == there {
                break;
            }
        }
        Ok(())
    }

    /// Writes a text, in place of what is there; the directory is there.
    pub(crate) fn write(&self, directory: &str, file: &str, text: &str) -> Result<(), Failure> {
        Ok(replace(&self.root.join(directory), file, text.as_bytes())?)
    }

    /// Reads a text; `None` if it is not there.
    pub(crate) fn read(&self, directory: &str, file: &str) -> Result<Option<String>, Failure> {
        Ok(if_there(fs::read_to_string(self.root.join(directory).join(file)))?)
    }

    /// Writes bytes that only our recipients can read; the directory is there.
    pub(crate) fn encrypt(&self, directory: &str, file: &str, bytes: &[u8]) -> Result<(), Failure> {
        let recipients = self.keys.recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(recipients).map_err(|_| Failure::Encrypt)?;
        let mut encrypted = Vec::with_capacity(bytes.len() + 1024);
        let mut writer = encryptor.wrap_output(&mut encrypted)?;
        writer.write_all(bytes)?;
        writer.finish()?;
        Ok(replace(&self.root.join(directory), file, &encrypted)?)
    }

    /// Reads such bytes; `None` if they are not there.
    pub(crate) fn decrypt(&self, directory: &str, file: &str) -> Result<Option<Vec<u8>>, Failure> {
        let Some(encrypted) = if_there(fs::read(self.root.join(directory).join(file)))? else {
            return Ok(None);
        };
        let decryptor = Decryptor::new_buffered(encrypted.as_slice())?;
        let identities = self.keys.identities.iter().map(|identity| identity as &dyn age::Identity);
        // Never larger than what is encrypted: it must not grow, for then a copy would stay behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(encrypted.len()));
        decryptor.decrypt(identities)?.read_to_end(&mut bytes).map_err(|_| Failure::Damaged)?;
        Ok(Some(std::mem::take(&mut *bytes)))
    }

    /// Removes a file, if it is there.
    pub(crate) fn remove(&self, directory: &str, file: &str) -> Result<(), Failure> {
        let directory = self.root.join(directory);
        if_there(fs::remove_file(directory.join(file)))?;
        if_there(sync(&directory))?;
        Ok(())
    }

    /// Removes a directory with all its files, if it is there.
    pub(crate) fn remove_all(&self, directory: &str) -> Result<(), Failure> {
        let directory = self.root.join(directory);
        loop {
            match fs::remove_dir_all(&directory) {
                // Somebody put a file into it meanwhile: that one goes, too.
                Err(error) if error.kind() == Io::DirectoryNotEmpty => {}
                removed => {
                    if_there(removed)?;
                    if_there(sync(&self.root))?;
                    return Ok(());
                }
            }
        }
    }

    /// Whether the directory can be read; one that is not there yet will be made.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        names(&self.root)?;
        Ok(())
    }
}

/// Written aside, then moved into its place, so that a file is there whole or not at all; and on the disk, so that it
/// stays when the power goes.
fn replace(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let aside = directory.join(format!("{ASIDE}{}", Uuid::new_v4()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(aside, directory.join(name))?;
    sync(directory)
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The names in a directory that are text, without hidden ones, sorted; `None` if it is not there.
fn names(directory: &Path) -> io::Result<Option<Vec<String>>> {
    let Some(entries) = if_there(fs::read_dir(directory))? else { return Ok(None) };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok().filter(|name| !name.starts_with('.')));
    }
    names.sort_unstable();
    Ok(Some(names))
}

/// What is not there is an answer, not a failure.
fn if_there<T>(answer: io::Result<T>) -> io::Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind() == Io::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
