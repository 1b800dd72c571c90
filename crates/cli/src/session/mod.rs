//! The open store behind a command: the one place that knows how it is opened and what is around it.

mod configured;
mod status;

pub(crate) use configured::Configured;
pub(crate) use status::unknown_version;

use crate::{
    failure::{Exit, Failure, Outcome},
    render::Data,
};
use futures::future::BoxFuture;
use secrecy::SecretString;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use strongroom_core::{Context, Result, Secrets};
use strongroom_engine::Engine;
use strongroom_server::identity::Identities;

/// How long a command that is done goes on removing what is no longer needed.
const TIDYING: Duration = Duration::from_secs(2);

/// Where the command line says that secrets are kept; what it does not say is in the configuration.
#[derive(Clone, Debug, Default)]
pub struct Location {
    /// The URL of the database, which may hold a password.
    pub database: Option<SecretString>,
    /// The configuration file.
    pub config: Option<PathBuf>,
}

/// Opens the store when a command needs it.
pub trait Opener {
    /// Opens it.
    ///
    /// The error is shown to the user, so it holds no value.
    fn open<'a>(&'a self, location: &'a Location) -> BoxFuture<'a, Result<Session>>;

    /// Brings its tables up to date and opens it.
    fn migrate<'a>(&'a self, location: &'a Location) -> BoxFuture<'a, Result<Session>> {
        self.open(location)
    }
}

/// An open store.
pub struct Session {
    secrets: Secrets,
    notices: Vec<String>,
    local: Option<Local>,
}

/// What there is besides secrets if the database is ours.
struct Local {
    open: strongroom::Open,
    /// Which database it is, without a password.
    database: String,
    root_key: configured::RootKeyPlace,
}

impl Session {
    /// Secrets of whatever store, without anything to administrate.
    #[must_use]
    pub fn over(secrets: Secrets) -> Self {
        Self { secrets, notices: Vec::new(), local: None }
    }

    /// The secrets.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// What the user has to be told about the opening.
    pub(crate) fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The engine, for what operators do.
    pub(crate) fn engine(&self) -> Outcome<&Engine> {
        self.local.as_ref().and_then(|local| local.open.engine.as_ref()).ok_or_else(not_ours)
    }

    /// Accounts, keys and grants.
    pub(crate) fn identities(&self) -> Outcome<Identities> {
        let open = self.local.as_ref().map(|local| &local.open).ok_or_else(not_ours)?;
        let (Some(engine), Some(catalog)) = (&open.engine, &open.database) else { return Err(not_ours()) };
        Ok(Identities::new(catalog.clone(), engine.clone(), Duration::from_secs(3600)))
    }

    /// The local account.
    pub(crate) fn context(&self) -> Outcome<Context> {
        Ok(self.local.as_ref().ok_or_else(not_ours)?.open.context(configured::CHANNEL))
    }

    /// Where everything is and how it is doing.
    pub(crate) async fn status(&self, deep: bool) -> Outcome<Data> {
        let local = self.local.as_ref().ok_or_else(not_ours)?;
        Ok(status::of(local, self.engine()?, deep).await?)
    }

    /// Writes a consistent copy of the database to a file.
    pub(crate) async fn backup(&self, file: &Path, force: bool) -> Outcome {
        let database = self.local.as_ref().and_then(|local| local.open.database.as_ref());
        Ok(database.ok_or_else(not_ours)?.backup(file, force).await?)
    }

    /// Removes from services what this and earlier changes left there and what is due. Nobody else may come by for long
    /// where no server runs; but nobody waits for a slow service either.
    pub(crate) async fn tidy(&self) {
        let engine = self.local.as_ref().and_then(|local| local.open.engine.as_ref());
        if let Some(engine) = engine.filter(|engine| engine.has_stores()) {
            // Whatever it could not do, the next one does.
            let _ = tokio::time::timeout(TIDYING, engine.sweep()).await;
        }
    }

    /// Overwrites what is left in the database's files of values that were deleted or sealed anew.
    pub(crate) async fn purge(&self) -> Result<()> {
        match self.local.as_ref().and_then(|local| local.open.database.as_ref()) {
            Some(database) => database.purge().await,
            None => Ok(()),
        }
    }

    /// Closes it.
    pub(crate) async fn close(self) -> Result<()> {
        match self.local {
            Some(local) => local.open.close().await,
            None => Ok(()),
        }
    }
}

fn not_ours() -> Failure {
    let text = "this store is not a database of ours: it has no keys and nothing to repair or to copy";
    Failure::new(Exit::Other, text)
}
