//! Where files lie.

use std::path::PathBuf;
use strongroom_core::{Error, ErrorKind, Result};

/// The directories of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// `config.toml`, `credentials.toml` and `keys/` lie here.
    pub config: PathBuf,
    /// `strongroom.db` lies here.
    pub data: PathBuf,
}

impl Places {
    /// The platform's directories of this user: on Linux `$XDG_CONFIG_HOME/strongroom` and `$XDG_DATA_HOME/strongroom`,
    /// by default below `~/.config` and `~/.local/share`.
    ///
    /// # Errors
    /// `ConfigInvalid` if there is no home directory.
    pub fn of_user() -> Result<Self> {
        use etcetera::BaseStrategy;
        let base = etcetera::choose_base_strategy().map_err(|_| {
            Error::new(
                ErrorKind::ConfigInvalid,
                "there is no home directory: set HOME, or say with --database and keys.file where things are",
            )
        })?;
        Ok(Self { config: base.config_dir().join("strongroom"), data: base.data_dir().join("strongroom") })
    }

    /// The configuration file.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The embedded database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.data.join("strongroom.db")
    }

    /// The root keys: one file each, named after its id. Never beside the data, so that a copy of the data directory is
    /// not lock and key together.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.config.join("keys")
    }

    /// The file of one root key.
    #[must_use]
    pub fn key_file(&self, id: strongroom_engine::crypto::RootId) -> PathBuf {
        self.keys().join(format!("{id}.key"))
    }
}
