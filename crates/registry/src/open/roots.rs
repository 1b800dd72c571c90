//! Where the root key comes from, and how one is made.

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use std::{
    fmt,
    fs::File,
    io::{self, ErrorKind as Io, Read},
    path::{Path, PathBuf},
};
use strongroom_core::{Error, ErrorKind, NamespaceId, Result, async_trait, shown_path};
use strongroom_engine::{
    RootKeys,
    crypto::{DataKey, Derived, KeyId, KeyKind, RootId, RootKey, unwrap, wrap},
};
use strongroom_files::Draft;

/// The most bytes of a root key's file: it is one line.
const LIMIT: usize = 64 * 1024;

/// A root key that is read whenever it is needed and dropped again.
pub struct RootSource {
    id: RootId,
    from: From,
}

enum From {
    File(PathBuf),
    /// The environment gave it: the weakest place, since other processes of the user can read it there.
    Text(SecretString),
}

impl fmt::Debug for RootSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RootSource").field("id", &self.id).finish_non_exhaustive()
    }
}

impl RootSource {
    /// From a file that holds its one line.
    ///
    /// # Errors
    /// `ConfigInvalid` if the file cannot be read or holds no root key.
    pub fn file(path: &Path) -> Result<Self> {
        let id = read(path)?.id();
        Ok(Self { id, from: From::File(path.to_owned()) })
    }

    /// From its one line.
    ///
    /// # Errors
    /// `ConfigInvalid` if it is no root key.
    pub fn text(text: SecretString) -> Result<Self> {
        let id = RootKey::parse(text.expose_secret())?.id();
        Ok(Self { id, from: From::Text(text) })
    }

    /// Makes a new root key in a directory, in a file named after its id that only the owner can read, and never over
    /// another one.
    ///
    /// # Errors
    /// `ConfigInvalid` if it cannot be written there.
    pub fn create(directory: &Path) -> Result<(Self, PathBuf)> {
        let key = RootKey::generate()?;
        let path = directory.join(format!("{}.key", key.id()));
        write_new(directory, &path, &key).map_err(|error| {
            let remedy = match error.kind() {
                Io::PermissionDenied | Io::ReadOnlyFilesystem => "correct the rights of its directory",
                Io::StorageFull | Io::QuotaExceeded => "make room on its disk",
                _ => "check its directory",
            };
            let text = format!(
                "the root key cannot be written: {}: {remedy}, or name a key that is there with keys.file",
                error.kind()
            );
            Error::new(ErrorKind::ConfigInvalid, text).with("file", path.display())
        })?;
        Ok((Self { id: key.id(), from: From::File(path.clone()) }, path))
    }

    /// What follows from it where no database keeps other keys.
    ///
    /// # Errors
    /// `ConfigInvalid` if the file cannot be read any more, or holds another root key.
    pub fn derive(&self, namespace: Option<NamespaceId>) -> Result<Derived> {
        Derived::of(&self.load()?, namespace)
    }

    fn load(&self) -> Result<RootKey> {
        let key = match &self.from {
            From::File(path) => read(path)?,
            From::Text(text) => RootKey::parse(text.expose_secret())?,
        };
        if key.id() == self.id {
            return Ok(key);
        }
        Err(Error::new(
            ErrorKind::ConfigInvalid,
            "the root key was replaced while the program ran: start it again",
        )
        .with("was", self.id)
        .with("is", key.id()))
    }
}

#[async_trait]
impl RootKeys for RootSource {
    fn id(&self) -> RootId {
        self.id
    }

    async fn wrap(&self, namespace: NamespaceId, kind: KeyKind, id: KeyId, key: &DataKey) -> Result<Vec<u8>> {
        wrap(&self.load()?, namespace, kind, id, key)
    }

    async fn unwrap(
        &self,
        namespace: NamespaceId,
        kind: KeyKind,
        id: KeyId,
        bytes: &[u8],
    ) -> Result<DataKey> {
        unwrap(&self.load()?, namespace, kind, id, bytes)
    }
}

fn read(path: &Path) -> Result<RootKey> {
    let at = |error: Error| error.with("file", shown_path(path));
    let text = content(path).map_err(|error| at(unreadable(error.kind())))?;
    RootKey::parse(text.expose_secret()).map_err(at)
}

/// Room is made for all of it before, so that nothing is moved and left behind, and wiped afterwards.
fn content(path: &Path) -> io::Result<SecretString> {
    let mut text = Zeroizing::new(String::with_capacity(LIMIT + 1));
    if File::open(path)?.take(LIMIT as u64 + 1).read_to_string(&mut text)? > LIMIT {
        return Err(Io::FileTooLarge.into());
    }
    Ok(text.as_str().into())
}

fn unreadable(kind: Io) -> Error {
    let why = match kind {
        Io::NotFound | Io::NotADirectory => {
            "it is not there: put your copy of the key back, or correct the path".to_owned()
        }
        Io::InvalidData => "it is no text in UTF-8: put your copy of the key back".to_owned(),
        Io::FileTooLarge => "it has more than 64 KiB, and so is no root key: correct the path".to_owned(),
        Io::PermissionDenied => format!("{kind}: correct its rights"),
        _ => format!("{kind}: check the file and its disk"),
    };
    let text = format!(
        "the root key's file cannot be read: {why}, or name another one with keys.file (STRONGROOM_KEYS_FILE)"
    );
    Error::new(ErrorKind::ConfigInvalid, text)
}

/// Whoever sees the file sees all of it.
fn write_new(directory: &Path, path: &Path, key: &RootKey) -> io::Result<()> {
    strongroom_files::create_directory(directory)?;
    let text = key.to_text();
    let line = Zeroizing::new([text.expose_secret(), "\n"].concat());
    Ok(Draft::write(path, line.as_bytes())?.publish(path, false)?)
}
