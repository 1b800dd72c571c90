//! The store that the configuration, the environment and the command line describe.

use super::{Local, Location, NOT_OURS, Opener, Session, target};
use crate::zenml;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use std::{path::PathBuf, sync::Arc};
use strongroom::{
    Config, Open, OpenOptions, Places, Registry, System,
    config::Database,
    environment,
    sql::{Options, SqlCatalog},
};
use strongroom_core::{Error, ErrorKind, Result};
use strongroom_engine::Engine;
use strongroom_remote::RemoteStore;
use strongroom_server::identity::FIRST_PASSWORD_FILE;

pub(super) const CHANNEL: &str = "cli";

/// Opens what is configured for the user that runs the process.
pub(crate) struct Configured {
    registry: Registry,
}

impl Configured {
    /// With these back-ends.
    pub(crate) fn new(registry: Registry) -> Self {
        Self { registry }
    }

    /// The configuration, the names of ZenML's variables that have no effect, and where things lie unless it says otherwise.
    pub(crate) fn config(location: &Location) -> Result<(Config, Vec<String>, Places)> {
        let places = Places::of_user()?;
        let (config, ignored) = read(location, &places)?;
        Ok((config, ignored, places))
    }

    /// Opens for a process that stays: with an audit chain of its own.
    pub(crate) async fn open_to_serve(config: &Config, registry: &Registry, places: Places) -> Result<Open> {
        let chain = format!("server-{}", uuid::Uuid::new_v4());
        let options = OpenOptions::default().places(places).chain(chain);
        config.open(registry, options).await
    }

    async fn open_now(&self, location: &Location) -> Result<Session> {
        let places = Places::of_user()?;
        if let Some(server) = server(location, &places)? {
            return Ok(Session::on_server(RemoteStore::open(server)?));
        }
        // A server names what has no effect when it starts.
        let (config, _) = read(location, &places)?;
        let database = database_label(config.database()?.url.as_ref(), &places);
        let keys = config.keys()?;
        let root_key = match (keys.root_key, keys.file) {
            (Some(_), _) => RootKeyPlace::Environment,
            (None, Some(file)) => RootKeyPlace::File(file),
            (None, None) => RootKeyPlace::Directory(places.clone()),
        };
        let mut options = OpenOptions::default().places(places.clone()).existing(location.existing);
        if let Some(store) = &location.new_address {
            options = options.new_address(store);
        }
        let open = config.open(&self.registry, options).await?;
        let secrets = strongroom_core::Secrets::new(open.store.clone(), open.context(CHANNEL));
        let notices = open.notices.clone();
        let first_password = match &open.engine {
            Some(engine) => Some(first_password_file(&config, &places, engine)?),
            None => None,
        };
        let local = Local { open, database, root_key, first_password };
        Ok(Session { secrets, notices, local: Some(local), remote: None })
    }

    async fn migrate_now(&self, location: &Location, finish: bool) -> Result<(Session, bool)> {
        let places = Places::of_user()?;
        if let Some(server) = server(location, &places)? {
            return Err(Error::new(ErrorKind::Unsupported, target::needs_a_database(&server.url)));
        }
        let (config, _) = read(location, &places)?;
        let database = config.database()?;
        self.refuse_without_tables(&config, &database)?;
        let url = database_url(database.url, &places);
        let options = Options::new(url, Arc::new(System::new()))
            .next(self.registry.next_release())
            .create(!location.existing);
        let (catalog, removed) = if finish {
            SqlCatalog::finish(options).await?
        } else {
            (SqlCatalog::open_and_migrate(options).await?, false)
        };
        catalog.close().await?;
        Ok((self.open_now(location).await?, removed))
    }

    /// Refuses a configuration of which no database is a part, so that none that lies about is taken for it. Whatever else is
    /// wrong with a store is told when it is opened, and keeps no tables from being brought up to date.
    fn refuse_without_tables(&self, config: &Config, database: &Database) -> Result<()> {
        let stores = config.stores().unwrap_or_default();
        let kind = stores.get("default").map(|default| self.registry.find(&default.kind));
        if kind.is_some_and(|kind| kind.is_ok_and(|kind| kind.whole)) {
            return Err(Error::new(ErrorKind::Unsupported, NOT_OURS));
        }
        if database.is_memory() {
            let text = "there is no database: what is in memory has no tables to bring up to date";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        Ok(())
    }
}

impl Opener for Configured {
    fn open<'a>(&'a self, location: &'a Location) -> BoxFuture<'a, Result<Session>> {
        Box::pin(self.open_now(location))
    }

    fn migrate<'a>(&'a self, location: &'a Location, finish: bool) -> BoxFuture<'a, Result<(Session, bool)>> {
        Box::pin(self.migrate_now(location, finish))
    }
}

/// Where the root key is, for `status`.
pub(super) enum RootKeyPlace {
    /// In a variable.
    Environment,
    /// In the file that the configuration names.
    File(PathBuf),
    /// In the user's directory, in a file of its own.
    Directory(Places),
}

/// Where a server keeps the first admin's password if it made it up. The directory is that of all databases of a user, so each
/// that is configured has a name of its own.
pub(crate) fn first_password_file(config: &Config, places: &Places, engine: &Engine) -> Result<PathBuf> {
    let name = match config.database()?.url {
        Some(_) => format!("{FIRST_PASSWORD_FILE}-{}", engine.identity().namespace),
        None => FIRST_PASSWORD_FILE.to_owned(),
    };
    Ok(places.config.join(name))
}

/// The server to work on; `None` for the database. A misspelt variable may have been meant to name another one: that is said
/// before anything is done where a login or another variable says.
fn server(location: &Location, places: &Places) -> Result<Option<strongroom_remote::Config>> {
    let vars = environment()?;
    Config::check_variables(&vars)?;
    target::server(location, &vars, places)
}

/// The file, overlaid with the environment, overlaid with the command line; and the names of ZenML's variables that have no
/// effect.
fn read(location: &Location, places: &Places) -> Result<(Config, Vec<String>)> {
    let vars = environment()?;
    let mut config = match &location.config {
        Some(file) => Config::load(file, vars)?,
        None => Config::of_user(places, vars)?,
    };
    if let Some(url) = &location.database {
        config.set("database", "url", url.clone())?;
    }
    let ignored = zenml::take_over(&mut config)?;
    Ok((config, ignored))
}

fn database_url(configured: Option<SecretString>, places: &Places) -> SecretString {
    configured.unwrap_or_else(|| places.database_url().into())
}

/// Which database it is, without user, password and parameters.
fn database_label(url: Option<&SecretString>, places: &Places) -> String {
    let url = database_url(url.cloned(), places);
    match url.expose_secret().split_once("://") {
        Some((scheme, rest)) => {
            let rest = rest.split('?').next().unwrap_or_default();
            // Up to the last one: a password may hold another that should have been escaped.
            format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default())
        }
        None => url.expose_secret().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_without_its_password() {
        let places = Places { config: "/c".into(), data: "/d".into() };
        for (url, label) in [
            (
                Some("postgres://joe:hunter2@db.example:5432/x?password=hunter2"),
                "postgres://db.example:5432/x",
            ),
            (Some("mysql://joe:hun@ter2@db/x"), "mysql://db/x"),
            (Some("mysql://joe:hun/ter2@db/x"), "mysql://db/x"),
            (Some("sqlite:/a/b.db"), "sqlite:/a/b.db"),
            (Some("sqlite:///a/b.db"), "sqlite:///a/b.db"),
            (None, "sqlite:/d/strongroom.db"),
        ] {
            assert_eq!(database_label(url.map(SecretString::from).as_ref(), &places), label);
        }
    }
}
