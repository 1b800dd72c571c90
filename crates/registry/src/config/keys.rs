//! `[keys]`, and the root key in the environment.

use secrecy::SecretString;
use serde::Deserialize;
use std::path::PathBuf;
use strongroom_core::{Error, ErrorKind, Result, Settings, settings::Vars};

const ROOT_KEY: &str = "STRONGROOM_ROOT_KEY";
const FILE: &str = "STRONGROOM_KEYS_FILE";

/// `[keys]`: where the root key is.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Keys {
    /// The file that holds the root key; `None` if nothing says so.
    pub file: Option<PathBuf>,
    /// The text of the root key, from `STRONGROOM_ROOT_KEY` (the weakest way: others may see a process's
    /// environment) or the file that `STRONGROOM_ROOT_KEY_FILE` names. It wins over `file`.
    pub root_key: Option<SecretString>,
}

#[derive(Deserialize)]
struct Section {
    file: Option<PathBuf>,
}

impl Keys {
    /// Refuses what is no key of the section.
    pub(super) fn check_names(settings: Settings) -> Result<()> {
        settings.parse::<Section>().map(drop)
    }

    /// Reads the section and the environment.
    pub(super) fn read(settings: Settings, vars: &Vars) -> Result<Self> {
        let Section { file } = settings.parse()?;
        let root_key = vars.lookup(ROOT_KEY)?;
        if root_key.is_some() && vars.is_set(FILE) {
            let text = format!("both {ROOT_KEY} (or {ROOT_KEY}_FILE) and {FILE} are set; unset one of them");
            return Err(Error::new(ErrorKind::ConfigInvalid, text));
        }
        Ok(Self { file, root_key })
    }
}
