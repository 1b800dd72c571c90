//! Where files lie.

use crate::{Config, config::CONFIG_VARIABLE};
use secrecy::ExposeSecret;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use strongroom_core::{Error, ErrorKind, Result, settings::Vars};

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
                "there is no home directory: set HOME; a program of your own can say in `Places` where things are",
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

    /// The database where none is configured.
    #[must_use]
    pub fn database_url(&self) -> String {
        format!("sqlite:{}", self.database().display())
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

impl Config {
    /// Reads the configuration that the command line reads: the file that `STRONGROOM_CONFIG` names, or else
    /// [`Places::config_file`], if there is one.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn of_user(places: &Places, vars: impl Into<Arc<Vars>>) -> Result<Self> {
        let vars = vars.into();
        // Among them one that looks like a file with the name of the file in it, which there is not.
        Self::check_variables(&vars)?;
        if let Some(named) = vars.lookup(CONFIG_VARIABLE)? {
            return Self::load(named.expose_secret(), vars);
        }
        let usual = places.config_file();
        if is_there(&usual) { Self::load(usual, vars) } else { Self::parse("", vars) }
    }
}

/// Whether there is something of that name, whatever it is: a link that leads nowhere or a directory that cannot be looked
/// into is an error for whoever reads the file. Taken for none it would mean another database than the configured one.
fn is_there(file: &Path) -> bool {
    let nothing = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
    !file.symlink_metadata().is_err_and(|error| nothing.contains(&error.kind()))
}
