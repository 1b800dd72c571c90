//! The configuration: one TOML file, overlaid with the environment, overlaid with the command line's flags.
//!
//! | section | what it is about |
//! |---|---|
//! | `[server]` | the HTTP server, which reads it itself |
//! | `[database]` | [`Database`]: where the catalog is |
//! | `[keys]` | [`Keys`]: where the root key is |
//! | `[audit]` | [`Audit`]: how the audit trail is written |
//! | `[engine]` | [`EngineSettings`]: cache, history, limits, times |
//! | `[store]`, the same as `[stores.default]` | [`StoreSettings`]: where new values go |
//! | `[stores.NAME]` | further stores |
//!
//! A store may have [some keys](StoreEngineSettings) of `[engine]` for itself.
//!
//! The variable of a key is `STRONGROOM_SECTION_KEY` (`STRONGROOM_DATABASE_URL`, `STRONGROOM_STORE_TYPE`,
//! `STRONGROOM_STORES_PROD_REGION`), or that with `_FILE` for a file with the value. Whatever is not known, in
//! the file or the environment, is an error that names it; no error shows a value.

mod audit;
mod database;
mod engine;
mod file;
mod keys;
mod range;
mod sections;
mod store;

/// The name of the store that `[store]` describes.
pub(crate) const DEFAULT_STORE: &str = "default";

pub use audit::{Audit, AuditReads};
pub use database::Database;
pub use engine::EngineSettings;
pub use keys::Keys;
pub use store::{StoreEngineSettings, StoreSettings};

use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};
use strongroom_core::{
    Error, ErrorKind, Result, Settings,
    settings::{Table, Vars, is_injected},
    shown_path,
};

/// What the names of all our variables start with.
pub(crate) const PREFIX: &str = "STRONGROOM_";
/// The variable that names the configuration file.
pub const CONFIG_VARIABLE: &str = "STRONGROOM_CONFIG";

/// The configuration file and the environment, of which each part is read when it is asked for.
#[derive(Clone)]
pub struct Config {
    /// By name; the stores as `stores.NAME`, the default one also as `store` if the file says so.
    sections: BTreeMap<String, Table>,
    vars: Arc<Vars>,
}

impl Config {
    /// Reads the text of a configuration file.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] for what is not TOML (with line and column), an unknown section, or a variable
    /// that belongs to none. The sections themselves are read by their own methods, or all by
    /// [`check`](Self::check).
    pub fn parse(text: &str, vars: impl Into<Arc<Vars>>) -> Result<Self> {
        let config = Self { sections: sections::split(file::parse(text)?)?, vars: vars.into() };
        sections::refuse_unknown(&config.vars)?;
        config.default_store()?;
        Ok(config)
    }

    /// Refuses variables that look like ours and are none, so that a misspelt one does not mean the same as none: those of no
    /// section, and in `[database]` and `[keys]` those of no key. No value is looked at, and no file.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] for the first one.
    pub fn check_variables(vars: &Vars) -> Result<()> {
        sections::refuse_unknown(vars)?;
        let names = vars.names(PREFIX).map(|name| (name, ""));
        let names = Arc::new(Vars::new(names, |_| Ok(String::new())));
        let section =
            |name: &str| Settings::new(name, sections::prefix(name), Table::default(), names.clone());
        Database::check_names(section("database"))?;
        Keys::check_names(section("keys"))
    }

    /// Reads a configuration file. The one that the command line reads is found by `Config::of_user`.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); also if the file cannot be read.
    pub fn load(file: impl AsRef<Path>, vars: impl Into<Arc<Vars>>) -> Result<Self> {
        let file = file.as_ref();
        let at = |e: Error| e.with("file", shown_path(file));
        let text = std::fs::read_to_string(file).map(SecretString::from).map_err(|e| {
            let text =
                format!("cannot read the configuration file: {}; correct the path or its rights", e.kind());
            at(Error::new(ErrorKind::ConfigInvalid, text))
        })?;
        Self::parse(text.expose_secret(), vars).map_err(at)
    }

    /// Sets a key over the file and the environment: a flag of the command line. `section` is one like
    /// `database` or `stores.prod`. Whether there is such a key is found when the section is read; errors call it
    /// by the name of its variable.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] if there can be no such section.
    pub fn set(&mut self, section: &str, key: &str, text: impl Into<SecretString>) -> Result<()> {
        sections::check_name(section)?;
        let prefix = if sections::is_default_store(section) {
            self.default_store()?.1
        } else {
            sections::prefix(section)
        };
        let name = format!("{prefix}_{}", key.to_ascii_uppercase());
        Arc::make_mut(&mut self.vars).set(name, text);
        Ok(())
    }

    /// The variables, with what was [`set`](Self::set).
    #[must_use]
    pub fn vars(&self) -> &Vars {
        &self.vars
    }

    /// `[server]`, for the server to read.
    #[must_use]
    pub fn server(&self) -> Settings {
        self.section("server")
    }

    /// `[database]`.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] for a wrong or unknown key.
    pub fn database(&self) -> Result<Database> {
        self.section("database").parse()
    }

    /// `[keys]`, and the root key if the environment holds it.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] for a wrong or unknown key, or if the environment gives the root key twice.
    pub fn keys(&self) -> Result<Keys> {
        Keys::read(self.section("keys"), &self.vars)
    }

    /// `[audit]`.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] for a wrong or unknown key.
    pub fn audit(&self) -> Result<Audit> {
        self.section("audit").parse()
    }

    /// `[engine]`.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] for a wrong or unknown key, or one that is out of its range.
    pub fn engine(&self) -> Result<EngineSettings> {
        EngineSettings::read(self.section("engine"))
    }

    /// The stores by name; `default` is always among them. A store needs no section if its variables say its
    /// `type` or another key.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] for a `type`, a `seal`, a `target` or a key of [`StoreEngineSettings`] that is
    /// mistyped or out of its range, and for a target that is no store's name; the other keys are the plugin's.
    pub fn stores(&self) -> Result<BTreeMap<String, StoreSettings>> {
        let (section, prefix) = self.default_store()?;
        let default = StoreSettings::read_default(self.settings(section, prefix))?;
        let target = default.target.clone();
        let mut stores = BTreeMap::from([(DEFAULT_STORE.to_owned(), default)]);
        for name in sections::store_names(self.sections.keys(), &self.vars) {
            let section = format!("stores.{name}");
            if name == "database" {
                let text = "this name stands for the database itself: choose another one";
                return Err(Error::new(ErrorKind::ConfigInvalid, text).in_section(&section));
            }
            stores.insert(name, StoreSettings::read(self.section(&section))?);
        }
        if target.is_some_and(|target| !stores.contains_key(&target)) {
            let names: Vec<_> = stores.keys().map(String::as_str).collect();
            let text = format!("target: there is no such store; use one of {}", names.join(", "));
            return Err(Error::new(ErrorKind::ConfigInvalid, text).in_section(section));
        }
        Ok(stores)
    }

    /// The name, among the [`stores`](Self::stores), of the one that new values go to.
    #[must_use]
    pub fn target(stores: &BTreeMap<String, StoreSettings>) -> &str {
        stores.get(DEFAULT_STORE).and_then(|store| store.target.as_deref()).unwrap_or(DEFAULT_STORE)
    }

    /// Whether the file or the environment says anything about the default store.
    ///
    /// # Errors
    /// [`ErrorKind::ConfigInvalid`] if it does so under both of its names.
    pub fn has_store_settings(&self) -> Result<bool> {
        let (section, prefix) = self.default_store()?;
        let in_file = self.sections.get(section).is_some_and(|table| !table.is_empty());
        // What Kubernetes injects for a service called like a section says nothing about it.
        Ok(in_file || self.vars.names(&format!("{prefix}_")).any(|var| !is_injected(var)))
    }

    /// Reads every section but `[server]` and the stores' own keys, so that an error is found before anything is
    /// opened.
    ///
    /// # Errors
    /// The first one found.
    pub fn check(&self) -> Result<()> {
        self.database()?;
        self.keys()?;
        self.audit()?;
        self.engine()?;
        self.stores().map(drop)
    }

    fn section(&self, name: &str) -> Settings {
        self.settings(name, sections::prefix(name))
    }

    fn settings(&self, name: &str, prefix: String) -> Settings {
        Settings::new(name, prefix, self.sections.get(name).cloned().unwrap_or_default(), self.vars.clone())
    }

    /// The default store's section and the prefix of its variables: it has two names, of which one is used.
    fn default_store(&self) -> Result<(&'static str, String)> {
        sections::default_store(&self.sections, &self.vars)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.sections.iter().map(|(name, table)| (name, table.keys().collect::<Vec<_>>()));
        f.debug_map().entries(keys).finish()
    }
}
